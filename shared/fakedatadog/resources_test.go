package fakedatadog_test

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"boomerang/shared/fakedatadog"
)

// exchange is one call and what its answer must have: the values at a path, or an error.
type exchange struct {
	call, body string // Method, path and query; the query is not escaped.
	status     int    // Of a refusal; 0 for 200.
	path, want string // As pick takes and returns them.
}

// run makes the calls one after the other.
func run(t *testing.T, s *fakedatadog.Server, exchanges ...exchange) {
	t.Helper()
	for _, e := range exchanges {
		method, target, _ := strings.Cut(e.call, " ")
		if path, query, has := strings.Cut(target, "?"); has {
			values, err := url.ParseQuery(query)
			if err != nil {
				t.Fatal(err)
			}
			target = path + "?" + values.Encode()
		}
		if e.status != 0 {
			e.path = "errors.*"
		}
		got := ask(t, s, method, target, e.body)
		if status := cmp.Or(e.status, http.StatusOK); got.status != status {
			t.Errorf("%s %s: status %d, want %d; body %s", e.call, e.body, got.status, status, got.body)
		} else if values := pick(t, got.body, e.path); values != e.want {
			t.Errorf("%s %s: %s is %q, want %q; body %s", e.call, e.body, e.path, values, e.want, got.body)
		}
	}
}

// pick returns the values at a path such as "data.*.id", joined with spaces.
func pick(t *testing.T, body, path string) string {
	t.Helper()
	found := []any{decode[any](t, body)}
	for name := range strings.SplitSeq(path, ".") {
		var next []any
		for _, v := range found {
			switch v := v.(type) {
			case []any:
				next = append(next, v...)
			case map[string]any:
				if child, exists := v[name]; exists {
					next = append(next, child)
				}
			}
		}
		found = next
	}
	text := fmt.Sprint(found)
	return text[1 : len(text)-1]
}

func TestMonitors(t *testing.T) {
	s := newServer()
	s.AddMonitor(fakedatadog.Monitor{
		ID: 20, Name: "Load", Query: "avg:load{*} by {host}", Tags: []string{"team:web", "env:prod"}, OverallState: "Alert",
		State: &fakedatadog.MonitorState{Groups: map[string]fakedatadog.GroupState{
			"host:a": {Status: "Alert", LastTriggeredTS: 5}, "host:b": {Status: "No Data"}, "host:c": {Status: "OK"},
		}},
	})
	s.AddMonitor(fakedatadog.Monitor{ID: 10, Name: "Disk", Query: "x", Tags: []string{"team:web"}})
	const list, load, made = "GET /api/v1/monitor", "GET /api/v1/monitor/20", "/api/v1/monitor/155000001"
	run(t, s,
		exchange{call: list, path: "*.id", want: "10 20"},
		exchange{call: list + "?monitor_tags=team:web,env:prod", path: "*.id", want: "20"},
		exchange{call: list, path: "*.matching_downtimes", want: "[] []"},
		exchange{call: load, path: "overall_state", want: "Alert"},
		exchange{call: load, path: "multi", want: "true"},
		exchange{call: load, path: "matching_downtimes"},
		exchange{call: load, path: "assets"},
		exchange{call: load, path: "state"},
		exchange{call: load + "?with_downtimes=true", path: "matching_downtimes", want: "[]"},
		exchange{call: load + "?with_assets=true", path: "assets", want: "[]"},
		exchange{call: load + "?group_states=alert,no data", path: "state.groups.host:a.last_triggered_ts", want: "5"},
		exchange{call: load + "?group_states=alert,no data", path: "state.groups.host:b.status", want: "No Data"},
		exchange{call: load + "?group_states=alert,no data", path: "state.groups.host:c"},
		exchange{call: load + "?group_states=all", path: "state.groups.host:c.status", want: "OK"},
		exchange{call: load + "?group_states=alert,broken", status: 400, want: "Invalid group_state filters."},
		exchange{call: load + "?with_downtimes=maybe", status: 400, want: "The value provided for parameter 'with_downtimes' is invalid"},

		exchange{call: "POST /api/v1/monitor", body: `{"query":"x"}`, status: 400, want: "The value provided for parameter 'type' is invalid"},
		exchange{call: "POST /api/v1/monitor", body: `{"type":"log alert"}`, status: 400, want: "The value provided for parameter 'query' is invalid"},
		exchange{call: "POST /api/v1/monitor", body: `{"type":"log alert","query":"x","priority":6}`, status: 400, want: "The value provided for parameter 'priority' is invalid"},
		exchange{call: "POST /api/v1/monitor", body: `{"tags":1}`, status: 400, want: "The value provided for parameter 'tags' is invalid"},
		exchange{call: "POST /api/v1/monitor", body: monitorBody, path: "id", want: "155000001"},
		exchange{call: "PUT " + made, body: `{"name":"new"}`, path: "name", want: "new"},
		exchange{call: "GET " + made, path: "options.thresholds", want: "map[critical:4]"},
		exchange{call: "GET " + made, path: "options.new_host_delay", want: "300"},
		exchange{call: "PUT " + made, body: `{"options":{"include_tags":false}}`, path: "options.thresholds"},
		exchange{call: "PUT " + made, body: `{"query":""}`, status: 400, want: "The value provided for parameter 'query' is invalid"},

		exchange{call: "POST /api/v1/monitor", body: `{"type":"composite","query":"10 && 7"}`, status: 400, want: "Some monitor IDs are invalid"},
		exchange{call: "POST /api/v1/monitor", body: `{"type":"composite","query":"10 && !20"}`, path: "id", want: "155000002"},
		exchange{call: "DELETE /api/v1/monitor/10", status: 400, want: "monitor [10,Disk] is referenced in composite monitors: [155000002,]"},
		exchange{call: "DELETE /api/v1/monitor/155000002", path: "deleted_monitor_id", want: "155000002"},
		exchange{call: "DELETE " + made, path: "deleted_monitor_id", want: "155000001"},
	)
	if all := s.Monitors(); len(all) != 2 || all[0].ID != 10 || all[1].State != nil {
		t.Errorf("monitors %+v", all)
	}
}

const monitorBody = `{"type":"query alert","name":"CPU","query":"avg:cpu{*} > 4","message":"m","tags":["a:b"],"priority":1,` +
	`"options":{"thresholds":{"critical":4,"warning":null}}}`

const (
	rulesAt   = "/api/v2/monitor/notification_rule"
	firstRule = "37c000cf-37ec-9421-a221-a59ded6542f0"
)

func ruleBody(attributes string) string {
	return `{"data":{"type":"monitor-notification-rule","attributes":{"name":"shop",` + cmp.Or(attributes, `"filter":{}`) + `}}}`
}

func TestNotificationRules(t *testing.T) {
	s := newServer()
	const tags = `"filter":{"tags":["a:b"]}`
	refused := func(attributes, want string) exchange {
		return exchange{call: "POST " + rulesAt, body: ruleBody(attributes), status: 400, want: "The value provided for parameter '" + want + "' is invalid"}
	}
	run(t, s,
		refused(`"name":"","filter":{"tags":["a:b"]},"recipients":["x"]`, "name"),
		refused(`"filter":{"tags":["a:b"],"scope":"a:b"},"recipients":["x"]`, "filter"),
		refused(`"filter":{},"recipients":["x"]`, "filter"),
		refused(tags, "recipients"),
		refused(tags+`,"recipients":["x"],"conditional_recipients":{}`, "recipients"),
		exchange{call: "POST " + rulesAt, body: ruleBody(tags + `,"recipients":["x"]`), path: "data.id", want: firstRule},
		exchange{call: "PATCH " + rulesAt + "/" + firstRule, body: ruleBody(tags + `,"recipients":["y"]`), path: "data.attributes.recipients", want: "[y]"},
	)
	for range 3 {
		s.AddNotificationRule(`{"name":"added"}`)
	}
	run(t, s,
		exchange{call: "GET " + rulesAt, path: "data.*.attributes.name", want: "shop added added added"},
		exchange{call: "GET " + rulesAt + "?page=1&per_page=3", path: "data.*.attributes.name", want: "added"},
	)
	if all := s.NotificationRules(); len(all) != 4 || fmt.Sprint(all[0]["recipients"]) != "[y]" {
		t.Errorf("rules %v", all)
	}
}

func TestDowntimes(t *testing.T) {
	s := newServer()
	s.AddMonitor(fakedatadog.Monitor{ID: 7, Tags: []string{"service:checkout", "env:prod"}})
	s.AddMonitor(fakedatadog.Monitor{ID: 8})
	for _, d := range []fakedatadog.ScheduledDowntime{
		{ID: "all"},
		{ID: "one", MonitorID: 7, CreatedBy: ada, Message: "upgrade"},
		{ID: "ending", End: noon.Add(time.Hour), CreatedBy: ada},
		{ID: "over", MonitorID: 7, Start: noon.Add(-2 * time.Hour), End: noon.Add(-time.Hour)},
		{ID: "to_come", MonitorID: 7, Start: noon.Add(time.Hour)},
	} {
		s.AddDowntime(d)
	}
	const matches, list = "GET /api/v2/monitor/7/downtime_matches", "GET /api/v2/downtime"
	run(t, s,
		exchange{call: matches, path: "data.*.id", want: "all one ending"},
		exchange{call: matches, path: "data.*.attributes.start", want: strings.TrimSpace(strings.Repeat("2026-03-14T12:00:00.000000+00:00 ", 3))},
		exchange{call: matches + "?page[limit]=1", path: "data.*.id", want: "all"},
		exchange{call: "GET /api/v2/monitor/8/downtime_matches", path: "data.*.id", want: "all ending"},
		exchange{call: "GET /api/v2/monitor/9/downtime_matches", status: 404, want: "Monitor with id 9 not found"},
		exchange{call: list, path: "data.*.id", want: "all one ending over to_come"},
		exchange{call: list, path: "data.*.attributes.status", want: "active active active ended scheduled"},
		exchange{call: list, path: "included"},
		exchange{call: list + "?current_only=true", path: "data.*.id", want: "all one ending"},
		exchange{call: list + "?include=created_by", path: "included.*.attributes.email", want: "someone@example.com ada@example.com"},
	)
}

func TestRelations(t *testing.T) {
	s := newServer()
	s.AddEntity(fakedatadog.Entity{Metadata: fakedatadog.EntityMetadata{Name: "checkout", Owner: "shop"}, Spec: fakedatadog.EntitySpec{DependsOn: []string{"service:payments", "datastore:shop/orders"}}})
	s.AddEntity(fakedatadog.Entity{Metadata: fakedatadog.EntityMetadata{Name: "payments"}})
	s.AddEntity(fakedatadog.Entity{Metadata: fakedatadog.EntityMetadata{Name: "cart"}, Spec: fakedatadog.EntitySpec{DependsOn: []string{"service:payments"}}})
	const list, from, to = "GET /api/v2/catalog/relation", "data.*.attributes.from.name", "data.*.attributes.to.name"
	run(t, s,
		exchange{call: list, path: from, want: "orders cart checkout checkout checkout payments payments shop"},
		exchange{call: list + "?filter[from_ref]=service:checkout&filter[type]=RelationTypeDependsOn", path: to, want: "orders payments"},
		exchange{call: list + "?filter[from_ref]=service:checkout&filter[type]=RelationTypeDependsOn", path: "data.*.attributes.to.namespace", want: "shop default"},
		exchange{call: list + "?filter[from_ref]=service:payments", path: "data.*.attributes.type", want: "RelationTypeDependencyOf RelationTypeDependencyOf"},
		exchange{call: list + "?filter[from_ref]=team:shop", path: to, want: "checkout"},
		exchange{call: list + "?filter[from_ref]=service:none", path: "data.*"},
		exchange{call: list + "?page[limit]=2", path: from, want: "orders cart"},
	)
}

func TestCatalog(t *testing.T) {
	s := newServer()
	for _, m := range []fakedatadog.EntityMetadata{{Name: "checkout", Owner: "old"}, {Name: "checkout", Namespace: "shop"}, {Name: "checkout", Owner: "shop"}} {
		s.AddEntity(fakedatadog.Entity{Metadata: m, Spec: fakedatadog.EntitySpec{Tier: "1"}})
	}
	s.AddServiceDefinition(fakedatadog.ServiceDefinition{Service: "check out", Team: "shop"})
	const list, definition = "GET /api/v2/catalog/entity", "GET /api/v2/services/definitions/check%20out"
	run(t, s,
		exchange{call: list, path: "data.*.attributes.namespace", want: "default shop"},
		exchange{call: list + "?filter[ref]=Service:Checkout", path: "data.*.attributes.owner", want: "shop"},
		exchange{call: list + "?filter[ref]=service:shop/checkout", path: "data.*.attributes.namespace", want: "shop"},
		exchange{call: list + "?filter[ref]=service:cart", path: "data.*"},
		exchange{call: list, path: "included"},
		exchange{call: list + "?include=schema&filter[ref]=service:checkout", path: "included.*.attributes.schema.spec.tier", want: "1"},
		exchange{call: definition + "?schema_version=v2.1", path: "data.attributes.schema.schema-version", want: "v2.1"},
		exchange{call: definition, path: "data.attributes.schema.team", want: "shop"},
		exchange{call: "GET /api/v2/services/definitions/cart", status: 404, want: "Not Found"},
	)
}

var (
	ada = fakedatadog.Person{Name: "Ada", Email: "ada@example.com"}
	bob = fakedatadog.Person{Name: "Bob", Email: "bob@example.com"}
)

func TestTeams(t *testing.T) {
	s := newServer()
	s.AddTeam(fakedatadog.Team{Handle: "shop", Name: "Old"})
	id := s.AddTeam(fakedatadog.Team{Handle: "shop", Name: "The store", OnCall: []fakedatadog.Person{ada}, Escalations: [][]fakedatadog.Person{{ada, bob}, {bob}}})
	s.AddTeam(fakedatadog.Team{Handle: "pay"})
	const list = "GET /api/v2/team"
	onCall := "GET /api/v2/on-call/teams/" + id + "/on-call"
	run(t, s,
		exchange{call: list, path: "data.*.attributes.handle", want: "shop pay"},
		exchange{call: list + "?filter[keyword]=STORE", path: "data.*.attributes.handle", want: "shop"},
		exchange{call: list + "?filter[keyword]=bob@", path: "data.*.id", want: id},
		exchange{call: list + "?page[size]=1&page[number]=1", path: "data.*.attributes.handle", want: "pay"},
		exchange{call: list + "?page[size]=101", status: 400, want: "page[size] must be at most 100"},
		exchange{call: onCall, path: "included.*"},
		exchange{call: onCall, path: "data.relationships.escalations.data.*.type", want: "escalation_policy_steps escalation_policy_steps"},
		exchange{call: onCall + "?include=responders", path: "included.*.attributes.name", want: "Ada"},
		exchange{call: onCall + "?include=responders,escalations.responders", path: "included.*.type", want: "escalation_policy_steps escalation_policy_steps users users"},
		exchange{call: "GET /api/v2/on-call/teams/none/on-call", status: 404, want: "Not Found"},
	)
}

func TestIncidents(t *testing.T) {
	s := newServer()
	for _, i := range []fakedatadog.Incident{
		{Title: "a", Services: []string{"checkout", "cart"}, Severity: "SEV-1", Created: noon.Add(-time.Hour)},
		{Title: "b", Services: []string{"checkout"}, State: "stable", Created: noon, Teams: []string{"the shop"}},
		{Title: "c", State: "resolved", Created: noon.Add(time.Hour)},
	} {
		s.AddIncident(i)
	}
	const search, titles = "GET /api/v2/incidents/search?query=", "data.attributes.incidents.*.data.attributes.title"
	run(t, s,
		exchange{call: search + "state:(active OR stable) AND services:checkout", path: titles, want: "b a"},
		exchange{call: search + `teams:"the shop"`, path: titles, want: "b"},
		exchange{call: search + "severity:(SEV-1 OR SEV-2)", path: titles, want: "a"},
		exchange{call: search + "-state:active&page[size]=1", path: titles, want: "c"},
		exchange{call: search + "unheard_of:x", path: titles},
		exchange{call: search + `"open`, status: 400, want: "The value provided for parameter 'query' is invalid"},
		exchange{call: search + "state:", status: 400, want: "The value provided for parameter 'query' is invalid"},
	)
}
