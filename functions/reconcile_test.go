package functions_test

import (
	"strings"
	"testing"
	"time"

	"boomerang/functions/internal/e2e"
	"boomerang/shared/fakedatadog"
)

// addAlert adds an alert to Datadog's event stream, as of some minutes ago.
func addAlert(t *testing.T, s *e2e.Stack, text string) (id int64, at time.Time) {
	t.Helper()
	at = time.Now().Add(-10 * time.Minute)
	s.Datadog.AddMonitor(fakedatadog.Monitor{ID: 4711, OrgID: 352001, Name: "Checkout is slow"})
	return s.AddAlert(text, at), at
}

func reconcile(t *testing.T, f *e2e.Instance) {
	t.Helper()
	if _, err := f.Invoke(e2e.Scheduled, timeout); err != nil {
		t.Fatalf("%v; the function wrote %s", err, f.Output())
	}
}

func TestReconcile_LostAlert(t *testing.T) {
	t.Parallel()
	s := e2e.New(t)
	f, worker := s.Start(e2e.Reconcile, nil), s.Start(e2e.Redeliver, nil)
	s.Datadog.AddNotificationRule(`{"name":"a","filter":{"scope":"env:(prod OR staging)"},"recipients":["webhook-boomerang"]}`)
	id, _ := addAlert(t, s, "@webhook-boomerang")
	routed, _ := addAlert(t, s, "by the rule")
	reconcile(t, f)
	reconcile(t, f)
	if err := s.Drain(worker, timeout, timeout); err != nil {
		t.Fatalf("%v; the worker wrote %s", err, worker.Output())
	}
	reconcile(t, f)
	if n := s.Length(s.Queue); n != 0 {
		t.Errorf("%d messages for alerts that are posted", n)
	}
	if got := s.Posted(); got[id] != 1 || got[routed] != 1 || len(got) != 2 {
		t.Errorf("posted %v, want one event each for %d and %d", got, id, routed)
	}
}

// The ledger knows an alert by its event's id, also where the payload does not prove the id
// and the alert has another key.
func TestReconcile_DeliveredAlert(t *testing.T) {
	t.Parallel()
	for name, certain := range map[string]bool{"a certain id": true, "a guessed id": false} {
		t.Run(name, func(t *testing.T) {
			s := e2e.New(t)
			webhook, f := s.Start(e2e.Webhook, nil), s.Start(e2e.Reconcile, nil)
			id, at := addAlert(t, s, "@webhook-boomerang")
			request := e2e.Alert{ID: id, Monitor: 4711, Date: at}.Request()
			if !certain {
				request.Body = strings.Replace(request.Body, "https://app.datadoghq.com/event/event?id=", "https://example.com/", 1)
			}
			if r, err := webhook.Send(request, timeout); err != nil || r.StatusCode != 200 || strings.Contains(r.Body, `"identity":"id"`) == certain {
				t.Fatalf("got %d %s, %v", r.StatusCode, r.Body, err)
			}
			reconcile(t, f)
			if n := s.Length(s.Queue); n != 0 {
				t.Errorf("%d messages for an alert that was delivered", n)
			}
		})
	}
}
