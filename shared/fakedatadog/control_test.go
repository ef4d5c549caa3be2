package fakedatadog_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fakedatadog"
)

// control calls a control endpoint, without any key, as another process would.
func control(t *testing.T, s *fakedatadog.Server, method, path, body string) response {
	t.Helper()
	return askWith(t, s, http.Header{}, method, "/_fake/"+path, body)
}

// TestControl_Seed adds one of everything over HTTP, and reads it from the API.
func TestControl_Seed(t *testing.T) {
	at := noon.UnixMilli()
	for _, c := range []struct{ path, body, answer, read, want string }{
		{"events", `{"id":"7","title":"Deployed","source_type_name":"github"}`, `{"id":"7"}`, "/api/v1/events/7", `"tags":["source:github"]`},
		{
			"monitors", `{"id":42,"query":"x","draft_status":"published","state":{"groups":{"host:a":{"status":"Alert","last_triggered_ts":7}}}}`, `{"id":42}`,
			"/api/v1/monitor/42?group_states=alert", `"last_triggered_ts":7`,
		},
		{"entities", `{"metadata":{"name":"checkout","owner":"shop","unknown":1}}`, "", "/api/v2/catalog/entity?filter%5Bref%5D=service:checkout", `"owner":"shop"`},
		{"service_definitions", `{"dd-service":"cart","team":"shop"}`, "", "/api/v2/services/definitions/cart", `"team":"shop"`},
		{
			"teams", `{"id":"t","handle":"shop","on_call":[{"name":"Ada","email":"ada@example.com"}]}`, `{"id":"t"}`,
			"/api/v2/on-call/teams/t/on-call?include=responders", `"email":"ada@example.com"`,
		},
		{
			"incidents", `{"title":"Down","services":["checkout"]}`, `{"public_id":336000}`,
			"/api/v2/incidents/search?query=state:active+AND+services:checkout", `"title":"Down"`,
		},
		{"downtimes", `{"id":"d","monitor_id":42,"start":"2026-03-14T11:00:00Z"}`, `{"id":"d"}`, "/api/v2/monitor/42/downtime_matches", `"start":"2026-03-14T11:00:00.000000+00:00"`},
		{"series", fmt.Sprintf(`{"query":"avg:a{*}","pointlist":[[%d,1]]}`, at), "", fmt.Sprintf("/api/v1/query?from=%d&to=%d&query=avg:a%%7B*%%7D", at/1000, at/1000), `"length":1`},
		{"slos", `{"id":"s","name":"a","tags":["service:a"]}`, `{"id":"s"}`, "/api/v1/slo/search?query=service:a", `"id":"s"`},
		{"hosts", `[{"name":"a","up":true,"new_key":1}]`, "", "/api/v1/hosts", `"up":true`},
		{"webhooks", `{"name":"shop","url":"https://example.com/"}`, "", webhooksAt + "/shop", `"url":"https://example.com/"`},
		{"logs", `{"id":"l","message":"a"}`, `{"id":"l"}`, "", ""},
	} {
		s := newServer()
		s.AddMonitor(fakedatadog.Monitor{ID: 42})
		got := control(t, s, "POST", c.path, c.body)
		if strings.TrimSpace(got.body) != c.answer || (got.status == http.StatusCreated) != (c.answer != "") {
			t.Errorf("%s: %d %s, want %s", c.path, got.status, got.body, c.answer)
		}
		if c.read == "" {
			continue
		}
		if body := ask(t, s, "GET", c.read, "").mustBe(t, 200).body; !strings.Contains(body, c.want) {
			t.Errorf("%s: %s lacks %s", c.read, body, c.want)
		}
	}
}

func TestControl_Get(t *testing.T) {
	s := newServer()
	ask(t, s, "POST", "/api/v1/events", anEvent).mustBe(t, 202)
	if got := decode[[]fakedatadog.Event](t, control(t, s, "GET", "events", "").mustBe(t, 200).body); !cmp.Equal(got, s.Events()) {
		t.Errorf("events %v, want %v", got, s.Events())
	}
	if got := decode[[]fakedatadog.PostedEvent](t, control(t, s, "GET", "posted", "").mustBe(t, 200).body); !cmp.Equal(got, s.Posted()) {
		t.Errorf("posted %v, want %v", got, s.Posted())
	}
	if got := decode[[]fakedatadog.Request](t, control(t, s, "GET", "requests", "").mustBe(t, 200).body); len(got) != 1 || got[0].Body != anEvent {
		t.Errorf("requests %v, want the one that posted, and none of those that look", got)
	}
	want := []fakedatadog.Route{
		"catalog.list", "dashboard.create", "dashboard.delete", "dashboard.get", "dashboard.list", "dashboard.update", "downtime.list", "downtime.matches", "events.create", "events.create_v2", "events.get", "events.list", "events.search", "graph.snapshot", "hosts.list", "incident.search",
		"logs.search", "metrics.query", "monitor.create", "monitor.delete", "monitor.get", "monitor.list", "monitor.update",
		"service_definition.get", "slo.history", "slo.search", "team.list", "team.on_call", "validate",
		"variable.create", "variable.delete", "variable.get", "variable.update", "webhook.create", "webhook.delete", "webhook.get", "webhook.update",
	}
	if diff := cmp.Diff(want, decode[[]fakedatadog.Route](t, control(t, s, "GET", "routes", "").mustBe(t, 200).body)); diff != "" {
		t.Errorf("routes (-want +got):\n%s", diff)
	}
	control(t, s, "GET", "nothing", "").mustBe(t, 404)
}

func TestControl_Post(t *testing.T) {
	s := newServer()
	control(t, s, "POST", "faults", `{"route":"validate","fault":"status:503","calls":1}`).mustBe(t, 204)
	ask(t, s, "GET", "/api/v1/validate", "").mustBe(t, 503)
	ask(t, s, "GET", "/api/v1/validate", "").mustBe(t, 200)

	control(t, s, "POST", "random", `{"rate":1,"seed":3,"faults":["status:500"]}`).mustBe(t, 204)
	ask(t, s, "GET", "/api/v1/validate", "").mustBe(t, 500)
	control(t, s, "DELETE", "faults", "").mustBe(t, 204)
	ask(t, s, "GET", "/api/v1/validate", "").mustBe(t, 200)

	control(t, s, "POST", "limit", `{"route":"validate","calls":0,"period":"10s"}`).mustBe(t, 204)
	ask(t, s, "GET", "/api/v1/validate", "").mustBe(t, 429)

	control(t, s, "POST", "keys", `{"api_key":"new","app_key":"new"}`).mustBe(t, 204)
	ask(t, s, "GET", "/api/v1/monitor", "").mustBe(t, 403)
}

func TestControl_BadRequest(t *testing.T) {
	s := newServer()
	for _, tc := range []struct{ path, body, want string }{
		{"faults", `{"route":"validate","fault":"sulk"}`, "sulk"},
		{"faults", `{"route":"validate","misbehavior":"hang"}`, "unknown field"},
		{"faults", `hang`, "invalid character"},
		{"random", `{"rate":2,"faults":["hang"]}`, "rate from 0 to 1"},
		{"limit", `{"route":"validate","calls":1,"period":"soon"}`, "invalid duration"},
		{"limit", `{"route":"nothing","calls":1,"period":"10s"}`, "unknown route"},
		{"events", `{"id":12}`, "id"},
	} {
		got := control(t, s, "POST", tc.path, tc.body).mustBe(t, 400).errorsIn(t)
		if len(got) != 1 || !strings.Contains(got[0], tc.want) {
			t.Errorf("%s %s: %q, want something about %q", tc.path, tc.body, got, tc.want)
		}
	}
	ask(t, s, "GET", "/api/v1/validate", "").mustBe(t, 200)
}
