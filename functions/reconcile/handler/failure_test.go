package handler_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"boomerang/functions/reconcile/handler"
	"boomerang/shared/datadog"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/queue"
)

var errDown = errors.New("it is down")

// broken is a part of the world that answers so many calls and fails then, until
// it is mended.
type broken struct {
	answers, calls int
	mended         bool
}

func (b *broken) fail() error {
	b.calls++
	if !b.mended && b.calls > b.answers {
		return errDown
	}
	return nil
}

type brokenStream struct {
	*broken
	handler.Stream
}

func (s brokenStream) Events(ctx context.Context, q datadog.EventQuery) ([]datadog.Event, error) {
	if err := s.fail(); err != nil {
		return nil, err
	}
	return s.Stream.Events(ctx, q)
}

type brokenMonitors struct {
	*broken
	handler.Monitors
}

func (m brokenMonitors) Monitor(ctx context.Context, id int64, q datadog.MonitorQuery) (datadog.Monitor, error) {
	if err := m.fail(); err != nil {
		return datadog.Monitor{}, err
	}
	return m.Monitors.Monitor(ctx, id, q)
}

type brokenKnown struct {
	*broken
	handler.Ledger
}

func (l brokenKnown) FilterKnown(ctx context.Context, keys ...string) (map[string]bool, error) {
	if err := l.fail(); err != nil {
		return nil, err
	}
	return l.Ledger.FilterKnown(ctx, keys...)
}

type brokenPark struct {
	*broken
	handler.Ledger
}

func (l brokenPark) MarkQueued(ctx context.Context, key string) error {
	if err := l.fail(); err != nil {
		return err
	}
	return l.Ledger.MarkQueued(ctx, key)
}

type brokenWatermark struct {
	*broken
	handler.WatermarkStore
}

func (l brokenWatermark) Watermark(ctx context.Context, name string) (time.Time, error) {
	if err := l.fail(); err != nil {
		return time.Time{}, err
	}
	return l.WatermarkStore.Watermark(ctx, name)
}

type brokenSetWatermark struct {
	*broken
	handler.WatermarkStore
}

func (l brokenSetWatermark) SetWatermark(ctx context.Context, name string, until time.Time) error {
	if err := l.fail(); err != nil {
		return err
	}
	return l.WatermarkStore.SetWatermark(ctx, name, until)
}

type brokenQueue struct {
	*broken
	handler.Queue
}

func (q brokenQueue) Send(ctx context.Context, m queue.Message, delay time.Duration) error {
	if err := q.fail(); err != nil {
		return err
	}
	return q.Queue.Send(ctx, m, delay)
}

// Whatever fails, wherever in a run, and for however long: the next run that does
// not fail finds all that the failed ones did not queue.
func TestHandler_loses_nothing_to_a_failure(t *testing.T) {
	parts := map[string]func(w *world, b *broken){
		"the event stream":      func(w *world, b *broken) { w.conf.Stream = brokenStream{b, w.conf.Stream} },
		"the monitor":           func(w *world, b *broken) { w.conf.Monitors = brokenMonitors{b, w.conf.Monitors} },
		"what the ledger knows": func(w *world, b *broken) { w.conf.Ledger = brokenKnown{b, w.conf.Ledger} },
		"the watermark":         func(w *world, b *broken) { w.conf.Watermarks = brokenWatermark{b, w.conf.Watermarks} },
		"moving the watermark":  func(w *world, b *broken) { w.conf.Watermarks = brokenSetWatermark{b, w.conf.Watermarks} },
		"the queue":             func(w *world, b *broken) { w.conf.Queue = brokenQueue{b, w.conf.Queue} },
	}
	for part, breakIt := range parts {
		t.Run(part, func(t *testing.T) {
			answers := 0
			for failing(t, breakIt, answers) {
				answers++
			}
			if answers == 0 {
				t.Error("it never failed")
			}
		})
	}
}

// failing breaks a part of the world after so many answers, and reports whether
// a run noticed it.
func failing(t *testing.T, breakIt func(w *world, b *broken), answers int) bool {
	b := &broken{mended: true}
	w := newWorld(t, func(w *world) { breakIt(w, b) })
	w.runs()
	*b = broken{answers: answers}
	var ids []string
	w.Advance(2 * time.Hour)
	for i := range 8 {
		ids = append(ids, w.fires(time.Duration(4+15*i)*time.Minute))
	}
	if w.handler.Handle(t.Context()) == nil {
		return false
	}
	w.record()
	w.Advance(2 * time.Hour)
	w.fails(errDown.Error())
	w.Advance(2 * time.Hour)
	b.mended = true
	w.runs()
	w.runs()
	w.takesOnly(ids...)
	return true
}

func TestHandler_remembers_a_first_run_that_failed(t *testing.T) {
	w := newWorld(t)
	id := w.fires(50 * time.Minute)
	if err := w.datadog.Inject(fakedatadog.EventsList, fakedatadog.Status(500), 1); err != nil {
		t.Fatal(err)
	}
	w.fails("500")
	w.Advance(3 * time.Hour)
	w.runs()
	w.takesOnly(id)
}

// A queued alert of which the ledger could not be told is found again, and has the
// same key: the worker sees a duplicate.
func TestHandler_goes_on_when_the_ledger_cannot_be_told(t *testing.T) {
	b := &broken{}
	w := newWorld(t, func(w *world) { w.conf.Ledger = brokenPark{b, w.conf.Ledger} })
	first, second := w.fires(20*time.Minute), w.fires(10*time.Minute)
	if r := w.runs(); r.Queued != 2 || r.Level != "WARN" || !strings.Contains(r.Error, errDown.Error()) {
		t.Errorf("logged %+v", r)
	}
	w.takesOnly(first, second)
}

func TestHandler_says_which_permission_is_missing(t *testing.T) {
	for route, permission := range map[fakedatadog.Route]string{fakedatadog.EventsList: "events_read", fakedatadog.MonitorGet: "monitors_read"} {
		w := newWorld(t)
		id := w.fires(20 * time.Minute)
		if err := w.datadog.Inject(route, fakedatadog.Forbidden, 1); err != nil {
			t.Fatal(err)
		}
		w.fails(permission)
		w.takesOnly()
		w.runs()
		w.takesOnly(id)
	}
}
