package handler

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/queue"
	"boomerang/shared/telemetry/telemetrytest"
)

func TestHandler_MissingAlert(t *testing.T) {
	e := newEnv(t)
	var event fakedatadog.Event
	id := e.addAlert(20*time.Minute, func(added *fakedatadog.Event) {
		added.Title = "[P2] [Warn on {host:web-1}] Checkout is slow"
		added.Host, added.AlertType, added.MonitorGroups = "web-1", "warning", []string{"host:web-1,env:prod"}
		event = *added
	})
	want := entry{
		Msg: "reconcile", Level: "WARN", Read: 1, Matched: 1, Missing: 1, Queued: 1,
		From: start.Add(-63 * time.Minute), To: start.Add(-3 * time.Minute),
	}
	if diff := cmp.Diff(want, e.run("")); diff != "" {
		t.Errorf("logged (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]queue.Message{{
		Version: 1, ReceivedAt: start, Reason: "the ledger does not know it", MaybePosted: true,
		Alert: alert.Alert{
			ID: id, OrgID: organization, MonitorID: "4711",
			Title: event.Title, Message: event.Text, Tags: alert.Tags{"monitor", "service:checkout"},
			Priority: "P2", Transition: alert.Warn, Type: "warning", EventPriority: "normal",
			Scope: "host:web-1,env:prod", Hostname: "web-1",
			Date: start.Add(-20 * time.Minute), Link: "https://app.datadoghq.com/event/event?event_id=" + id,
		},
	}}, e.messages); diff != "" {
		t.Fatalf("messages (-want +got):\n%s", diff)
	}
	sent, err := alert.Decode(fmt.Appendf(nil, `{"id":%q,"org":{"id":%q},"title":"x","link":%q}`, id, organization, e.messages[0].Alert.Link))
	if err != nil || e.messages[0].Alert.Key() != sent.Key() {
		t.Errorf("the idempotency key is %q, the webhook's is %q (%v)", e.messages[0].Alert.Key(), sent.Key(), err)
	}
}

func TestHandler_Matching(t *testing.T) {
	later := func(d time.Duration) func(*fakedatadog.Event) {
		return func(e *fakedatadog.Event) { e.DateHappened += int64(d.Seconds()) }
	}
	text := func(s string) func(*fakedatadog.Event) { return func(e *fakedatadog.Event) { e.Text = s } }
	for name, tt := range map[string]struct {
		change  func(*fakedatadog.Event)
		known   string        // the form of the key that the ledger knows
		expires time.Duration // of a claim
		matched int
		queued  bool
	}{
		"unknown":                       {matched: 1, queued: true},
		"posted or queued":              {known: organization + ":", expires: time.Hour, matched: 1},
		"posted without organization":   {known: ":", expires: time.Hour, matched: 1},
		"in progress":                   {known: organization + ":", expires: time.Second, matched: 1},
		"claim expired":                 {known: organization + ":", expires: -time.Second, matched: 1, queued: true},
		"no mention":                    {change: text("webhook-boomerang")},
		"another webhook":               {change: text("@webhook-boomerang-staging")},
		"our own event":                 {change: func(e *fakedatadog.Event) { e.Tags = []string{"boomerang", "playbook:default", "enrichment:none"} }},
		"a tag like ours":               {change: func(e *fakedatadog.Event) { e.Tags = append(e.Tags, "boomerang") }, matched: 1, queued: true},
		"no monitor":                    {change: func(e *fakedatadog.Event) { e.Tags, e.MonitorID = nil, 0 }},
		"before the initial lookback":   {change: later(-44 * time.Minute)},
		"start of the lookback":         {change: later(-43 * time.Minute), matched: 1, queued: true},
		"end of the window":             {change: later(17 * time.Minute), matched: 1, queued: true},
		"a second younger than allowed": {change: later(17*time.Minute + time.Second)},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEnv(t)
			var ids []string
			id := e.addAlert(20*time.Minute, func(event *fakedatadog.Event) {
				if tt.change != nil {
					tt.change(event)
				}
			})
			e.known[tt.known+id] = start.Add(tt.expires)
			level := "INFO"
			if tt.queued {
				ids, level = []string{id}, "WARN"
			}
			if got := e.run(""); got.Matched != tt.matched || got.Missing != len(ids) || got.Level != level {
				t.Errorf("logged %+v", got)
			}
			e.checkQueued(ids...)
		})
	}
}

func TestHandler_EachAlertOnce(t *testing.T) {
	e := newEnv(t)
	first, atEnd := e.addAlert(10*time.Minute), e.addAlert(3*time.Minute)
	e.run("")
	late := e.addAlert(12 * time.Minute) // The stream did not show it before.
	e.advance(5 * time.Minute)
	second := e.addAlert(4 * time.Minute)
	if got := e.run(""); got.Matched != 4 || got.Missing != 2 || !got.From.Equal(start.Add(-13*time.Minute)) {
		t.Errorf("logged %+v, want an overlap", got)
	}
	e.advance(5 * time.Minute)
	e.run("")
	e.checkQueued(first, atEnd, late, second)
}

func TestHandler_OldestFirst(t *testing.T) {
	e := newEnv(t)
	recovered, triggered := e.addAlert(5*time.Minute), e.addAlert(20*time.Minute)
	e.run("")
	if len(e.messages) != 2 || e.messages[0].Alert.ID != triggered || e.messages[1].Alert.ID != recovered {
		t.Errorf("queued %+v", e.messages)
	}
}

func TestHandler_Pages(t *testing.T) {
	e := newEnv(t)
	var ids []string
	for i := range 2500 {
		ids = append(ids, e.addAlert(time.Hour-time.Duration(i)*time.Second))
	}
	for _, id := range ids[:500] {
		e.know(organization + ":" + id)
	}
	if got := e.run(""); got.Matched < 2500 || got.Queued != 2000 {
		t.Errorf("logged %+v", got)
	}
	e.checkQueued(ids[500:]...)
}

func TestHandler_Downtime(t *testing.T) {
	for name, tt := range map[string]struct {
		down   time.Duration
		ages   []time.Duration // of alerts; those above maxLookback are not found
		gap    time.Duration
		level  string
		queued int
	}{
		"hours":       {5 * time.Hour, []time.Duration{5 * time.Hour, time.Hour}, 0, "WARN", 2},
		"over a day":  {30 * time.Hour, []time.Duration{29 * time.Hour, 24 * time.Hour}, 6 * time.Hour, "ERROR", 1},
		"wrong clock": {-time.Hour, []time.Duration{5 * time.Minute}, 0, "WARN", 1},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEnv(t)
			e.run("")
			e.advance(tt.down)
			var ids []string
			for _, age := range tt.ages {
				ids = append(ids, e.addAlert(age))
			}
			if got := e.run(""); got.Gap != tt.gap.Seconds() || got.Lag != 0 || got.Level != tt.level {
				t.Errorf("logged %+v", got)
			}
			e.checkQueued(ids[len(ids)-tt.queued:]...)
		})
	}
}

func TestHandler_Deadline(t *testing.T) {
	e := newEnv(t)
	if err := e.fake.Inject(fakedatadog.EventsList, fakedatadog.Hang, 1); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), logReserve+50*time.Millisecond)
	defer cancel()
	if err := e.handler.Handle(ctx); err == nil || ctx.Err() != nil {
		t.Errorf("got %v; the invocation: %v", err, ctx.Err())
	}
	if !strings.Contains(e.log.String(), "too long") {
		t.Errorf("logged %s", &e.log)
	}
}

func TestHandler_Metric(t *testing.T) {
	e := newEnv(t)
	e.addAlert(20 * time.Minute)
	e.addAlert(30 * time.Minute)
	for _, want := range [][]string{{"boomerang.reconciled:2|d"}, {}} {
		r := telemetrytest.During(t, func(ctx context.Context) {
			if err := e.handler.Handle(ctx); err != nil {
				t.Error(err)
			}
		})
		got := slices.DeleteFunc(r.Lines(t), func(line string) bool { return strings.HasPrefix(line, "boomerang.ratelimit") })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("metrics (-want +got):\n%s", diff)
		}
	}
}

// The next good run queues what the failed runs did not.
func TestHandler_FailedCalls(t *testing.T) {
	for _, call := range []string{"Events", "Monitor", "NotificationRules", "FilterKnown", "Watermark of reconcile", "SetWatermark of reconcile", "SetWatermark of notification_rules", "Send"} {
		t.Run(call, func(t *testing.T) {
			answers := 0
			for failsAfter(t, call, answers) {
				answers++
			}
			if answers == 0 {
				t.Error("it never failed")
			}
		})
	}
}

// failsAfter lets a call fail after some answers, and reports whether the run made so many.
func failsAfter(t *testing.T, call string, answers int) (failed bool) {
	e := routedEnv(t, `"filter":{"tags":["service:checkout"]},`+toUs)
	e.run("")
	e.handler.orgID.Store(0) // Let it call Monitor again.
	var ids []string
	e.advance(2 * time.Hour)
	for i := range 8 {
		ids = append(ids, e.addAlert(time.Duration(4+15*i)*time.Minute))
	}
	calls := 0
	e.fails = func(name string) bool {
		if name == call {
			calls++
		}
		return name == call && calls > answers
	}
	if e.handler.Handle(t.Context()) == nil {
		return false
	}
	e.log.Reset()
	e.advance(2 * time.Hour)
	e.run(errDown.Error())
	e.advance(2 * time.Hour)
	e.fails = func(string) bool { return false }
	e.run("")
	e.run("")
	e.checkQueued(ids...)
	return true
}

func TestHandler_FailedFirstRun(t *testing.T) {
	e := newEnv(t)
	id := e.addAlert(50 * time.Minute)
	e.fails = func(call string) bool { return call == "Events" }
	e.run(errDown.Error())
	e.fails = func(string) bool { return false }
	e.advance(3 * time.Hour)
	e.run("")
	e.checkQueued(id)
}

// The next run queues the alert again under the same key, which is a duplicate.
func TestHandler_FailedMark(t *testing.T) {
	e := newEnv(t)
	e.fails = func(call string) bool { return call == "MarkQueued" }
	first, second := e.addAlert(20*time.Minute), e.addAlert(10*time.Minute)
	if got := e.run(""); got.Queued != 2 || got.Level != "WARN" || !strings.Contains(got.Error, errDown.Error()) {
		t.Errorf("logged %+v", got)
	}
	e.checkQueued(first, second)
}

func TestHandler_MissingPermission(t *testing.T) {
	for route, permission := range map[fakedatadog.Route]string{fakedatadog.EventsList: "events_read", fakedatadog.MonitorGet: "monitors_read"} {
		e := newEnv(t)
		id := e.addAlert(20 * time.Minute)
		if err := e.fake.Inject(route, fakedatadog.Forbidden, 1); err != nil {
			t.Fatal(err)
		}
		e.run(permission)
		e.checkQueued()
		e.run("")
		e.checkQueued(id)
	}
}
