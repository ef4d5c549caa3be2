package main

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"boomerang/functions/internal/e2e"
	"boomerang/shared/fakedatadog"
)

const timeout = 30 * time.Second

// notify is Datadog's monitor: its event in the stream, some time ago.
func notify(t *testing.T, s *e2e.Stack) (id int64, at time.Time) {
	t.Helper()
	at = time.Now().Add(-10 * time.Minute)
	s.Datadog.AddMonitor(fakedatadog.Monitor{ID: 4711, OrgID: 352001, Name: "Checkout is slow"})
	text := s.Datadog.AddEvent(fakedatadog.Event{
		Title: "[Triggered] Checkout is slow", Text: "@webhook-boomerang", AlertType: "error", DateHappened: at.Unix(),
		Tags: []string{"monitor", "service:checkout"}, MonitorID: 4711, SourceTypeName: "alert",
	})
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return id, at
}

func reconcile(t *testing.T, f *e2e.Instance) {
	t.Helper()
	if _, err := f.Invoke(e2e.Scheduled, timeout); err != nil {
		t.Fatalf("%v; the function wrote %s", err, f.Output())
	}
}

func TestBootstrap_LostAlert(t *testing.T) {
	s := e2e.New(t)
	finder, worker := s.Start(e2e.Reconcile, nil), s.Start(e2e.Redeliver, nil)
	id, _ := notify(t, s)
	reconcile(t, finder)
	reconcile(t, finder)
	if err := s.Drain(worker, timeout, timeout); err != nil {
		t.Fatalf("%v; the worker wrote %s", err, worker.Output())
	}
	reconcile(t, finder)
	if left := s.Length(s.Queue); left != 0 {
		t.Errorf("an alert that is posted was queued again: %d", left)
	}
	if got := s.Posted(); got[id] != 1 || len(got) != 1 {
		t.Errorf("posted %v, want one event about %d", got, id)
	}
}

func TestBootstrap_DeliveredAlert(t *testing.T) {
	s := e2e.New(t)
	webhook, finder := s.Start(e2e.Webhook, nil), s.Start(e2e.Reconcile, nil)
	id, at := notify(t, s)
	if r, err := webhook.Deliver(e2e.Alert{ID: id, Monitor: 4711, Date: at}, timeout); err != nil || r.StatusCode != 200 {
		t.Fatalf("got %d %s, %v", r.StatusCode, r.Body, err)
	}
	reconcile(t, finder)
	if waiting := s.Length(s.Queue); waiting != 0 {
		t.Errorf("%d messages are in the queue", waiting)
	}
}

func TestBootstrap_Failure(t *testing.T) {
	s := e2e.New(t, e2e.Datadog)
	finder := s.Start(e2e.Reconcile, nil)
	if _, err := finder.Invoke(e2e.Scheduled, timeout); err == nil || !strings.Contains(err.Error(), "Datadog could not be reached") {
		t.Errorf("got %v", err)
	}
	id, _ := notify(t, s)
	s.Open(e2e.Datadog)
	reconcile(t, finder)
	if waiting := s.Take(s.Queue); len(waiting) != 1 || !strings.Contains(*waiting[0].Body, strconv.FormatInt(id, 10)) {
		t.Errorf("in the queue: %v", waiting)
	}
}

func TestBootstrap_WrongEnvironment(t *testing.T) {
	e2e.New(t).Start(e2e.Reconcile, map[string]string{"LEDGER_TABLE": "", "WEBHOOK_NAME": "@webhook-boomerang"}).MustExit(t, "LEDGER_TABLE", "WEBHOOK_NAME")
}
