package main

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"boomerang/functions/internal/e2e"
	"boomerang/shared/fakedatadog"
)

// scheduled is what EventBridge sends
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html).
var scheduled = json.RawMessage(`{"version":"0","id":"53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa","detail-type":"Scheduled Event",` +
	`"source":"aws.events","account":"123456789012","time":"2026-11-21T10:00:00Z","region":"eu-west-1","resources":[],"detail":{}}`)

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
	if _, err := f.Invoke(scheduled, timeout); err != nil {
		t.Fatalf("%v; the function wrote %s", err, f.Output())
	}
}

func TestBootstrap_brings_back_an_alert_that_was_throttled(t *testing.T) {
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

func TestBootstrap_leaves_an_alert_that_arrived(t *testing.T) {
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

func TestBootstrap_fails_where_everybody_sees_it(t *testing.T) {
	s := e2e.New(t, e2e.Datadog)
	finder := s.Start(e2e.Reconcile, nil)
	if _, err := finder.Invoke(scheduled, timeout); err == nil || !strings.Contains(err.Error(), "Datadog could not be reached") {
		t.Errorf("got %v", err)
	}
	id, _ := notify(t, s)
	s.Open(e2e.Datadog)
	reconcile(t, finder)
	if waiting := s.Take(s.Queue); len(waiting) != 1 || !strings.Contains(*waiting[0].Body, strconv.FormatInt(id, 10)) {
		t.Errorf("in the queue: %v", waiting)
	}
}

func TestBootstrap_does_not_start_without_what_it_needs(t *testing.T) {
	f := e2e.New(t).Start(e2e.Reconcile, map[string]string{"LEDGER_TABLE": "", "WEBHOOK_NAME": "@webhook-boomerang"})
	if err := f.Ready(); err == nil {
		t.Fatal("it started")
	}
	for _, variable := range []string{"LEDGER_TABLE", "WEBHOOK_NAME"} {
		if !strings.Contains(f.Output(), variable) {
			t.Errorf("it does not say %q: %s", variable, f.Output())
		}
	}
}
