package handler_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/queue"
)

func TestHandler_queues_an_alert_that_never_arrived(t *testing.T) {
	w := newWorld(t)
	e := w.alert(20 * time.Minute)
	e.Title = "[P2] [Warn on {host:web-1}] Checkout is slow"
	e.Host, e.AlertType, e.MonitorGroups = "web-1", "warning", []string{"host:web-1,env:prod"}
	id := w.datadog.AddEvent(e)
	got := w.runs()
	want := record{
		Msg: "reconcile", Level: "WARN", Read: 1, Named: 1, Missing: 1, Queued: 1,
		From: start.Add(-63 * time.Minute), To: start.Add(-3 * time.Minute),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}

	messages := w.takes()
	if diff := cmp.Diff([]queue.Message{{
		Version: queue.Version, ReceivedAt: start, Reason: "the ledger does not know it", MaybePosted: true,
		Alert: alert.Alert{
			ID: id, OrgID: organisation, MonitorID: "4711",
			Title: e.Title, Message: e.Text, Tags: alert.Tags{"monitor", "service:checkout"},
			Priority: "P2", Transition: alert.Warn, Type: "warning", EventPriority: "normal",
			Scope: "host:web-1,env:prod", Hostname: "web-1",
			Date: start.Add(-20 * time.Minute), Link: "https://app.datadoghq.com/event/event?event_id=" + id,
		},
	}}, messages); diff != "" {
		t.Fatalf("messages (-want +got):\n%s", diff)
	}
	sent, err := alert.Decode(fmt.Appendf(nil, `{"id":%q,"org":{"id":%q},"title":"x"}`, id, organisation))
	if err != nil || messages[0].Alert.Key() != sent.Key() {
		t.Errorf("the ledger's key is %q, and the webhook's own would be %q (%v)", messages[0].Alert.Key(), sent.Key(), err)
	}
}

func TestHandler_leaves_alone_what_is_not_missing(t *testing.T) {
	for name, prepare := range map[string]func(w *world, id string){
		"an alert that is posted":                   func(w *world, id string) { w.arrived(organisation + ":" + id) },
		"one whose payload carried no organisation": func(w *world, id string) { w.arrived(":" + id) },
		"one that is being worked on": func(w *world, id string) {
			_, _ = w.ledger.Claim(w.Context(), organisation+":"+id, start.Add(time.Second))
		},
		"one that waits in the queue": func(w *world, id string) { _ = w.ledger.MarkQueued(w.Context(), organisation+":"+id) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			prepare(w, w.fires(20*time.Minute))
			if r := w.runs(); r.Named != 1 || r.Missing != 0 || r.Level != "INFO" {
				t.Errorf("logged %+v", r)
			}
			w.takesOnly()
		})
	}
	for name, change := range map[string]func(*fakedatadog.Event){
		"an event that names nobody":              func(e *fakedatadog.Event) { e.Text = "webhook-boomerang" },
		"an alert of another webhook":             func(e *fakedatadog.Event) { e.Text = "@webhook-boomerang-staging" },
		"an event of our own, whatever it says":   func(e *fakedatadog.Event) { e.Tags = append(e.Tags, "boomerang") },
		"an event that no monitor sent":           func(e *fakedatadog.Event) { e.Tags, e.MonitorID = nil, 0 },
		"an alert that Datadog may still deliver": func(e *fakedatadog.Event) { e.DateHappened += int64((17*time.Minute + time.Second).Seconds()) },
		"an alert from before the first look":     func(e *fakedatadog.Event) { e.DateHappened -= 44 * 60 },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			e := w.alert(20 * time.Minute)
			change(&e)
			w.datadog.AddEvent(e)
			if r := w.runs(); r.Named != 0 {
				t.Errorf("logged %+v", r)
			}
			w.takesOnly()
		})
	}
	t.Run("a claim whose run crashed stands for nothing", func(t *testing.T) {
		w := newWorld(t)
		id := w.fires(20 * time.Minute)
		if _, err := w.ledger.Claim(t.Context(), organisation+":"+id, start.Add(-time.Second)); err != nil {
			t.Fatal(err)
		}
		w.runs()
		w.takesOnly(id)
	})
}

func TestHandler_finds_each_alert_once(t *testing.T) {
	w := newWorld(t)
	first := w.fires(10 * time.Minute)
	onTheEdge := w.fires(3 * time.Minute)
	w.runs()
	w.Advance(5 * time.Minute)
	second := w.fires(4 * time.Minute)
	if r := w.runs(); r.Named != 3 || r.Missing != 1 || !r.From.Equal(start.Add(-13*time.Minute)) {
		t.Errorf("the second run logged %+v, want the window to overlap with the first", r)
	}
	w.Advance(5 * time.Minute)
	w.runs()
	w.takesOnly(first, onTheEdge, second)
}

func TestHandler_queues_the_oldest_first(t *testing.T) {
	w := newWorld(t)
	recovered, triggered := w.fires(5*time.Minute), w.fires(20*time.Minute)
	w.runs()
	var order []string
	for _, m := range w.takes() {
		order = append(order, m.Alert.ID)
	}
	if diff := cmp.Diff([]string{triggered, recovered}, order); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestHandler_finds_what_came_into_the_stream_late(t *testing.T) {
	w := newWorld(t)
	w.runs()
	late := w.fires(12 * time.Minute)
	w.Advance(5 * time.Minute)
	w.runs()
	w.takesOnly(late)
}

func TestHandler_reads_every_page(t *testing.T) {
	w := newWorld(t)
	var ids []string
	for i := range 2500 {
		ids = append(ids, w.fires(time.Hour-time.Duration(i)*time.Second))
	}
	for _, id := range ids[:500] {
		w.arrived(organisation + ":" + id)
	}
	if r := w.runs(); r.Named < 2500 || r.Queued != 2000 {
		t.Errorf("logged %+v", r)
	}
	w.takesOnly(ids[500:]...)
}

func TestHandler_catches_up_after_hours(t *testing.T) {
	w := newWorld(t)
	w.runs()
	w.Advance(5 * time.Hour)
	early, late := w.fires(5*time.Hour), w.fires(time.Hour)
	if r := w.runs(); r.NeverRead != 0 || r.Behind != 0 {
		t.Errorf("logged %+v", r)
	}
	w.takesOnly(early, late)
}

func TestHandler_says_what_it_will_never_read(t *testing.T) {
	w := newWorld(t)
	w.runs()
	w.Advance(30 * time.Hour)
	w.fires(29 * time.Hour)
	found := w.fires(24 * time.Hour)
	if r := w.runs(); r.Level != "ERROR" || r.NeverRead != (6*time.Hour).Seconds() {
		t.Errorf("logged %+v", r)
	}
	w.takesOnly(found)
}

func TestHandler_survives_a_clock_that_was_wrong(t *testing.T) {
	w := newWorld(t)
	if err := w.ledger.SetWatermark(t.Context(), "reconcile", start.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	id := w.fires(5 * time.Minute)
	w.runs()
	w.takesOnly(id)
}

func TestHandler_logs_no_words_of_an_alert(t *testing.T) {
	w := newWorld(t)
	w.fires(20 * time.Minute)
	if err := w.handler.Handle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(w.log.String(), "Checkout") || strings.Contains(w.log.String(), "deploys") {
		t.Errorf("logged %s", w.log)
	}
}

func TestHandler_logs_a_run_that_does_not_end(t *testing.T) {
	w := newWorld(t)
	if err := w.datadog.Inject(fakedatadog.EventsList, fakedatadog.Hang, 1); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2050*time.Millisecond)
	defer cancel()
	if err := w.handler.Handle(ctx); err == nil || ctx.Err() != nil {
		t.Errorf("got %v; the invocation's own end: %v", err, ctx.Err())
	}
	if r := w.record(); !strings.Contains(r.Error, "too long") {
		t.Errorf("logged %+v", r)
	}
}
