package pipeline_test

import (
	"strings"
	"testing"
	"time"

	"boomerang/shared/alert"
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
