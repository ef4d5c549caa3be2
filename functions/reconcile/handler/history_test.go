package handler

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/datadog"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/memory"
)

// newHistoryEnv is an env whose handler fills the history. All its alerts have arrived.
func newHistoryEnv(t *testing.T) *env {
	e := newEnv(t)
	e.past = map[string][]memory.Cycle{}
	e.handler.historyRead.Store(false)
	return e
}

const day = 24 * time.Hour

// notify adds a notification of a group, so long before the start.
func (e *env) notify(before time.Duration, state, group string, changes ...func(*fakedatadog.Event)) {
	id := e.addAlert(before+e.now().Sub(start), append(changes, func(event *fakedatadog.Event) {
		event.Title, event.MonitorGroups = fmt.Sprintf("[%s on {%s}] Checkout is slow", state, group), []string{group}
	})...)
	e.know(organization + ":" + id)
}

func keyOfGroup(group string) string { return fmt.Sprintf("%s:%d:%s", organization, monitorID, group) }

func past(before, lasted time.Duration, notified int) memory.Cycle {
	return memory.Cycle{Began: start.Add(-before), Lasted: lasted, Notified: notified}
}

func TestHandler_History(t *testing.T) {
	e := newHistoryEnv(t)
	e.notify(31*day, "Triggered", "host:a")
	e.notify(31*day-time.Hour, "Recovered", "host:a")
	e.notify(20*day, "Triggered", "host:a")
	e.notify(20*day-time.Minute, "Triggered", "host:b")
	e.notify(20*day-30*time.Minute, "Re-Triggered", "host:a")
	e.notify(20*day-time.Hour, "Recovered", "host:a")
	e.notify(10*day, "Warn", "host:a")
	e.notify(10*day-10*time.Minute, "Triggered", "host:a")
	e.notify(9*day, "Recovered", "host:a")
	e.notify(8*day, "No data", "host:b,env:prod")
	e.notify(8*day-time.Minute, "Recovered", "host:b,env:prod")
	e.notify(7*day, "Recovered", "host:c")
	e.notify(6*day, "Triggered", "host:d", func(event *fakedatadog.Event) { event.Text = "@webhook-other" })
	e.notify(6*day-time.Hour, "Recovered", "host:d", func(event *fakedatadog.Event) { event.Text = "@webhook-other" })
	e.notify(time.Hour, "Triggered", "host:a")
	e.notify(30*time.Minute, "Recovered", "host:a")
	// The webhook has added this one already, and knows more.
	live := past(time.Hour, 30*time.Minute, 1)
	live.Recovered = true
	e.past[keyOfGroup("host:a")] = []memory.Cycle{live}

	remembered := 0
	for range 2 {
		got := e.run("")
		if remembered += got.Remembered; got.Level != "INFO" || got.Missing != 0 {
			t.Errorf("logged %+v", got)
		}
	}
	if remembered != 4 || !e.watermarks[historyReader].Equal(historyRead) {
		t.Errorf("%d cycles, read to %v", remembered, e.watermarks[historyReader])
	}
	want := map[string][]memory.Cycle{
		keyOfGroup("host:a"):          {past(20*day, time.Hour, 2), past(10*day, day, 2), live},
		keyOfGroup("env:prod,host:b"): {past(8*day, time.Minute, 1)},
	}
	if diff := cmp.Diff(want, e.past); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
	e.notify(-time.Minute, "Triggered", "host:z")
	e.advance(time.Hour)
	e.notify(-2*time.Minute, "Recovered", "host:z")
	if got := e.run(""); got.Remembered != 0 || len(e.past) != 2 {
		t.Errorf("it goes on after it was done: %+v, %v", got, e.past)
	}
}

// Each run reads some pages, and the next continues. A failure repeats a part, which
// changes nothing.
func TestHandler_History_Runs(t *testing.T) {
	for name, fails := range map[string]string{
		"all good": "", "the stream": "Events", "the read": "History", "the write": "AddToHistory",
		"the watermark": "Watermark of history", "the new watermark": "SetWatermark of history",
	} {
		t.Run(name, func(t *testing.T) {
			e := newHistoryEnv(t)
			const cycles = 60
			want := []memory.Cycle{}
			for i := range cycles {
				before := 29*day - time.Duration(i)*11*time.Hour
				e.notify(before, "Triggered", "host:a")
				e.notify(before-5*time.Hour, "Recovered", "host:a")
				want = append(want, past(before, 5*time.Hour, 1))
			}
			e.run("") // Fills in part: a slice takes two pages.
			if len(e.past) == 0 || e.watermarks[historyReader].Equal(historyRead) {
				t.Fatalf("the first run came to %v, and remembers %d groups", e.watermarks[historyReader], len(e.past))
			}
			calls := 0
			e.fails = func(call string) bool {
				if call == fails {
					calls++
				}
				return call == fails && calls == 4
			}
			for range 6 {
				e.advance(5 * time.Minute)
				if got := e.handler.Handle(t.Context()); got != nil && fails != "Events" {
					t.Fatal(got)
				}
			}
			if diff := cmp.Diff(want[cycles-memory.MaxCycles:], e.past[keyOfGroup("host:a")]); diff != "" || !e.watermarks[historyReader].Equal(historyRead) {
				t.Errorf("read to %v (-want +got):\n%s", e.watermarks[historyReader], diff)
			}
		})
	}
}

func TestHandler_History_Pages(t *testing.T) {
	e := newHistoryEnv(t)
	counter := &countedReads{Datadog: e}
	e.handler.Datadog = counter
	e.run("")
	if most := maxHistoryPages + 10; counter.reads > most {
		t.Errorf("%d lists in one run, want at most %d", counter.reads, most)
	}
	// A failure of the history is a warning, and the run does its work all the same.
	e.fails = func(call string) bool { return call == "Watermark of history" }
	id := e.addAlert(4 * time.Minute)
	e.advance(5 * time.Minute)
	if got := e.run(""); got.Level != "WARN" || got.Queued != 1 || !strings.Contains(got.Error, errDown.Error()) {
		t.Errorf("logged %+v", got)
	}
	e.checkQueued(id)
}

type countedReads struct {
	Datadog
	reads int
}

func (c *countedReads) Events(ctx context.Context, q datadog.EventQuery) ([]datadog.Event, error) {
	c.reads++
	return c.Datadog.Events(ctx, q)
}
