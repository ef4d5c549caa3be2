package handler_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"boomerang/functions/reconcile/handler"
	"boomerang/shared/datadog"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/fault"
)

// flood is a stream of events at a steady pace, of which every hundredth is an
// alert for us. It answers as Datadog does: newest first, in pages.
type flood struct {
	every    time.Duration
	from     time.Time
	pageSize int
	// tooLarge is a number of events that does not fit into one answer.
	tooLarge int
	calls    int
}

func (f *flood) event(n int) datadog.Event {
	e := datadog.Event{
		ID: fmt.Sprint(8_306_082_202_796_025_001 + n), Happened: f.from.Add(time.Duration(n) * f.every),
		Tags: []string{"monitor"}, MonitorID: monitorID, Text: "@slack-ops",
	}
	if n%100 == 0 {
		e.Text = "@webhook-boomerang"
	}
	return e
}

func (f *flood) Events(_ context.Context, q datadog.EventQuery) ([]datadog.Event, error) {
	f.calls++
	first := max(0, int((q.Start.Sub(f.from)+f.every-1)/f.every))
	last := int(q.End.Sub(f.from) / f.every)
	last -= q.Page * f.pageSize
	if f.tooLarge > 0 && min(f.pageSize, last-first+1) >= f.tooLarge {
		return nil, fault.New(fault.Permanent, "Datadog's answer is too large to list events", &datadog.Error{Op: "list events", Status: 200})
	}
	var events []datadog.Event
	for n := last; n >= first && len(events) < f.pageSize; n-- {
		events = append(events, f.event(n))
	}
	return events, nil
}

// ids of all alerts for us from one time to another.
func (f *flood) ids(from, to time.Time) []string {
	var ids []string
	for n := 0; ; n++ {
		e := f.event(n)
		if e.Happened.After(to) {
			return ids
		}
		if n%100 == 0 && !e.Happened.Before(from) {
			ids = append(ids, e.ID)
		}
	}
}

func TestHandler_leaves_to_the_next_run_what_is_too_much_for_one(t *testing.T) {
	stream := &flood{every: 100 * time.Millisecond, from: start.Add(-13 * time.Hour), pageSize: 1000}
	w := newWorld(t, func(w *world) { w.conf.Stream = stream })
	mark := start.Add(-12 * time.Hour)
	if err := w.ledger.SetWatermark(t.Context(), "reconcile", mark); err != nil {
		t.Fatal(err)
	}
	runs := 0
	for behind := 1.0; behind > 0; runs++ {
		calls := stream.calls
		r := w.runs()
		if behind = r.Behind; behind > 0 && r.Level != "WARN" {
			t.Errorf("logged %+v, want a warning that it does not keep up", r)
		}
		if used := stream.calls - calls; used > 120 {
			t.Errorf("a run read %d pages", used)
		}
		if runs > 50 {
			t.Fatal("it never comes to the end")
		}
	}
	if runs < 3 {
		t.Errorf("all was read in %d runs: this tests nothing", runs)
	}
	w.takesOnly(stream.ids(mark.Add(-10*time.Minute), start.Add(-3*time.Minute))...)
}

func TestHandler_reads_in_shorter_slices_what_is_too_much_at_once(t *testing.T) {
	for name, stream := range map[string]*flood{
		"more pages than are read at a time": {every: 20 * time.Millisecond, pageSize: 200},
		"a page too large to be taken":       {every: 200 * time.Millisecond, pageSize: 1000, tooLarge: 900},
	} {
		t.Run(name, func(t *testing.T) {
			stream.from = start.Add(-10 * time.Minute)
			w := newWorld(t, func(w *world) { w.conf.Stream = stream })
			for w.runs().Behind > 0 {
			}
			w.takesOnly(stream.ids(stream.from, start.Add(-3*time.Minute))...)
		})
	}
	t.Run("a second that is too much by itself is an error, and nothing is skipped", func(t *testing.T) {
		stream := &flood{every: 100 * time.Microsecond, from: start.Add(-4 * time.Minute), pageSize: 100}
		w := newWorld(t, func(w *world) { w.conf.Stream = stream })
		for runs := 0; w.handler.Handle(t.Context()) == nil; runs++ {
			if runs > 5 {
				t.Fatal("it does not fail")
			}
			w.record()
		}
		if r := w.record(); !strings.Contains(r.Error, "more alerts within a second") || r.To.After(stream.from) {
			t.Errorf("logged %+v", r)
		}
		mark, err := w.ledger.Watermark(t.Context(), "reconcile")
		if err != nil || mark.After(stream.from) {
			t.Errorf("the watermark is at %s, %v", mark, err)
		}
	})
}

// A run whose pages are used up inside the overlap would be followed by runs that
// begin and end where it did.
func TestHandler_gets_beyond_what_it_reads_again(t *testing.T) {
	stream := &flood{every: 50 * time.Millisecond, from: start.Add(-30 * time.Minute), pageSize: 50}
	w := newWorld(t, func(w *world) { w.conf.Stream = stream })
	if err := w.ledger.SetWatermark(t.Context(), "reconcile", start.Add(-15*time.Minute)); err != nil {
		t.Fatal(err)
	}
	last, runs := start.Add(-15*time.Minute), 0
	for ; ; runs++ {
		r := w.runs()
		if r.Behind == 0 {
			break
		}
		if !r.To.After(last) {
			t.Fatalf("a run ended at %s, as the one before it", r.To)
		}
		last = r.To
	}
	if runs > 8 {
		t.Errorf("12 minutes took %d runs: what is read again counts against what is new", runs)
	}
	w.takesOnly(stream.ids(start.Add(-25*time.Minute), start.Add(-3*time.Minute))...)
}

func TestHandler_gives_an_alert_the_key_that_the_webhook_would_have_given_it(t *testing.T) {
	key := func(t *testing.T, w *world) string {
		t.Helper()
		messages := w.takes()
		if len(messages) != 1 {
			t.Fatalf("%d messages", len(messages))
		}
		return messages[0].Alert.Key()
	}
	t.Run("without an organisation where the others came without", func(t *testing.T) {
		w := newWorld(t)
		for i := range 3 {
			w.arrived(":" + w.fires(time.Duration(30+i)*time.Minute))
		}
		w.arrived(organisation + ":" + w.fires(40*time.Minute))
		id := w.fires(20 * time.Minute)
		w.runs()
		if got := key(t, w); got != ":"+id {
			t.Errorf("got %s", got)
		}
	})
	t.Run("with the organisation of a monitor that still exists", func(t *testing.T) {
		w := newWorld(t)
		deleted := w.alert(30 * time.Minute)
		deleted.MonitorID = 4712
		w.arrived(organisation + ":" + w.datadog.AddEvent(deleted))
		id := w.fires(20 * time.Minute)
		w.runs()
		if got := key(t, w); got != organisation+":"+id {
			t.Errorf("got %s", got)
		}
	})
	t.Run("with the organisation that an earlier run learned", func(t *testing.T) {
		w := newWorld(t)
		w.arrived(organisation + ":" + w.fires(30*time.Minute))
		w.runs()
		w.Advance(30 * time.Minute)
		deleted := w.alert(20 * time.Minute)
		deleted.MonitorID = 4712
		id := w.datadog.AddEvent(deleted)
		w.runs()
		if got := key(t, w); got != organisation+":"+id {
			t.Errorf("got %s", got)
		}
		asked := 0
		for _, request := range w.datadog.Requests() {
			if request.Route == fakedatadog.MonitorGet {
				asked++
			}
		}
		if asked != 1 {
			t.Errorf("monitors were asked %d times for an organisation that never changes", asked)
		}
	})
	t.Run("without one when nobody can tell, for a double beats a loss", func(t *testing.T) {
		w := newWorld(t)
		deleted := w.alert(20 * time.Minute)
		deleted.MonitorID = 4712
		id := w.datadog.AddEvent(deleted)
		w.runs()
		if got := key(t, w); got != ":"+id {
			t.Errorf("got %s", got)
		}
	})
}

var _ handler.Stream = (*flood)(nil)
