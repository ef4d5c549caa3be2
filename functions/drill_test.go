package functions_test

import (
	"strings"
	"testing"

	"boomerang/functions/internal/e2e"
	"boomerang/shared/fakedatadog"
)

func TestDrill(t *testing.T) {
	t.Parallel()
	s := e2e.New(t)
	f := s.Start(e2e.Drill, map[string]string{"FUNCTION_URL": serve(t, s.Start(e2e.Webhook, nil))})
	_, err := f.Invoke(e2e.Scheduled, timeout)
	f.Kill() // Its last output may be on its way when the invocation ends.
	if err != nil {
		t.Fatalf("%v; the function wrote %s", err, f.Output())
	}
	if posted := s.Datadog.Posted(); len(posted) != 1 || !strings.HasPrefix(posted[0].Event.Title, "[Drill]") {
		t.Errorf("posted %v", posted)
	}
	mustSay(t, "the log", f.Output(), `"level":"INFO"`, `"message":"drill"`, `"events":1`, `"status":"posted"`, `"http_status":200`)
}

func TestDrill_Failure(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ url, secret, wantErr string }{
		"wrong token":  {"", `{"token":"of-last-year"}`, "the webhook answered 401 Unauthorized: it does not accept the token in WEBHOOK_SECRET_ARN"},
		"no webhook":   {"http://127.0.0.1:1", `{"token":"of-last-year"}`, "the webhook did not answer"},
		"wrong secret": {"http://127.0.0.1:1", `{"tokens":"of-last-year"}`, "no alert was sent, because the webhook's token cannot be read: secret"},
	} {
		t.Run(name, func(t *testing.T) {
			s := e2e.New(t)
			if tt.url == "" {
				tt.url = serve(t, s.Start(e2e.Webhook, nil))
			}
			f := s.Start(e2e.Drill, map[string]string{"FUNCTION_URL": tt.url, "WEBHOOK_SECRET_ARN": s.AWS.Secret(t, tt.secret)})
			_, err := f.Invoke(e2e.Scheduled, timeout)
			f.Kill()
			if err == nil || !strings.Contains(err.Error(), tt.wantErr) || !strings.Contains(f.Output(), `"level":"ERROR"`) {
				t.Errorf("got %v; the function wrote %s", err, f.Output())
			}
			mustLack(t, "the log", f.Output(), "of-last-year", fakedatadog.DefaultAPIKey, fakedatadog.DefaultAppKey)
		})
	}
}
