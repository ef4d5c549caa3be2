package fakedatadog_test

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"mime"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"boomerang/shared/fakedatadog"
	"boomerang/shared/fakedatadog/recordings"
)

// calls leads to each row of the table. They run in this order.
var calls = []struct {
	row  string
	call string // Method, path and query.
	body string
	keys http.Header // rightKeys unless set.
}{
	{row: "validate 200", call: "GET /api/v1/validate"},
	{row: "validate 403", call: "GET /api/v1/validate", keys: http.Header{}},

	{row: "events.create 202", call: "POST /api/v1/events", body: `{"title":"a","text":"b","priority":"low","tags":["a:b"]}`},
	{row: "events.create 202", call: "POST /api/v1/events", body: `{"title":"a","text":"b","tags":[]}`},
	{row: "events.create 400", call: "POST /api/v1/events", body: `{"title":"a","text":"b","date_happened":1}`},
	{row: "events.create_v2 202", call: "POST /api/v2/events", body: v2Event("alert", `"host":"a"`)},
	{row: "events.create_v2 400", call: "POST /api/v2/events", body: v2Event("a", `"host":"a"`)},
	{row: "events.get 200", call: "GET /api/v1/events/7"},
	{row: "events.get 403", call: "GET /api/v1/events/7", keys: wrongKeys},
	{row: "events.get 404", call: "GET /api/v1/events/8"},
	{row: "events.list 200", call: "GET /api/v1/events?start=0&end=1773489600"},
	{row: "events.list 400", call: "GET /api/v1/events?start=345&end=123"},
	{row: "events.list 403", call: "GET /api/v1/events?start=345&end=123", keys: wrongKeys},
	{row: "events.search 200", call: "POST /api/v2/events/search", body: `{"filter":{"query":"aggregation_key:k","from":"2026-03-14T10:00:00Z"}}`},
	{row: "events.search 200", call: "POST /api/v2/events/search", body: `{"filter":{"query":"service:none"}}`},
	{row: "events.search 400", call: "POST /api/v2/events/search", body: `{"page":{"cursor":"eyJzdGFydEF0IjoiQSJ9"}}`},

	{row: "monitor.create 200", call: "POST /api/v1/monitor", body: monitorBody},
	{row: "monitor.get 200", call: "GET /api/v1/monitor/7"},
	{row: "monitor.get 200", call: "GET /api/v1/monitor/7?with_downtimes=true"},
	{row: "monitor.get 404", call: "GET /api/v1/monitor/12345"},
	{row: "monitor.list 200", call: "GET /api/v1/monitor"},
	{row: "monitor.list 400", call: "GET /api/v1/monitor?group_states=none"},
	{row: "monitor.update 200", call: "PUT /api/v1/monitor/7", body: `{"name":"new","priority":2}`},
	{row: "monitor.delete 200", call: "DELETE /api/v1/monitor/8"},
	{row: "monitor.delete 404", call: "DELETE /api/v1/monitor/8"},

	{row: "notification_rule.create 200", call: "POST " + rulesAt, body: ruleBody(`"filter":{"tags":["a:b"]},"recipients":["webhook-shop"]`)},
	{row: "notification_rule.create 200", call: "POST " + rulesAt, body: ruleBody(`"filter":{"scope":"a:b"},"conditional_recipients":{"conditions":[{"scope":"a:b","recipients":["x"]}]}`)},
	{row: "notification_rule.create 400", call: "POST " + rulesAt, body: ruleBody(`"filter":{"tags":["a:b"]},"recipients":["@webhook-shop"]`)},
	{row: "notification_rule.list 200", call: "GET " + rulesAt},
	{row: "notification_rule.update 200", call: "PATCH " + rulesAt + "/" + firstRule, body: ruleBody(`"filter":{"scope":"a:b"},"recipients":["webhook-shop"],"bundle_config":{"duration":60}`)},
	{row: "notification_rule.update 400", call: "PATCH " + rulesAt + "/" + firstRule, body: ruleBody(`"filter":{"scope":"a:b"},"recipients":["@webhook-shop"]`)},
	{row: "notification_rule.update 404", call: "PATCH " + rulesAt + "/none", body: ruleBody("")},
	{row: "notification_rule.delete 204", call: "DELETE " + rulesAt + "/" + firstRule},
	{row: "notification_rule.delete 404", call: "DELETE " + rulesAt + "/" + firstRule},

	{row: "downtime.list 200", call: "GET /api/v2/downtime"},
	{row: "downtime.matches 200", call: "GET /api/v2/monitor/7/downtime_matches"},
	{row: "downtime.matches 404", call: "GET /api/v2/monitor/0/downtime_matches"},
	{row: "catalog.list 200", call: "GET /api/v2/catalog/entity"},
	{row: "catalog.relations 200", call: "GET /api/v2/catalog/relation"},
	{row: "catalog.relations 200", call: "GET /api/v2/catalog/relation?page%5Blimit%5D=1"},
	{row: "service_definition.get 200", call: "GET /api/v2/services/definitions/checkout?schema_version=v1"},
	{row: "service_definition.get 404", call: "GET /api/v2/services/definitions/none"},
	{row: "team.list 200", call: "GET /api/v2/team?page%5Bsize%5D=10"},
	{row: "team.list 200", call: "GET /api/v2/team"},
	{row: "team.list 200", call: "GET /api/v2/team?fields%5Bteam%5D=handle,name"},
	{row: "team.on_call 200", call: "GET /api/v2/on-call/teams/t/on-call?include=responders"},
	{row: "incident.search 200", call: "GET /api/v2/incidents/search?query=state:(active+OR+resolved)"},

	{row: "metrics.query 200", call: "GET /api/v1/query?from=0&to=1773489600&query=avg:system.cpu.idle%7B*%7Dby%7Bhost%7D"},
	{row: "metrics.query 403", call: "GET /api/v1/query?from=0&to=0&query=x", keys: wrongKeys},
	{row: "logs.search 200", call: "POST /api/v2/logs/events/search", body: `{}`},
	{row: "logs.search 200", call: "POST /api/v2/logs/events/search", body: `{"filter":{"query":"none"}}`},
	{row: "graph.snapshot 200", call: "GET /api/v1/graph/snapshot?start=1&end=2&metric_query=x"},
	{row: "hosts.list 200", call: "GET /api/v1/hosts?include_hosts_metadata=true"},
	{row: "hosts.list 400", call: "GET /api/v1/hosts?count=-1"},
	{row: "hosts.list 403", call: "GET /api/v1/hosts?count=-1", keys: wrongKeys},
	{row: "slo.search 200", call: "GET /api/v1/slo/search?query=none"},
	{row: "slo.search 200", call: "GET /api/v1/slo/search?query=checkout"},
	{row: "slo.history 200", call: "GET /api/v1/slo/metric/history?from_ts=1773400000&to_ts=1773489600"},
	{row: "slo.history 200", call: "GET /api/v1/slo/monitor/history?from_ts=1773400000&to_ts=1773489600"},
	{row: "slo.history 400", call: "GET /api/v1/slo/metric/history?from_ts=123&to_ts=12"},
	{row: "slo.history 403", call: "GET /api/v1/slo/id/history?from_ts=123&to_ts=12", keys: wrongKeys},
	{row: "slo.history 404", call: "GET /api/v1/slo/id/history?from_ts=123&to_ts=12"},

	{row: "dashboard.create 200", call: "POST /api/v1/dashboard", body: dashboardBody},
	{row: "dashboard.delete 200", call: "DELETE /api/v1/dashboard/cjp-nx4-awc"},
	{row: "webhook.create 201", call: "POST " + webhooksAt, body: `{"name":"shop","url":"https://example.com/"}`},
	{row: "webhook.get 200", call: "GET " + webhooksAt + "/shop"},
	{row: "webhook.update 200", call: "PUT " + webhooksAt + "/shop", body: `{"encode_as":"form"}`},
	{row: "webhook.delete 200", call: "DELETE " + webhooksAt + "/shop"},
	{row: "webhook.delete 404", call: "DELETE " + webhooksAt + "/shop"},
	{row: "variable.create 201", call: "POST " + variablesAt, body: `{"name":"A","value":"x","is_secret":false}`},
	{row: "variable.create 201", call: "POST " + variablesAt, body: `{"name":"B","value":"x","is_secret":true}`},
	{row: "variable.update 200", call: "PUT " + variablesAt + "/A", body: `{"value":"y"}`},
	{row: "variable.delete 200", call: "DELETE " + variablesAt + "/A"},
	{row: "variable.delete 404", call: "DELETE " + variablesAt + "/A"},
}

var wrongKeys = http.Header{"Dd-Api-Key": {"wrong"}, "Dd-Application-Key": {"wrong"}}

// TestAPI holds the fake to the table of what recorded exchanges prove.
func TestAPI(t *testing.T) {
	rows, called := readTable(t), map[string]bool{}
	s := seededServer()
	for _, c := range calls {
		called[c.row] = true
		t.Run(c.row+" "+c.call, func(t *testing.T) {
			want, exists := rows[c.row]
			if !exists {
				t.Fatalf("there is no row %q in %s", c.row, tableFile)
			}
			method, target, _ := strings.Cut(c.call, " ")
			keys := c.keys
			if keys == nil {
				keys = rightKeys
			}
			got := askWith(t, s, keys, method, target, c.body)
			if key := fmt.Sprintf("%s %d", s.Route(httptest.NewRequest(method, target, nil)), got.status); key != c.row {
				t.Fatalf("got %q, want %q; body %s", key, c.row, got.body)
			}
			if media := mediaType(t, got.header); media != want.Media {
				t.Errorf("media type %q, want %q", media, want.Media)
			}
			if limit := limitOf(got.header); limit != cmp.Or(want.Limit, limit) {
				t.Errorf("limit %q, want %q", limit, want.Limit)
			}
			body := decode[any](t, cmp.Or(got.body, "null"))
			if got.status >= http.StatusBadRequest {
				if diff := gocmp.Diff(want.Body, body); diff != "" {
					t.Errorf("body (-want +got):\n%s", diff)
				}
				return
			}
			for _, mismatch := range mismatches("", want.Body, body) {
				t.Errorf("%s\n%s", mismatch, got.body)
			}
		})
	}
	for row := range rows {
		if !called[row] {
			t.Errorf("no call leads to the row %q", row)
		}
	}
}

// seededServer returns a server with one of everything.
func seededServer() *fakedatadog.Server {
	s := newServer()
	s.AddEvent(fakedatadog.Event{ID: 7, Title: "a", Text: "b", Host: "web-1", AggregationKey: "k", Tags: []string{"service:checkout"}})
	s.AddMonitor(fakedatadog.Monitor{ID: 7, Query: "x", Tags: []string{"a:b"}, Priority: new(int64(1))})
	s.AddMonitor(fakedatadog.Monitor{ID: 8, Query: "x", Priority: new(int64(1))})
	s.AddDowntime(fakedatadog.ScheduledDowntime{})
	s.AddEntity(fakedatadog.Entity{Metadata: fakedatadog.EntityMetadata{Name: "checkout", DisplayName: "Checkout", Owner: "shop", Tags: []string{"a:b"}}, Spec: fakedatadog.EntitySpec{DependsOn: []string{"service:payments"}}})
	s.AddServiceDefinition(fakedatadog.ServiceDefinition{Service: "checkout", Team: "shop"})
	s.AddTeam(fakedatadog.Team{ID: "t", Handle: "shop", OnCall: []fakedatadog.Person{ada}, Escalations: [][]fakedatadog.Person{{ada}}})
	s.AddIncident(fakedatadog.Incident{Title: "Down", Services: []string{"checkout"}})
	s.AddIncident(fakedatadog.Incident{Title: "Up", State: "resolved"})
	s.AddSeries(fakedatadog.Series{
		Query: "avg:system.cpu.idle{*}by{host}", TagSet: []string{"host:a"}, Points: [][2]float64{{1000, 1}, {2000, 2}},
	})
	s.AddLog(fakedatadog.Log{Message: "failed", Host: "web-1", Tags: []string{"a:b"}, Timestamp: noon.Add(-time.Minute)})
	s.SetHosts(fakedatadog.Host{Name: "web-1", Apps: []string{"agent"}, Sources: []string{"agent"}})
	s.AddSLO(fakedatadog.SLO{ID: "metric", Name: "checkout works", State: "no_data"})
	s.AddSLO(fakedatadog.SLO{ID: "monitor", Name: "checks pass", Type: "monitor", Timeframe: "30d"})
	return s
}

var update = flag.Bool("update", false, "write testdata/api.json from the recordings")

const tableFile = "testdata/api.json"

// table says what recorded exchanges prove about each status of each endpoint. A key
// is "monitor.get 200".
type table map[string]row

type row struct {
	Media string `json:"media"`
	// Limit is "name calls/period", where a recording shows one.
	Limit string `json:"limit,omitempty"`
	// Body is a shape, or the body itself of an error.
	Body any `json:"body"`
}

// The keys whose contents belong to the organization that was recorded, or that the
// fake leaves empty.
var opaqueKeys = map[fakedatadog.Route][]string{
	fakedatadog.DashboardCreate: {"widgets"},
	"hosts.list":                {"meta", "tags_by_source"},
	"logs.search":               {"attributes.attributes"},
	fakedatadog.MonitorCreate:   {"options"},
	fakedatadog.MonitorGet:      {"options"},
	"monitor.list":              {"options"},
	fakedatadog.MonitorUpdate:   {"options"},
	fakedatadog.RuleList:        {"attributes"}, // One of their forms was recorded.
	"service_definition.get":    {"schema"},
	"incident.search": {
		"attachments", "facets", "field_analytics", "impacts", "incidents_relationship", "integrations", "responders", "user_defined_fields",
		"included", // The incidents once more.
	},
}

// The keys that Datadog added to an answer after some of the recordings were made.
var addedKeys = map[fakedatadog.Route][]string{
	fakedatadog.MonitorCreate: {"restriction_policy"},
	fakedatadog.MetricsQuery:  {"times", "values"},
	"logs.search":             {"meta"},
	"incident.search":         {"archived", "declared", "declared_by", "declared_by_uuid", "declared_by_user", "incident_type_uuid", "is_test", "slug"},
}

// TestRecordings holds the table to the recordings of the tests of Datadog's own clients.
func TestRecordings(t *testing.T) {
	derived := deriveTable(t, recordings.Read(t))
	if *update {
		raw, _ := json.MarshalIndent(derived, "", " ") // It came from JSON.
		if err := os.WriteFile(tableFile, append(raw, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if diff := gocmp.Diff(derived, readTable(t)); diff != "" {
		t.Errorf("%s is not what the recordings say; write it anew with -update (-recordings +table):\n%s", tableFile, diff)
	}
}

func readTable(t *testing.T) table {
	t.Helper()
	raw, err := os.ReadFile(tableFile)
	if err != nil {
		t.Fatal(err)
	}
	return decode[table](t, string(raw))
}

func deriveTable(t *testing.T, exchanges []recordings.Exchange) table {
	t.Helper()
	rows, bodies := table{}, map[string]*observed{}
	routes := map[string]fakedatadog.Route{}
	server := newServer()
	for _, e := range exchanges {
		route := server.Route(httptest.NewRequest(e.Request.Method, e.Request.URL, nil))
		if route == "" {
			continue
		}
		key := fmt.Sprintf("%s %d", route, e.Response.Code)
		if bodies[key] == nil {
			bodies[key], routes[key] = &observed{}, route
		}
		body := decode[any](t, cmp.Or(e.Response.Body, "null"))
		bodies[key].add(body)
		r := row{Media: mediaType(t, e.Response.Headers), Limit: cmp.Or(limitOf(e.Response.Headers), rows[key].Limit)}
		if e.Response.Code >= http.StatusBadRequest {
			r.Body = body
		}
		rows[key] = r
	}
	for key, r := range rows {
		if r.Body == nil {
			r.Body = bodies[key].shape("", opaqueKeys[routes[key]], addedKeys[routes[key]])
			rows[key] = r
		}
	}
	return rows
}

func mediaType(t *testing.T, header http.Header) string {
	t.Helper()
	media, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		t.Fatalf("Content-Type %q: %v", header.Get("Content-Type"), err)
	}
	return media
}

func limitOf(header http.Header) string {
	name := header.Get("X-Ratelimit-Name")
	if name == "" {
		return ""
	}
	return name + " " + header.Get("X-Ratelimit-Limit") + "/" + header.Get("X-Ratelimit-Period") + "s"
}
