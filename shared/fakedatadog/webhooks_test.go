package fakedatadog_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fakedatadog"
)

const (
	webhooksAt  = "/api/v1/integration/webhooks/configuration/webhooks"
	variablesAt = "/api/v1/integration/webhooks/configuration/custom-variables"
)

func TestWebhooks_Lifecycle(t *testing.T) {
	s := newServer()
	made := decode[fakedatadog.Webhook](t, ask(t, s, "POST", webhooksAt, `{"name":"shop","url":"https://example.com/"}`).mustBe(t, 201).body)
	if made.EncodeAs != "json" || made.CustomHeaders != nil || !strings.Contains(made.Payload, `"$EVENT_MSG"`) {
		t.Errorf("the defaults are not Datadog's: %+v", made)
	}
	ask(t, s, "PUT", webhooksAt+"/shop", `{"url":"https://example.com/2","custom_headers":"{\"X\":\"1\"}","payload":"{}"}`).mustBe(t, 200)
	want := fakedatadog.Webhook{Name: "shop", URL: "https://example.com/2", Payload: "{}", CustomHeaders: new(`{"X":"1"}`), EncodeAs: "json"}
	if diff := cmp.Diff(want, decode[fakedatadog.Webhook](t, ask(t, s, "GET", webhooksAt+"/shop", "").mustBe(t, 200).body)); diff != "" {
		t.Errorf("updated (-want +got)\n%s", diff)
	}
	if got := ask(t, s, "DELETE", webhooksAt+"/shop", "").mustBe(t, 200).body; strings.TrimSpace(got) != "{}" {
		t.Errorf("deleted: %s", got)
	}
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		ask(t, s, method, webhooksAt+"/shop", "{}").mustBe(t, 404)
	}
}

func TestWebhooks_Variables(t *testing.T) {
	s := newServer()
	for _, secret := range []string{"true", "false"} {
		shows := secret == "false"
		name := "A_" + strings.ToUpper(secret)
		for _, got := range []string{
			ask(t, s, "POST", variablesAt, `{"name":"`+name+`","value":"first","is_secret":`+secret+`}`).mustBe(t, 201).body,
			ask(t, s, "GET", variablesAt+"/"+name, "").mustBe(t, 200).body,
			ask(t, s, "PUT", variablesAt+"/"+name, `{"value":"first"}`).mustBe(t, 200).body,
		} {
			if strings.Contains(got, "first") != shows || !strings.Contains(got, `"is_secret":`+secret) {
				t.Errorf("secret %s: %s", secret, got)
			}
		}
		if s.Variable(name) != "first" {
			t.Errorf("the value is %q", s.Variable(name))
		}
		ask(t, s, "DELETE", variablesAt+"/"+name, "").mustBe(t, 200)
		ask(t, s, "GET", variablesAt+"/"+name, "").mustBe(t, 404)
	}
}

func TestWebhooks_Refuse(t *testing.T) {
	s := newServer()
	s.AddWebhook(fakedatadog.Webhook{Name: "taken", URL: "https://example.com/"})
	ask(t, s, "POST", variablesAt, `{"name":"TAKEN","value":"x","is_secret":true}`).mustBe(t, 201)
	for name, tc := range map[string]struct{ method, path, body, want string }{
		"a name that is taken":     {"POST", webhooksAt, `{"name":"taken","url":"https://example.com/"}`, "Webhook already exists"},
		"a name with a space":      {"POST", webhooksAt, `{"name":"a b","url":"https://example.com/"}`, "Invalid webhook"},
		"no address":               {"POST", webhooksAt, `{"name":"a"}`, "Invalid webhook"},
		"a payload that is none":   {"POST", webhooksAt, `{"name":"a","url":"x","payload":"{"}`, "Invalid webhook"},
		"headers that are none":    {"PUT", webhooksAt + "/taken", `{"custom_headers":"X: 1"}`, "Invalid webhook"},
		"another encoding":         {"PUT", webhooksAt + "/taken", `{"encode_as":"xml"}`, "Invalid webhook"},
		"no JSON":                  {"POST", webhooksAt, `{`, "Payload is not valid JSON"},
		"a variable that is taken": {"POST", variablesAt, `{"name":"TAKEN","value":"x","is_secret":true}`, "Custom variable already exists"},
		"a variable in small":      {"POST", variablesAt, `{"name":"small","value":"x","is_secret":true}`, "Invalid custom variable"},
		"a variable without value": {"POST", variablesAt, `{"name":"A","is_secret":true}`, "Invalid custom variable"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff([]string{tc.want}, ask(t, s, tc.method, tc.path, tc.body).mustBe(t, 400).errorsIn(t)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
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
		Payload: `{"id":"$ID","title":"$EVENT_TITLE","unknown":"$NOBODY"}`,
	})
	delivery, err := s.Deliver(t.Context(), "shop", map[string]string{"ID": "1", "ALERT_ID": "4711", "EVENT_TITLE": "it is \"slow\"\n$ID"})
	if want := (fakedatadog.Delivery{Status: 202, Body: "thanks"}); err != nil || delivery != want {
		t.Fatalf("got %+v, %v", delivery, err)
	}
	if got.Method != "POST" || got.URL.Path != "/4711" || got.Header.Get("Content-Type") != "application/json" {
		t.Errorf("got %s %s %v", got.Method, got.URL, got.Header)
	}
	if got.Header.Get("X-Webhook-Token") != "private" || got.Header.Get("X-Other") != "$A_TOKEN_TOO" {
		t.Errorf("the headers are %v", got.Header)
	}
	if want := `{"id":"1","title":"it is \"slow\"\n$ID","unknown":"$NOBODY"}`; body != want {
		t.Errorf("got %s, want %s", body, want)
	}
	for name, change := range map[string]fakedatadog.Webhook{
		"connection refused": {Name: "shop", URL: "http://127.0.0.1:1/"},
		"no address":         {Name: "shop", URL: "http://127.0.0.1:port/"},
		"another encoding":   {Name: "shop", URL: receiver.URL, EncodeAs: "form"},
		"odd headers":        {Name: "shop", URL: receiver.URL, CustomHeaders: new(`{"X":1}`)},
	} {
		s.AddWebhook(change)
		if _, err := s.Deliver(t.Context(), "shop", nil); err == nil {
			t.Errorf("no error for %s", name)
		}
	}
	if _, err := s.Deliver(t.Context(), "other", nil); err == nil {
		t.Error("no error for a missing webhook")
	}
}

func TestServer_Deny(t *testing.T) {
	s := newServer()
	s.Deny("create_webhooks", "monitors_read")
	if got := ask(t, s, "POST", webhooksAt, `{"name":"a","url":"https://example.com/"}`).mustBe(t, 403).errorsIn(t); !cmp.Equal(got, []string{"Forbidden"}) {
		t.Errorf("got %v", got)
	}
	ask(t, s, "GET", "/api/v1/monitor", "").mustBe(t, 403)
	ask(t, s, "GET", webhooksAt+"/a", "").mustBe(t, 404)
	s.Deny()
	ask(t, s, "GET", "/api/v1/monitor", "").mustBe(t, 200)
}

func TestControl_Deliver(t *testing.T) {
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(receiver.Close)
	s := newServer()
	s.AddWebhook(fakedatadog.Webhook{Name: "shop", URL: receiver.URL})
	if got := decode[fakedatadog.Delivery](t, control(t, s, "POST", "deliver", `{"webhook":"shop","variables":{"ID":"1"}}`).mustBe(t, 201).body); got.Status != 200 {
		t.Errorf("delivered %+v", got)
	}
	control(t, s, "POST", "deliver", `{"webhook":"other"}`).mustBe(t, 400)
	control(t, s, "POST", "deny", `{"permissions":["integrations_read"]}`).mustBe(t, 204)
	ask(t, s, "GET", webhooksAt+"/shop", "").mustBe(t, 403)
}
