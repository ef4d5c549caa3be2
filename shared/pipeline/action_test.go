package pipeline_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
	"boomerang/shared/pipeline"
	"boomerang/shared/playbook"
	"boomerang/shared/queue"
)

// desk is a service of tickets, one for each idempotency key.
type desk struct {
	mu      sync.Mutex
	fails   []error           // of the next calls; nil for none
	tickets map[string]string // numbers by key
	calls   []string          // what was asked for
	keys    []string
	during  func() // called in each call
}

func (d *desk) call(key, text string) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls, d.keys = append(d.calls, text), append(d.keys, key)
	if d.during != nil {
		d.during()
	}
	if len(d.fails) > 0 {
		err := d.fails[0]
		if d.fails = d.fails[1:]; err != nil {
			return "", err
		}
	}
	if !strings.HasPrefix(text, "open") {
		return "", nil
	}
	if d.tickets[key] == "" {
		d.tickets[key] = fmt.Sprintf("OPS-%d", len(d.tickets)+1)
	}
	return d.tickets[key], nil
}

type deskData struct {
	Number string `json:"number"`
}

const deskBook = `
playbooks:
  - name: shop
    steps: [{uses: find}]
    event: {title: "{{ .alert.title }} {{ .cycle.kept.ticket }}"}
    then:
      - name: open
        uses: desk
        on: failure
        once: cycle
        with: {text: "open for {{ .alert.title }}"}
        keep: {ticket: "{{ .steps.open.number }}"}
      - {name: close, uses: desk, on: recovery, with: {text: "close {{ .cycle.kept.ticket }}"}}
`

// conditionalBook opens no ticket for some alerts.
var conditionalBook = strings.Replace(deskBook, "once: cycle", `once: cycle
        when: alert.title != "no ticket"`, 1)

// newDeskEnv is an environment whose playbook opens a ticket and closes it.
func newDeskEnv(t *testing.T, book string) (*env, *desk) {
	e, d := newEnv(t), &desk{tickets: map[string]string{}}
	type with struct {
		Text string `yaml:"text"`
	}
	kinds := []enrich.Kind{
		enrich.KindOf(enrich.Kind{Name: "find"}, func(struct{}, time.Duration) enrich.Step {
			return enrich.StepFunc(func(ctx context.Context, _ alert.Alert) (enrich.Finding, error) {
				return enrich.Finding{}, e.call(ctx, "step")
			})
		}),
		enrich.KindOf(enrich.Kind{Name: "desk", Data: deskData{}}, func(w with, _ time.Duration) enrich.Step {
			return enrich.StepFunc(func(ctx context.Context, _ alert.Alert) (enrich.Finding, error) {
				number, err := d.call(enrich.IdempotencyKey(ctx), w.Text)
				return enrich.Finding{Data: deskData{number}}, err
			})
		}),
	}
	for _, name := range []string{"metric", "monitor", "related_events", "suspects"} {
		kinds = append(kinds, enrich.KindOf(enrich.Kind{Name: name}, func(map[string]string, time.Duration) enrich.Step { return nil }))
	}
	var err error
	if e.Playbooks, err = playbook.Load("desk.yaml", []byte(book), kinds); err != nil {
		t.Fatal(err)
	}
	return e, d
}

func ofCycle(id string, transition alert.Transition) alert.Alert {
	return alert.Alert{ID: id, OrgID: "1", CycleKey: "c", Title: "x" + id, Transition: transition}
}

var (
	opening = ofCycle("1", alert.Triggered)
	again   = ofCycle("2", alert.Renotify)
	closing = ofCycle("3", alert.Recovered)
)

// deliver delivers all messages in the queue once, and those that fail again, until the
// queue is empty. Each must end well in the end.
func (e *env) drain(d *desk) {
	e.Helper()
	for round := 0; len(e.sent) > 0; round++ {
		messages := e.sent
		e.sent, e.delays = nil, nil
		for _, m := range messages {
			if _, err := pipeline.New(e.Config).Redeliver(e.Context(), m); err != nil {
				e.sent = append(e.sent, m)
			}
		}
		if time.Sleep(pipeline.VisibilityTimeout); round > pipeline.MaxReceives {
			e.Fatalf("the queue still has %d messages, such as %+v", len(e.sent), e.sent[0])
		}
	}
}

func (e *env) wantCalls(d *desk, want ...string) {
	e.Helper()
	if diff := cmp.Diff(want, d.calls); diff != "" {
		e.Errorf("calls (-want +got):\n%s", diff)
	}
}

// A step of then that fails for now waits in the queue, by itself.
func TestAction_Retry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, d := newDeskEnv(t, deskBook)
		busy := *down
		busy.RetryAfter = time.Minute
		d.fails = []error{&busy, down, down}
		o := e.run(opening, pipeline.Posted)
		if diff := cmp.Diff([]pipeline.ActionResult{{Playbook: "shop", Step: "open", Result: "queued", Err: &busy}}, o.Actions, cmp.Comparer(func(a, b error) bool { return a.Error() == b.Error() })); diff != "" {
			t.Errorf("actions (-want +got):\n%s", diff)
		}
		want := queue.Message{
			Alert: opening, ReceivedAt: time.Now(), MaybePosted: true, Reason: "the step open of the playbook shop: the service answered 503",
			Action: &queue.Action{
				Action: enrich.Action{Playbook: "shop", Step: "open", Kind: "desk", With: "text: open for x1\n", Once: true, Keep: map[string]string{"ticket": "{{ .steps.open.number }}"}},
				Posted: o.Posted, Title: "x1",
			},
		}
		if diff := cmp.Diff([]queue.Message{want}, e.sent); diff != "" || e.delays[0] != time.Minute {
			t.Fatalf("after %v (-want +got):\n%s", e.delays, diff)
		}
		e.run(opening, pipeline.Duplicate) // A repeated delivery changes nothing.
		for range 2 {
			time.Sleep(pipeline.VisibilityTimeout)
			_, err := pipeline.New(e.Config).Redeliver(t.Context(), want)
			if !fault.IsTemporary(err) || fault.Public(err) != want.Reason {
				t.Errorf("still down: %v", err)
			}
		}
		time.Sleep(pipeline.VisibilityTimeout)
		o = e.redeliver(want, pipeline.Acted)
		if o.Posted.ID != "1" || o.Playbook != "shop" || len(o.Actions) != 1 || o.Actions[0].Result != "done" {
			t.Errorf("got %+v", o)
		}
		e.redeliver(want, pipeline.Acted) // SQS may deliver it twice.
		e.wantCalls(d, slices.Repeat([]string{"open for x1"}, 4)...)
		if keys := slices.Compact(slices.Clone(d.keys)); len(keys) != 1 || keys[0] == "" || len(e.events) != 1 || len(e.sent) != 1 {
			t.Errorf("the keys are %q, %d events, %d messages", d.keys, len(e.events), len(e.sent))
		}
		e.run(closing, pipeline.Posted)
		e.wantCalls(d, append(slices.Repeat([]string{"open for x1"}, 4), "close OPS-1")...)
	})
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

	synctest.Test(t, func(t *testing.T) {
		e, d := newDeskEnv(t, deskBook)
		d.fails = []error{down}
		e.run(opening, pipeline.Posted)
		if s := e.run(again, pipeline.Posted).Steps[1]; s.Status != enrich.Skipped || s.Err.Error() != "it runs once a cycle, and another alert of the cycle runs it" {
			t.Errorf("while the first waits: %+v", s)
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
			synctest.Test(t, func(t *testing.T) {
				e, d := newDeskEnv(t, conditionalBook)
				run(e, d)
				e.drain(d)
				done := slices.DeleteFunc(slices.Clone(d.calls), func(c string) bool { return c == "open for x1" })
				if len(done) == 0 || done[len(done)-1] != "close OPS-1" || slices.Contains(done, "close ") || len(d.tickets) != 1 || len(e.events) < 2 {
					t.Errorf("calls %q, tickets %v, %d events", d.calls, d.tickets, len(e.events))
				}
				if name == "after the ledger did not keep the number" && len(d.calls) != 2 {
					t.Errorf("calls %q", d.calls)
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

// The next attempt of a run that ended between the post and its actions acts, and posts
// nothing.
func TestAction_Crash(t *testing.T) {
	for name, leave := range map[string]func(e *env){
		"after the post": func(e *env) { e.found = earlier },
		"the event is recorded": func(e *env) {
			c := e.claims["1:1"]
			c.posted = earlier
			e.claims["1:1"] = c
		},
	} {
		t.Run(name, func(t *testing.T) {
			e, d := newDeskEnv(t, deskBook)
			e.crashed("1:1")
			leave(e)
			o := e.run(opening, pipeline.Duplicate)
			if o.Posted != earlier || len(e.events) > 0 || !e.claims["1:1"].done {
				t.Errorf("got %+v, posted %d", o.Posted, len(e.events))
			}
			e.wantCalls(d, "open for x1")
			e.run(opening, pipeline.Duplicate)
			e.wantCalls(d, "open for x1")
			e.crashed("1:1") // After the action.
			e.found = earlier
			e.run(opening, pipeline.Duplicate)
			e.wantCalls(d, "open for x1")
		})
	}
	t.Run("an alert without actions costs nothing", func(t *testing.T) {
		e, _ := newDeskEnv(t, "playbooks: [{name: calm, steps: [{uses: find}], then: [{uses: desk, on: recovery}]}]")
		e.crashed("1:1")
		e.found = earlier
		e.run(opening, pipeline.Duplicate)
		e.run(again, pipeline.Posted)
		slices.Sort(e.calls)
		if diff := cmp.Diff([]string{"add notification", "claim", "claim", "complete", "complete", "post", "search", "step"}, e.calls); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

// While the queue is down, the alert is retried: its event is known, and not posted again.
func TestAction_QueueDown(t *testing.T) {
	e, d := newDeskEnv(t, deskBook)
	e.fails["send"], d.fails = down, []error{down}
	_, err := pipeline.New(e.Config).Run(t.Context(), opening)
	if !fault.IsTemporary(err) || !strings.Contains(fault.Public(err), "the step open of the playbook shop could be neither done nor queued") {
		t.Fatalf("got %v", err)
	}
	clear(e.fails)
	e.run(opening, pipeline.Duplicate)
	e.wantCalls(d, "open for x1", "open for x1")
	if len(e.events) != 1 || len(e.searched) > 0 {
		t.Errorf("posted %d, searched %d times", len(e.events), len(e.searched))
	}

	for name, change := range map[string]func(e *env){"no queue": func(e *env) { e.Queue = nil }, "no ledger": func(e *env) { e.Ledger = nil; e.fails["send"] = down }} {
		e, d := newDeskEnv(t, deskBook)
		d.fails = []error{down}
		change(e)
		if o := e.run(opening, pipeline.Posted); len(o.Actions) != 1 || o.Actions[0].Result != "refused" || len(o.Warnings) > 0 {
			t.Errorf("%s: %+v, %v", name, o.Actions, o.Warnings)
		}
	}
}

// Without the ledger's answer a step runs, unless it runs once a cycle.
func TestAction_LedgerDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, d := newDeskEnv(t, deskBook)
		e.fails["begin"] = down
		o := e.run(opening, pipeline.Posted)
		e.wantCalls(d)
		if len(e.sent) != 1 || o.Actions[0].Result != "queued" {
			t.Errorf("actions %+v", o.Actions)
		}
		clear(e.fails)
		e.drain(d)
		e.wantCalls(d, "open for x1")

		e, d = newDeskEnv(t, strings.Replace(deskBook, "once: cycle", "", 1))
		for _, call := range []string{"begin", "act done", "mark posted", "expect"} {
			e.fails[call] = down
		}
		o = e.run(opening, pipeline.Posted)
		e.wantCalls(d, "open for x1")
		if len(e.sent) > 0 || len(o.Actions) > 0 || len(o.Warnings) != 3 {
			t.Errorf("actions %+v, warnings %v", o.Actions, o.Warnings)
		}
	})
}

// Without a cycle key the log says once that once and keep have no effect.
func TestAction_NoCycleKey(t *testing.T) {
	e, d := newDeskEnv(t, deskBook)
	for _, a := range []alert.Alert{opening, again, closing} {
		a.CycleKey = ""
		o := e.run(a, pipeline.Posted)
		if want := a.ID != "3"; (len(o.Warnings) == 1 && strings.Contains(o.Warnings[0].Error(), "$ALERT_CYCLE_KEY")) != want {
			t.Errorf("%s: warnings %v", a.ID, o.Warnings)
		}
	}
	e.wantCalls(d, "open for x1", "open for x2", "close ")
	if len(e.kept) > 0 {
		t.Errorf("kept %v", e.kept)
	}
}

// What a finding lacks is reported, and a recovery waits for none of it.
func TestAction_NothingToKeep(t *testing.T) {
	e, d := newDeskEnv(t, strings.Replace(deskBook, "open for", "page for", 1))
	o := e.run(opening, pipeline.Posted)
	if len(o.Warnings) != 1 || o.Warnings[0].Error() != "playbook shop, open, keep.ticket: the template came out empty" {
		t.Errorf("warnings %v", o.Warnings)
	}
	e.run(again, pipeline.Posted)
	e.run(closing, pipeline.Posted)
	e.wantCalls(d, "page for x1", "close ")
}

// Two copies of one alert at once open one ticket.
func TestAction_Copies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, d := newDeskEnv(t, deskBook)
		d.fails = []error{down}
		d.during = func() {
			d.during = nil
			d.mu.Unlock()
			defer d.mu.Lock()
			e.run(opening, pipeline.Queued)
		}
		e.run(opening, pipeline.Posted)
		time.Sleep(time.Minute)
		e.drain(d)
		if len(d.tickets) != 1 || len(e.events) != 1 || len(slices.Collect(maps.Keys(d.tickets))) != 1 {
			t.Errorf("tickets %v, %d events, calls %q", d.tickets, len(e.events), d.calls)
		}
	})
}

// A playbook that changed does not matter, but one that lost a step whose settings were
// not rendered does.
func TestAction_Upgrade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, d := newDeskEnv(t, deskBook)
		d.fails = []error{down}
		e.run(opening, pipeline.Posted)
		e.run(closing, pipeline.Posted)
		messages := e.sent
		next, _ := newDeskEnv(t, "playbooks: [{name: other}]")
		kinds := e.Playbooks
		e.Playbooks = next.Playbooks
		// The kinds of the other environment call its desk: only the errors matter.
		_, err := pipeline.New(e.Config).Redeliver(t.Context(), messages[1])
		if f := fault.From(err); f == nil || f.Kind != fault.Permanent || f.Public != "the step close of the playbook shop: the playbooks no longer have it for this alert" {
			t.Errorf("the recovery: %v", err)
		}
		e.redeliver(messages[0], pipeline.Acted)
		e.Playbooks = kinds
		messages[0].Action.Kind = "gone"
		_, err = pipeline.New(e.Config).Redeliver(t.Context(), messages[0])
		if f := fault.From(err); f == nil || f.Kind != fault.Permanent || !strings.Contains(f.Public, "does not load in this version") {
			t.Errorf("an unknown step: %v", err)
		}
	})
}
