package pipeline_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/fault"
	"boomerang/shared/pipeline"
)

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
		if len(e.kept) > 0 {
			t.Errorf("kept %v", e.kept)
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

	for name, change := range map[string]func(e *env){
		"no queue":         func(e *env) { e.Queue = nil },
		"no ledger":        func(e *env) { e.Ledger = nil; e.fails["send"] = down },
		"it is not queued": func(e *env) { e.fails["send"] = refused }, // Because it is too large.
	} {
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
	withDesk(t, deskBook, func(e *env, d *desk) {
		e.fails["begin"] = down
		o := e.run(opening, pipeline.Posted)
		e.wantCalls(d)
		if len(e.sent) != 1 || o.Actions[0].Result != "queued" {
			e.Errorf("actions %+v", o.Actions)
		}
		clear(e.fails)
		e.drain(d)
		e.wantCalls(d, "open for x1")

		e, d = newDeskEnv(e.T, strings.Replace(deskBook, "once: cycle", "", 1))
		for _, call := range []string{"begin", "act done", "mark posted", "expect"} {
			e.fails[call] = down
		}
		d.partial = errors.New("the answer is cut")
		o = e.run(opening, pipeline.Posted)
		e.wantCalls(d, "open for x1")
		if len(e.sent) > 0 || len(o.Actions) > 0 || len(o.Warnings) != 3 {
			e.Errorf("actions %+v, warnings %v", o.Actions, o.Warnings)
		}
		for _, want := range []string{d.partial.Error(), "cannot claim the action", "done, but not recorded in the ledger"} {
			if !strings.Contains(errors.Join(o.Warnings...).Error(), want) {
				e.Errorf("no warning says %q: %v", want, o.Warnings)
			}
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
	e.Actions = nil // A key would have no effect without a ledger.
	keyless := ofCycle("4", alert.Triggered)
	keyless.CycleKey = ""
	if o := e.run(keyless, pipeline.Posted); len(o.Warnings) > 0 {
		t.Errorf("warnings %v", o.Warnings)
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
	withDesk(t, deskBook, func(e *env, d *desk) {
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
			e.Errorf("tickets %v, %d events, calls %q", d.tickets, len(e.events), d.calls)
		}
	})
}

// A playbook that changed does not matter, but one that lost a step whose settings were
// not rendered does.
func TestAction_Upgrade(t *testing.T) {
	withDesk(t, deskBook, func(e *env, d *desk) {
		d.fails = []error{down}
		e.run(opening, pipeline.Posted)
		e.run(closing, pipeline.Posted)
		messages := e.sent
		next, _ := newDeskEnv(e.T, "playbooks: [{name: other}]")
		kinds := e.Playbooks
		e.Playbooks = next.Playbooks
		// The kinds of the other environment call its desk: only the errors matter.
		_, err := pipeline.New(e.Config).Redeliver(e.Context(), messages[1])
		if f := fault.From(err); f == nil || f.Kind != fault.Permanent || f.Public != "the step close of the playbook shop: the playbooks no longer have it for this alert" {
			e.Errorf("the recovery: %v", err)
		}
		e.redeliver(messages[0], pipeline.Acted)
		e.Playbooks = kinds
		messages[0].Action.Kind = "gone"
		_, err = pipeline.New(e.Config).Redeliver(e.Context(), messages[0])
		if f := fault.From(err); f == nil || f.Kind != fault.Permanent || !strings.Contains(f.Public, "does not load in this version") {
			e.Errorf("an unknown step: %v", err)
		}
	})
}
