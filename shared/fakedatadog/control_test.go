package fakedatadog_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fakedatadog"
)

// tell gives an order over HTTP, without any key, as another process would.
func tell(t *testing.T, s *fakedatadog.Server, method, path, body string) response {
	t.Helper()
	return askWith(t, s, http.Header{}, method, "/_fake/"+path, body)
}

func TestControl_Seeds(t *testing.T) {
	s := newServer()
	got := decode[struct{ ID string }](t, tell(t, s, "POST", "events", `{"title":"Deployed","text":"v2","tags":["service:x"],"source_type_name":"github"}`).mustBe(t, 201).body)
	ask(t, s, "GET", "/api/v1/events/"+got.ID, "").mustBe(t, 200)

	const monitor = `{"id":42,"type":"query alert","query":"x","name":"CPU","draft_status":"published","options":{"thresholds":{"critical":1}},` +
		`"state":{"groups":{"host:a":{"name":"host:a","status":"Alert","last_triggered_ts":7}}}}`
	if got := tell(t, s, "POST", "monitors", monitor).mustBe(t, 201).body; got != `{"id":42}`+"\n" {
		t.Errorf("answer %s", got)
	}
	if got := ask(t, s, "GET", "/api/v1/monitor/42?group_states=alert", "").mustBe(t, 200).body; !strings.Contains(got, `"last_triggered_ts":7`) {
		t.Errorf("the seeded monitor is %s", got)
	}
}

func TestControl_Looks(t *testing.T) {
	s := newServer()
	ask(t, s, "POST", "/api/v1/events", anEvent).mustBe(t, 202)
	if got := decode[[]fakedatadog.Event](t, tell(t, s, "GET", "events", "").mustBe(t, 200).body); !cmp.Equal(got, s.Events()) {
		t.Errorf("events %v, want %v", got, s.Events())
	}
	if got := decode[[]fakedatadog.PostedEvent](t, tell(t, s, "GET", "posted", "").mustBe(t, 200).body); !cmp.Equal(got, s.Posted()) {
		t.Errorf("posted %v, want %v", got, s.Posted())
	}
	if got := decode[[]fakedatadog.Request](t, tell(t, s, "GET", "requests", "").mustBe(t, 200).body); len(got) != 1 || got[0].Body != anEvent {
		t.Errorf("requests %v, want the one that posted, and none of those that look", got)
	}
	want := []fakedatadog.Route{
		"catalog.list", "dashboard.create", "dashboard.delete", "dashboard.get", "dashboard.list", "dashboard.update", "downtime.list", "downtime.matches", "dynamodb.batch_get", "dynamodb.delete", "dynamodb.get", "dynamodb.put",
		"dynamodb.update", "events.create", "events.create_v2", "events.get", "events.list", "events.search", "graph.snapshot", "hosts.list", "incident.search",
		"logs.search", "metrics.query", "monitor.create", "monitor.delete", "monitor.get", "monitor.list", "monitor.update", "secrets.get", "secrets.put", "secrets.stage",
		"service_definition.get", "slo.history", "slo.search", "sqs.attributes", "sqs.change_visibility", "sqs.delete", "sqs.delete_batch",
		"sqs.receive", "sqs.send", "team.list", "team.on_call", "validate",
		"variable.create", "variable.delete", "variable.get", "variable.update", "webhook.create", "webhook.delete", "webhook.get", "webhook.update",
	}
	if diff := cmp.Diff(want, decode[[]fakedatadog.Route](t, tell(t, s, "GET", "routes", "").mustBe(t, 200).body)); diff != "" {
		t.Errorf("routes (-want +got):\n%s", diff)
	}
	tell(t, s, "GET", "nothing", "").mustBe(t, 404)
}

func TestControl_Commands(t *testing.T) {
	s := newServer()
	tell(t, s, "POST", "faults", `{"route":"validate","fault":"status:503","calls":1}`).mustBe(t, 204)
	ask(t, s, "GET", "/api/v1/validate", "").mustBe(t, 503)
	ask(t, s, "GET", "/api/v1/validate", "").mustBe(t, 200)

	tell(t, s, "POST", "random", `{"rate":1,"seed":3,"faults":["status:500"]}`).mustBe(t, 204)
	ask(t, s, "GET", "/api/v1/validate", "").mustBe(t, 500)
	tell(t, s, "DELETE", "faults", "").mustBe(t, 204)
	ask(t, s, "GET", "/api/v1/validate", "").mustBe(t, 200)

	tell(t, s, "POST", "limit", `{"route":"validate","calls":0,"period":"10s"}`).mustBe(t, 204)
	ask(t, s, "GET", "/api/v1/validate", "").mustBe(t, 429)

	tell(t, s, "POST", "keys", `{"api_key":"new","app_key":"new"}`).mustBe(t, 204)
	ask(t, s, "GET", "/api/v1/monitor", "").mustBe(t, 403)

	tell(t, s, "POST", "secrets", `{"name":"boomerang/webhook","value":"{\"token\":\"new\"}"}`).mustBe(t, 204)
	signed := http.Header{"X-Amz-Target": {"secretsmanager.GetSecretValue"}, "Authorization": {"AWS4-HMAC-SHA256 Credential=x"}}
	got := askWith(t, s, signed, "POST", "/", `{"SecretId":"boomerang/webhook"}`).mustBe(t, 200).body
	if !strings.Contains(got, `"SecretString":"{\"token\":\"new\"}"`) {
		t.Errorf("the rotated secret is %s", got)
	}
}

func TestControl_Refuses(t *testing.T) {
	s := newServer()
	for _, tc := range []struct{ path, body, want string }{
		{"faults", `{"route":"validate","fault":"sulk"}`, "sulk"},
		{"faults", `{"route":"validate","misbehavior":"hang"}`, "unknown field"},
		{"faults", `hang`, "invalid character"},
		{"random", `{"rate":2,"faults":["hang"]}`, "rate from 0 to 1"},
		{"limit", `{"route":"validate","calls":1,"period":"soon"}`, "invalid duration"},
		{"limit", `{"route":"nothing","calls":1,"period":"10s"}`, "unknown route"},
		{"secrets", `{"value":"x"}`, "name the secret"},
		{"events", `{"id":12}`, "id"},
	} {
		got := tell(t, s, "POST", tc.path, tc.body).mustBe(t, 400).errorsIn(t)
		if len(got) != 1 || !strings.Contains(got[0], tc.want) {
			t.Errorf("%s %s: %q, want something about %q", tc.path, tc.body, got, tc.want)
		}
	}
	ask(t, s, "GET", "/api/v1/validate", "").mustBe(t, 200)
}
