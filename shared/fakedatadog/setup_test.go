package fakedatadog_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fakedatadog"
)

const (
	webhooksAt    = "/api/v1/integration/webhooks/configuration/webhooks"
	variablesAt   = "/api/v1/integration/webhooks/configuration/custom-variables"
	dashboardBody = `{"title":"The shop","layout_type":"ordered","widgets":[{"definition":{"type":"group","layout_type":"ordered",` +
		`"widgets":[{"definition":{"type":"note","content":"hello"}}]}}]}`
)

func TestWebhooks(t *testing.T) {
	s := newServer()
	const shop, missing, invalid = webhooksAt + "/shop", "Webhook does not exist", "Invalid webhook"
	made := ask(t, s, "POST", webhooksAt, `{"name":"shop","url":"https://example.com/"}`).mustBe(t, 201)
	if pick(t, made.body, "encode_as") != "json" || pick(t, made.body, "custom_headers") != "<nil>" || !strings.Contains(pick(t, made.body, "payload"), `"$EVENT_MSG"`) {
		t.Errorf("the defaults are not Datadog's: %s", made.body)
	}
	run(t, s,
		exchange{call: "PUT " + shop, body: `{"url":"https://example.com/2","custom_headers":"{\"X\":\"1\"}","payload":"{}"}`, path: "name", want: "shop"},
		exchange{call: "GET " + shop, path: "url", want: "https://example.com/2"},
		exchange{call: "GET " + shop, path: "custom_headers", want: `{"X":"1"}`},
		exchange{call: "PUT " + shop, body: `{"custom_headers":"X: 1"}`, status: 400, want: invalid},
		exchange{call: "PUT " + shop, body: `{"encode_as":"xml"}`, status: 400, want: invalid},
		exchange{call: "POST " + webhooksAt, body: `{"name":"shop","url":"https://example.com/"}`, status: 400, want: "Webhook already exists"},
		exchange{call: "POST " + webhooksAt, body: `{"name":"a b","url":"https://example.com/"}`, status: 400, want: invalid},
		exchange{call: "POST " + webhooksAt, body: `{"name":"a"}`, status: 400, want: invalid},
		exchange{call: "POST " + webhooksAt, body: `{"name":"a","url":"x","payload":"{"}`, status: 400, want: invalid},
		exchange{call: "POST " + webhooksAt, body: `{`, status: 400, want: "Payload is not valid JSON"},
		exchange{call: "DELETE " + shop},
		exchange{call: "GET " + shop, status: 404, want: missing},
		exchange{call: "PUT " + shop, body: "{}", status: 404, want: missing},
		exchange{call: "DELETE " + shop, status: 404, want: missing},
	)
}

func TestWebhooks_Variables(t *testing.T) {
	s := newServer()
	const secret, plain = variablesAt + "/A_SECRET", variablesAt + "/A_PLAIN"
	made := ask(t, s, "POST", variablesAt, `{"name":"A_SECRET","value":"first","is_secret":true}`).mustBe(t, 201)
	ask(t, s, "POST", variablesAt, `{"name":"A_PLAIN","value":"first","is_secret":false}`).mustBe(t, 201)
	run(t, s,
		exchange{call: "GET " + secret, path: "value"},
		exchange{call: "GET " + plain, path: "value", want: "first"},
		exchange{call: "PUT " + secret, body: `{"value":"second"}`, path: "value"},
		exchange{call: "POST " + variablesAt, body: `{"name":"A_PLAIN","value":"x","is_secret":true}`, status: 400, want: "Custom variable already exists"},
		exchange{call: "POST " + variablesAt, body: `{"name":"small","value":"x","is_secret":true}`, status: 400, want: "Invalid custom variable"},
		exchange{call: "POST " + variablesAt, body: `{"name":"A","is_secret":true}`, status: 400, want: "Invalid custom variable"},
		exchange{call: "DELETE " + plain},
	)
	if got := s.Variables(); strings.Contains(made.body, "first") || s.Variable("A_SECRET") != "second" || !cmp.Equal(got, []string{"A_SECRET"}) {
		t.Errorf("variables %v; created as %s", got, made.body)
	}
}

func TestDashboards(t *testing.T) {
	s := newServer()
	const all, layout, widget = "/api/v1/dashboard", `"layout_type":"ordered"`, "Invalid widget definition at position 0: "
	id := pick(t, ask(t, s, "POST", all, dashboardBody).mustBe(t, 200).body, "id")
	other := pick(t, ask(t, s, "POST", all, dashboardBody).mustBe(t, 200).body, "id")
	if !regexp.MustCompile(`^[a-z2-7]{3}-[a-z2-7]{3}-[a-z2-7]{3}$`).MatchString(id) || id == other {
		t.Errorf("ids %q and %q", id, other)
	}
	if got := strings.Count(string(s.Dashboards()[0]), `"id":`); got != 3 {
		t.Errorf("%d ids, want those of the dashboard, the group and the note", got)
	}
	one, missing := all+"/"+id, "Dashboard with ID "+id+" not found"
	invalid := func(body, want string) exchange {
		return exchange{call: "POST " + all, body: body, status: 400, want: want}
	}
	run(t, s,
		exchange{call: "PUT " + one, body: strings.Replace(dashboardBody, "The shop", "New", 1), path: "title", want: "New"},
		exchange{call: "GET " + one, path: "url", want: "/dashboard/" + id},
		exchange{call: "GET " + all, path: "dashboards.*.title", want: "New The shop"},
		exchange{call: "GET " + all + "?count=1&start=1", path: "dashboards.*.id", want: other},
		exchange{call: "GET " + all, path: "dashboards.*.widgets"},
		invalid(`{`+layout+`,"widgets":[]}`, "The value provided for parameter 'title' is invalid"),
		invalid(`{"title":{},`+layout+`,"widgets":[]}`, "The value provided for parameter 'title' is invalid"),
		invalid(`{"title":"a","layout_type":"round","widgets":[]}`, "The value provided for parameter 'layout_type' is invalid"),
		invalid(`{"title":"a",`+layout+`}`, "The value provided for parameter 'widgets' is invalid"),
		invalid(`{"title":"a",`+layout+`,"widgets":[{"definition":{}}]}`, widget+"type is required"),
		invalid(`{"title":"a",`+layout+`,"widgets":[{"definition":{"type":"group","widgets":[{}]}}]}`, widget+"type is required"),
		exchange{call: "DELETE " + one, path: "deleted_dashboard_id", want: id},
		exchange{call: "GET " + one, status: 404, want: missing},
	)
}

func TestServer_Deliver(t *testing.T) {
	var got *http.Request
	var body string
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		got, body = r, string(raw)
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, "thanks")
	}))
	t.Cleanup(receiver.Close)
	s := newServer()
	ask(t, s, "POST", variablesAt, `{"name":"A_TOKEN","value":"private","is_secret":true}`).mustBe(t, 201)
	s.AddWebhook(fakedatadog.Webhook{
		Name: "shop", URL: receiver.URL + "/$ALERT_ID", CustomHeaders: new(`{"X-Webhook-Token":"$A_TOKEN","X-Other":"$A_TOKEN_TOO"}`),
		Payload: `{"id":"$ID","title":"$EVENT_TITLE","unknown":"$UNKNOWN"}`,
	})
	delivery, err := s.Deliver(t.Context(), "shop", map[string]string{"ID": "1", "ALERT_ID": "4711", "EVENT_TITLE": "it is \"slow\"\n$ID"})
	if want := (fakedatadog.Delivery{Status: 202, Body: "thanks"}); err != nil || delivery != want {
		t.Fatalf("got %+v, %v", delivery, err)
	}
	if got.Method != "POST" || got.URL.Path != "/4711" || got.Header.Get("Content-Type") != "application/json" ||
		got.Header.Get("X-Webhook-Token") != "private" || got.Header.Get("X-Other") != "$A_TOKEN_TOO" {
		t.Errorf("got %s %s %v", got.Method, got.URL, got.Header)
	}
	if want := `{"id":"1","title":"it is \"slow\"\n$ID","unknown":"$UNKNOWN"}`; body != want {
		t.Errorf("got %s, want %s", body, want)
	}
	for name, change := range map[string]fakedatadog.Webhook{
		"connection refused": {Name: "shop", URL: "http://127.0.0.1:1/"},
		"invalid URL":        {Name: "shop", URL: "http://127.0.0.1:port/"},
		"form":               {Name: "shop", URL: receiver.URL, EncodeAs: "form"},
		"invalid headers":    {Name: "shop", URL: receiver.URL, CustomHeaders: new(`{"X":1}`)},
		"other webhook":      {Name: "other", URL: receiver.URL},
	} {
		s := newServer()
		s.AddWebhook(change)
		if _, err := s.Deliver(t.Context(), "shop", nil); err == nil {
			t.Errorf("no error for %s", name)
		}
	}
}
