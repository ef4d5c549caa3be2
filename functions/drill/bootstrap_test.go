package main

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"boomerang/functions/internal/e2e"
	"boomerang/functions/local/functionurl"
	"boomerang/shared/fakedatadog"
)

const timeout = 30 * time.Second

// function is an instance as Lambda's front calls it.
type function struct{ *e2e.Instance }

func (f function) Invoke(_ context.Context, payload []byte) ([]byte, error) {
	return f.Instance.Invoke(json.RawMessage(payload), 14*time.Second)
}

// open puts a Function URL before a webhook.
func open(t *testing.T, webhook *e2e.Instance) string {
	t.Helper()
	server := httptest.NewServer(&functionurl.Server{Function: function{webhook}, Timeout: 14 * time.Second})
	t.Cleanup(server.Close)
	return server.URL
}

// written is all that an instance wrote. It ends it, because what is written last
// may be on its way when an invocation is over.
func written(f *e2e.Instance) string {
	f.Kill()
	return f.Output()
}

func TestBootstrap_SyntheticAlert(t *testing.T) {
	s := e2e.New(t)
	webhook := s.Start(e2e.Webhook, nil)
	f := s.Start(e2e.Drill, map[string]string{"FUNCTION_URL": open(t, webhook) + "/"})
	if _, err := f.Invoke(e2e.Scheduled, timeout); err != nil {
		t.Fatalf("%v; the function wrote %s; the webhook %s", err, f.Output(), webhook.Output())
	}
	posted := s.Datadog.Posted()
	if len(posted) != 1 || !strings.HasPrefix(posted[0].Event.Title, "[Drill]") {
		t.Errorf("posted %v", posted)
	}
	output := written(f)
	for _, want := range []string{`"level":"INFO"`, `"message":"drill"`, `"events":1`, `"status":"posted"`, `"http_status":200`} {
		if !strings.Contains(output, want) {
			t.Errorf("it does not log %s: %s", want, output)
		}
	}
}

func TestBootstrap_Failure(t *testing.T) {
	for name, c := range map[string]struct {
		token   string // of the secret that the drill reads
		nowhere bool
		says    string
	}{
		"wrong token":  {token: `{"token":"of-last-year"}`, says: "the webhook answered 401 Unauthorized: it does not accept the token in WEBHOOK_SECRET_ARN"},
		"no webhook":   {nowhere: true, says: "the webhook did not answer"},
		"wrong secret": {token: `{"tokens":"of-last-year"}`, says: "no alert was sent, because the webhook's token cannot be read: secret"},
	} {
		t.Run(name, func(t *testing.T) {
			s := e2e.New(t)
			changes := map[string]string{"FUNCTION_URL": "http://127.0.0.1:1"}
			if !c.nowhere {
				changes["FUNCTION_URL"] = open(t, s.Start(e2e.Webhook, nil))
			}
			if c.token != "" {
				changes["WEBHOOK_SECRET_ARN"] = s.AWS.Secret(t, c.token)
			}
			f := s.Start(e2e.Drill, changes)
			_, err := f.Invoke(e2e.Scheduled, timeout)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v; the function wrote %s", err, f.Output())
			}
			output := written(f)
			for _, secret := range []string{"of-last-year", fakedatadog.DefaultAPIKey, fakedatadog.DefaultAppKey} {
				if strings.Contains(output, secret) {
					t.Errorf("it logs the secret %q", secret)
				}
			}
			if !strings.Contains(output, `"level":"ERROR"`) {
				t.Errorf("it logs no error: %s", output)
			}
		})
	}
}

func TestBootstrap_WrongEnvironment(t *testing.T) {
	e2e.New(t).Start(e2e.Drill, map[string]string{"FUNCTION_URL": "http://example.com/", "WEBHOOK_SECRET_ARN": ""}).MustExit(t, "FUNCTION_URL is plain http to another machine", "WEBHOOK_SECRET_ARN")
}
