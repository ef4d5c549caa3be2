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

// function is an instance that a Function URL invokes.
type function struct{ *e2e.Instance }

func (f function) Invoke(_ context.Context, payload []byte) ([]byte, error) {
	return f.Instance.Invoke(json.RawMessage(payload), 14*time.Second)
}

// newURL starts a webhook behind a Function URL.
func newURL(t *testing.T, s *e2e.Stack) string {
	t.Helper()
	server := httptest.NewServer(&functionurl.Server{Function: function{s.Start(e2e.Webhook, nil)}, Timeout: 14 * time.Second})
	t.Cleanup(server.Close)
	return server.URL
}

func TestBootstrap_SyntheticAlert(t *testing.T) {
	s := e2e.New(t)
	f := s.Start(e2e.Drill, map[string]string{"FUNCTION_URL": newURL(t, s) + "/"})
	_, err := f.Invoke(e2e.Scheduled, timeout)
	f.Kill() // Its last output may be on its way when the invocation ends.
	if err != nil {
		t.Fatalf("%v; the function wrote %s", err, f.Output())
	}
	if posted := s.Datadog.Posted(); len(posted) != 1 || !strings.HasPrefix(posted[0].Event.Title, "[Drill]") {
		t.Errorf("posted %v", posted)
	}
	for _, want := range []string{`"level":"INFO"`, `"message":"drill"`, `"events":1`, `"status":"posted"`, `"http_status":200`} {
		if !strings.Contains(f.Output(), want) {
			t.Errorf("it does not log %s: %s", want, f.Output())
		}
	}
}

func TestBootstrap_Failure(t *testing.T) {
	for name, tt := range map[string]struct{ url, secret, wantErr string }{
		"wrong token":  {"", `{"token":"of-last-year"}`, "the webhook answered 401 Unauthorized: it does not accept the token in WEBHOOK_SECRET_ARN"},
		"no webhook":   {"http://127.0.0.1:1", `{"token":"of-last-year"}`, "the webhook did not answer"},
		"wrong secret": {"http://127.0.0.1:1", `{"tokens":"of-last-year"}`, "no alert was sent, because the webhook's token cannot be read: secret"},
	} {
		t.Run(name, func(t *testing.T) {
			s := e2e.New(t)
			if tt.url == "" {
				tt.url = newURL(t, s)
			}
			f := s.Start(e2e.Drill, map[string]string{"FUNCTION_URL": tt.url, "WEBHOOK_SECRET_ARN": s.AWS.Secret(t, tt.secret)})
			_, err := f.Invoke(e2e.Scheduled, timeout)
			f.Kill()
			if err == nil || !strings.Contains(err.Error(), tt.wantErr) || !strings.Contains(f.Output(), `"level":"ERROR"`) {
				t.Errorf("got %v; the function wrote %s", err, f.Output())
			}
			for _, secret := range []string{"of-last-year", fakedatadog.DefaultAPIKey, fakedatadog.DefaultAppKey} {
				if strings.Contains(f.Output(), secret) {
					t.Errorf("it logs the secret %q", secret)
				}
			}
		})
	}
}

func TestBootstrap_WrongEnvironment(t *testing.T) {
	e2e.New(t).Start(e2e.Drill, map[string]string{"FUNCTION_URL": "http://example.com/", "WEBHOOK_SECRET_ARN": ""}).MustExit(t, "FUNCTION_URL is plain http to another machine", "WEBHOOK_SECRET_ARN")
}
