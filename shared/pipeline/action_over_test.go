package pipeline_test

import (
	"strings"
	"testing"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/memory"
	"boomerang/shared/pipeline"
)

// A recovery does not wait for what an alert would have kept that the limit holds back later,
// nor for what another alert's waiting action will not keep.
func TestAction_NotExpected(t *testing.T) {
	for name, run := range map[string]func(e *env, d *desk){
		"held back later": func(e *env, d *desk) {
			a, other := opening, ofCycle("5", alert.Triggered)
			a.MonitorID, other.MonitorID, other.CycleKey = "1", "1", "d"
			e.fails["post"] = down
			e.run(a, pipeline.Queued)
			clear(e.fails)
			time.Sleep(time.Minute)
			e.run(other, pipeline.Posted)
			e.redeliver(e.sent[0], pipeline.Queued)
		},
		"given up, while another action waits for it": func(e *env, d *desk) {
			d.fails = []error{down}
			e.run(opening, pipeline.Posted)
			e.run(again, pipeline.Posted)
			pipeline.New(e.Config).GiveUp(e.Context(), e.sent[0], &pipeline.Outcome{})
			e.redeliver(e.sent[1], pipeline.Acted)
			e.wantCalls(d, "open for x1", "note ")
		},
	} {
		t.Run(name, func(t *testing.T) {
			withDesk(t, strings.Replace(deskBook, "name: shop", "name: shop\n    limit: 1", 1)+
				`      - {name: note, uses: desk, on: failure, when: alert.id == "2", with: {text: "note {{ .cycle.kept.ticket }}"}}`, func(e *env, d *desk) {
				run(e, d)
				if o := e.run(closing, pipeline.Posted); len(o.Actions) > 0 || d.calls[len(d.calls)-1] != "close " {
					e.Errorf("actions %+v, calls %q", o.Actions, d.calls)
				}
			})
		})
	}
}

// What is done is not done again after its message, which has what is still to be kept, is given up.
func TestAction_DoneAndGivenUp(t *testing.T) {
	e, d := newDeskEnv(t, deskBook)
	e.fails["keep"] = down
	e.run(opening, pipeline.Posted)
	clear(e.fails)
	pipeline.New(e.Config).GiveUp(t.Context(), e.sent[0], &pipeline.Outcome{})
	e.run(again, pipeline.Posted)
	e.wantCalls(d, "open for x1")
	e.redeliver(e.sent[0], pipeline.Acted) // From the dead-letter queue.
	e.run(closing, pipeline.Posted)
	e.wantCalls(d, "open for x1", "close OPS-1")
}

// An action that waits for a name is matched and enriched again with what is known of earlier cycles.
// The name may be kept by another playbook.
func TestAction_WaitsWithHistory(t *testing.T) {
	withDesk(t, strings.Replace(deskBook, "name: shop", "name: shop\n    match: memory.count > 0 && not alert.recovered", 1)+`
  - name: over
    match: memory.count > 0
    steps: [{uses: find}]
    then: [{name: close, uses: desk, with: {text: "over {{ .cycle.kept.ticket }}"}}]
`, func(e *env, d *desk) {
		a, over := opening, closing
		a.MonitorID, over.MonitorID = "1", "1"
		for n := range 5 {
			began := time.Now().Add(-time.Duration(n+1) * time.Hour)
			e.past[memory.Key(a)] = memory.Add(e.past[memory.Key(a)], memory.Cycle{Began: began, Lasted: time.Minute, Notified: 1, Followed: enrich.Change{Kind: "deploy", Service: "cart"}})
		}
		d.fails = []error{down}
		e.run(a, pipeline.Posted)
		e.run(over, pipeline.Posted)
		e.remembered = nil
		e.drain(d)
		if e.wantCalls(d, "open for x1", "open for x1", "over OPS-1"); len(e.remembered) == 0 {
			e.Error("the steps know no earlier cycle")
		}
	})
}

// A recovery costs nothing for a step that runs on failure only.
func TestAction_NotApplied(t *testing.T) {
	e, _ := newDeskEnv(t, deskBook)
	e.run(closing, pipeline.Posted)
	for _, call := range e.calls {
		if call == "keep" || call == "release action" {
			t.Errorf("calls %q", e.calls)
		}
	}
}

func TestAction_NotOnce(t *testing.T) {
	e, d := newDeskEnv(t, strings.Replace(deskBook, "once: cycle", "", 1))
	e.run(opening, pipeline.Posted)
	e.run(again, pipeline.Posted)
	e.wantCalls(d, "open for x1", "open for x2")
}

// A worker that crashes for good does not keep what runs once a cycle from the next alert.
func TestAction_LeftBehind(t *testing.T) {
	withDesk(t, deskBook, func(e *env, d *desk) {
		d.fails = []error{down}
		if e.run(opening, pipeline.Posted); e.delays[0] != 10*time.Second { // The event is known, so it waits for no search.
			e.Errorf("tried again after %v", e.delays[0])
		}
		time.Sleep(3*time.Hour + time.Second)
		e.run(again, pipeline.Posted)
		e.drain(d)
		e.wantCalls(d, "open for x1", "open for x2")
	})
}
