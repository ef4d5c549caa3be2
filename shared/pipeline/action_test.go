package pipeline_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
	"boomerang/shared/pipeline"
	"boomerang/shared/queue"
)

var (
	opening = ofCycle("1", alert.Triggered)
	again   = ofCycle("2", alert.Renotify)
	closing = ofCycle("3", alert.Recovered)
)

// A step of then that fails for now waits in the queue, by itself.
func TestAction_Retry(t *testing.T) {
	withDesk(t, deskBook, func(e *env, d *desk) {
		busy := *down
		busy.RetryAfter = time.Minute
		d.fails = []error{&busy, down, down}
		o := e.run(opening, pipeline.Posted)
		if diff := cmp.Diff([]pipeline.ActionResult{{Playbook: "shop", Step: "open", Result: "queued", Error: busy.Error()}}, o.Actions); diff != "" {
			e.Errorf("actions (-want +got):\n%s", diff)
		}
		want := queue.Message{
			Alert: opening, ReceivedAt: time.Now(), MaybePosted: true, Reason: "the step open of the playbook shop: the service answered 503",
			Action: &queue.Action{
				Action: enrich.Action{Playbook: "shop", Step: "open", Kind: "desk", With: "text: open for x1\n", Once: true, Keep: map[string]string{"ticket": "{{ .steps.open.number }}"}},
				Posted: o.Posted, Title: "x1",
			},
		}
		if diff := cmp.Diff([]queue.Message{want}, e.sent); diff != "" || e.delays[0] != time.Minute {
			e.Fatalf("after %v (-want +got):\n%s", e.delays, diff)
		}
		e.run(opening, pipeline.Duplicate) // A repeated delivery changes nothing.
		for range 2 {
			time.Sleep(pipeline.VisibilityTimeout)
			_, err := pipeline.New(e.Config).Redeliver(e.Context(), want)
			if !fault.IsTemporary(err) || fault.Public(err) != want.Reason {
				e.Errorf("still down: %v", err)
			}
		}
		time.Sleep(pipeline.VisibilityTimeout)
		o = e.redeliver(want, pipeline.Acted)
		if o.Posted.ID != "1" || o.Playbook != "shop" || len(o.Actions) != 1 || o.Actions[0].Result != "done" {
			e.Errorf("got %+v", o)
		}
		e.redeliver(want, pipeline.Acted) // SQS may deliver it twice.
		e.wantCalls(d, slices.Repeat([]string{"open for x1"}, 4)...)
		if keys := slices.Compact(slices.Clone(d.keys)); len(keys) != 1 || keys[0] == "" || len(e.events) != 1 || len(e.sent) != 1 {
			e.Errorf("the keys are %q, %d events, %d messages", d.keys, len(e.events), len(e.sent))
		}
		e.run(closing, pipeline.Posted)
		e.wantCalls(d, append(slices.Repeat([]string{"open for x1"}, 4), "close OPS-1")...)
	})
}

// An action that waits and has nothing to do in the end is not counted as done.
func TestAction_SkippedInQueue(t *testing.T) {
	e, d := newDeskEnv(t, deskBook)
	d.fails = []error{down, enrich.Skip("nothing to do")}
	e.run(opening, pipeline.Posted)
	o := e.redeliver(e.sent[0], pipeline.Acted)
	if want := []pipeline.ActionResult{{Playbook: "shop", Step: "open", Result: "skipped"}}; !cmp.Equal(want, o.Actions) || o.HasOpenActions() {
		t.Errorf("actions %+v, open: %v", o.Actions, o.HasOpenActions())
	}
}

// Neither what is refused nor what is skipped waits.
func TestAction_Refused(t *testing.T) {
	e, d := newDeskEnv(t, deskBook)
	d.fails = []error{refused, enrich.Skip("nothing to do")}
	o := e.run(opening, pipeline.Posted)
	if len(e.sent) > 0 || len(o.Actions) != 1 || o.Actions[0].Result != "refused" || o.Actions[0].Step != "open" || o.Actions[0].Playbook != "shop" {
		t.Errorf("queued %+v, actions %+v", e.sent, o.Actions)
	}
	// Another alert of the cycle may do it, and the recovery waits for nothing.
	if o = e.run(again, pipeline.Posted); len(o.Actions) > 0 {
		t.Errorf("skipped: %+v", o.Actions)
	}
	e.run(ofCycle("4", alert.Renotify), pipeline.Posted)
	e.run(closing, pipeline.Posted)
	e.wantCalls(d, "open for x1", "open for x2", "open for x4", "close OPS-1")
}

// Of one cycle, one alert opens a ticket, however many come at once.
func TestAction_Once(t *testing.T) {
	e, d := newDeskEnv(t, deskBook)
	e.run(opening, pipeline.Posted)
	o := e.run(again, pipeline.Posted)
	if s := o.Steps[1]; s.Status != enrich.Skipped || s.Err.Error() != "it was done before" {
		t.Errorf("a second time: %+v", s)
	}
	if title := o.Event.Headline(); title != "x2 OPS-1" {
		t.Errorf("the event has the title %q", title)
	}
	other := ofCycle("5", alert.Triggered)
	other.CycleKey = "d"
	e.run(other, pipeline.Posted)
	e.run(closing, pipeline.Posted)
	e.wantCalls(d, "open for x1", "open for x5", "close OPS-1")

	withDesk(t, deskBook, func(e *env, d *desk) {
		d.fails = []error{down}
		e.run(opening, pipeline.Posted)
		if s := e.run(again, pipeline.Posted).Steps[1]; s.Status != enrich.Skipped || s.Err.Error() != "it runs once a cycle, and another alert of the cycle runs it" {
			e.Errorf("while the first waits: %+v", s)
		}
		e.drain(d)
		e.wantCalls(d, "open for x1", "open for x1")
	})
}

// A recovery closes the ticket of its cycle, whenever it comes.
func TestAction_Recovery(t *testing.T) {
	for name, run := range map[string]func(e *env, d *desk){
		"after the action": func(e *env, d *desk) {
			e.run(opening, pipeline.Posted)
			e.run(closing, pipeline.Posted)
		},
		"while the action waits": func(e *env, d *desk) {
			d.fails = []error{down, down, down}
			e.run(opening, pipeline.Posted)
			o := e.run(closing, pipeline.Posted)
			if len(o.Actions) != 1 || o.Actions[0].Result != "queued" || e.sent[1].Action.With != "" {
				e.Errorf("the recovery: %+v, %+v", o.Actions, e.sent[1].Action)
			}
			if want := "the step close of the playbook shop: it waits for ticket, which a step of an earlier notification has still to keep"; e.sent[1].Reason != want {
				e.Errorf("the reason is %q", e.sent[1].Reason)
			}
		},
		"while the alert waits": func(e *env, d *desk) {
			e.fails["post"] = down
			e.run(opening, pipeline.Queued)
			clear(e.fails)
			e.run(closing, pipeline.Posted)
		},
		"while the action waits, and another alert of the cycle does not act": func(e *env, d *desk) {
			d.fails = []error{down}
			e.run(opening, pipeline.Posted)
			quiet := again
			quiet.Title = "no ticket"
			e.run(quiet, pipeline.Posted)
			e.run(closing, pipeline.Posted)
		},
		"while both wait": func(e *env, d *desk) {
			e.fails["post"] = down
			e.run(opening, pipeline.Queued)
			e.run(closing, pipeline.Queued)
			clear(e.fails)
			slices.Reverse(e.sent)
		},
		"during the action": func(e *env, d *desk) {
			d.during = func() {
				d.during = nil
				d.mu.Unlock()
				defer d.mu.Lock()
				e.run(closing, pipeline.Posted)
			}
			e.run(opening, pipeline.Posted)
		},
		"and its own action waits": func(e *env, d *desk) {
			e.run(opening, pipeline.Posted)
			d.fails = []error{down, down}
			e.run(closing, pipeline.Posted)
			if got := e.sent[0].Action.With; got != "text: close OPS-1\n" {
				e.Errorf("queued %q", got)
			}
		},
		"while the ledger is down": func(e *env, d *desk) {
			e.run(opening, pipeline.Posted)
			e.fails["expect"] = down
			e.run(closing, pipeline.Posted)
			clear(e.fails)
		},
		"after the ledger did not keep the number": func(e *env, d *desk) {
			e.fails["keep"] = down
			e.run(opening, pipeline.Posted)
			if diff := cmp.Diff(map[string]string{"ticket": "OPS-1"}, e.sent[0].Action.Kept); diff != "" {
				e.Errorf("queued (-want +got):\n%s", diff)
			}
			e.run(closing, pipeline.Posted)
			clear(e.fails)
		},
	} {
		t.Run(name, func(t *testing.T) {
			withDesk(t, conditionalBook, func(e *env, d *desk) {
				run(e, d)
				e.drain(d)
				done := slices.DeleteFunc(slices.Clone(d.calls), func(c string) bool { return c == "open for x1" })
				if len(done) == 0 || done[len(done)-1] != "close OPS-1" || slices.Contains(done, "close ") || len(d.tickets) != 1 || len(e.events) < 2 {
					e.Errorf("calls %q, tickets %v, %d events", d.calls, d.tickets, len(e.events))
				}
				if name == "after the ledger did not keep the number" && len(d.calls) != 2 {
					e.Errorf("calls %q", d.calls)
				}
			})
		})
	}
}

// A recovery waits for no action that is over or was never to run, and not for ever.
func TestAction_Recovery_WaitsForNothing(t *testing.T) {
	for name, run := range map[string]func(e *env, d *desk){
		"no trigger":          func(*env, *desk) {},
		"the step is refused": func(e *env, d *desk) { d.fails = []error{refused}; e.run(opening, pipeline.Posted) },
		"the step is skipped": func(e *env, d *desk) { d.fails = []error{enrich.Skip("x")}; e.run(opening, pipeline.Posted) },
		"its message is given up": func(e *env, d *desk) {
			d.fails = []error{down}
			e.run(opening, pipeline.Posted)
			var o pipeline.Outcome
			pipeline.New(e.Config).GiveUp(e.Context(), e.sent[0], &o)
			if len(o.Actions) != 1 || o.Actions[0].Result != "dead_letter" || len(o.Warnings) > 0 {
				e.Errorf("given up: %+v", o)
			}
			e.sent = nil
		},
		"its condition is false": func(e *env, d *desk) {
			a := opening
			a.Title = "no ticket"
			e.run(a, pipeline.Posted)
		},
	} {
		t.Run(name, func(t *testing.T) {
			e, d := newDeskEnv(t, conditionalBook)
			run(e, d)
			d.calls = nil
			e.run(closing, pipeline.Posted)
			e.wantCalls(d, "close ")
			// What was given up can be done again.
			e.run(again, pipeline.Posted)
			e.wantCalls(d, "close ", "open for x2")
		})
	}
}
