package pipeline_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/memory"
	"boomerang/shared/pipeline"
)

// incident runs the notifications of a cycle that begins now, and returns the texts of its
// events.
func (e *env) incident(n int, lasts time.Duration, message string) (triggered, recovered string) {
	e.Helper()
	a := alert.Alert{OrgID: "1", MonitorID: "4711", CycleKey: fmt.Sprint(n), Title: "x", Scope: "host:a, env:prod", Transition: alert.Triggered, Date: time.Now()}
	a.ID = fmt.Sprint("1", n)
	e.run(a, pipeline.Posted)
	triggered = e.text()
	time.Sleep(lasts)
	a.ID, a.Transition, a.Date, a.Message = fmt.Sprint("2", n), alert.Recovered, time.Now(), message
	e.run(a, pipeline.Posted)
	recovered = e.text()
	time.Sleep(time.Hour)
	return triggered, recovered
}

func (e *env) text() string { return e.events[len(e.events)-1].(event.Event).Text }

func TestPipeline_History(t *testing.T) {
	inBubble(t, func(e *env) {
		start := time.Now()
		e.finding = enrich.Finding{Changes: []enrich.Change{}, Suspect: enrich.Change{Kind: "deploy", Service: "cart"}}
		for n, lasts := range []time.Duration{10 * time.Minute, 12 * time.Minute, 20 * time.Minute} {
			if triggered, recovered := e.incident(n, lasts, ""); strings.Contains(triggered, "time in") || strings.Contains(recovered, "before") {
				e.Errorf("after %d cycles: %s, %s", n, triggered, recovered)
			}
		}
		e.finding.Changes = []enrich.Change{{Kind: "deploy", Title: "Deployed *cart* 2", Time: time.Now().Add(15 * time.Minute)}, {Kind: "change", Time: time.Now().Add(time.Hour)}}
		triggered, recovered := e.incident(3, 30*time.Minute, "")
		for text, want := range map[string]string{
			triggered: "4th time in 30 days; 3 recovered by themselves, median 12 min; 3 followed a deploy of cart",
			recovered: "Longer than 3 of 3 before (median 12 min)",
		} {
			if !strings.Contains(text, want) {
				e.Errorf("got %s, want %s", text, want)
			}
		}
		if want := `Changed meanwhile: Deployed \*cart\* 2`; !strings.Contains(recovered, want) {
			e.Errorf("got %s, want %s", recovered, want)
		}
		e.finding.Changes = nil
		if triggered, _ := e.incident(4, time.Minute, "x was marked as **recovered** by Ann"); !strings.Contains(triggered, "5th time in 30 days; 3 of 4 recovered by themselves, median 16 min") {
			e.Errorf("got %s", triggered)
		}
		want := memory.Cycle{Began: start, Lasted: 10 * time.Minute, Notified: 1, Recovered: true, Followed: e.finding.Suspect}
		got := e.past["1:4711:env:prod,host:a"]
		if diff := cmp.Diff(want, got[0]); diff != "" || len(got) != 5 || got[3].Recovered || got[4].Recovered {
			e.Errorf("%d cycles (-want +got):\n%s", len(got), diff)
		}
		if diff := cmp.Diff([]enrich.Precedent{{Kind: "deploy", Service: "cart", Times: 4, Of: 4}}, e.remembered); diff != "" {
			e.Errorf("the steps know (-want +got):\n%s", diff)
		}
	})
}

// An alert did not recover by itself if a person resolved the monitor, or if no step looked
// for changes around the recovery.
func TestPipeline_History_Recovered(t *testing.T) {
	type row struct {
		message string
		changes []enrich.Change
		want    bool
	}
	each(t, map[string]row{
		"by itself":               {"", []enrich.Change{}, true},
		"a change long before":    {"", []enrich.Change{{Time: time.Unix(0, 0)}}, true},
		"no step looked":          {"", nil, false},
		"a person resolved it":    {"The monitor was marked as **recovered** by Ann", []enrich.Change{}, false},
		"a change shortly before": {"", []enrich.Change{{Kind: "deploy", Time: time.Date(2000, 1, 1, 0, 5, 0, 0, time.UTC)}}, false},
	}, func(e *env, c row) {
		e.finding.Changes = c.changes
		e.incident(1, 10*time.Minute, c.message)
		if got := e.past["1:4711:env:prod,host:a"]; len(got) != 1 || got[0].Recovered != c.want {
			e.Errorf("got %+v", got)
		}
	})
}

// The alert goes on without its history, and in no more time than the ledger may take.
func TestPipeline_History_Failures(t *testing.T) {
	type row struct {
		call     string
		err      error
		took     time.Duration
		warnings int
	}
	each(t, map[string]row{
		"the read fails":  {"history", down, 0, 1},
		"the read hangs":  {"history", errHang, 500 * time.Millisecond, 1},
		"the write fails": {"add to history", down, 0, 1},
		"the write hangs": {"add to history", errHang, ledgerTime, 1},
	}, func(e *env, c row) {
		a := alert.Alert{ID: "1", OrgID: "1", MonitorID: "4711", CycleKey: "c", Transition: alert.Triggered, Date: time.Now()}
		e.run(a, pipeline.Posted)
		e.fails[c.call] = c.err
		a.ID, a.Transition, a.Date = "2", alert.Recovered, time.Now().Add(time.Minute)
		start := time.Now()
		o := e.run(a, pipeline.Posted)
		if took := time.Since(start); took != c.took || len(o.Warnings) != c.warnings {
			e.Errorf("took %v, warnings %v", took, o.Warnings)
		}
		if n := len(e.past["1:4711:"]); n != map[bool]int{true: 1}[c.call == "history"] {
			e.Errorf("%d cycles are remembered", n)
		}
	})
}

// A suppressed recovery has no event of its own, and its cycle is over all the same.
func TestPipeline_History_Storm(t *testing.T) {
	inBubble(t, func(e *env) {
		for i := range 5 {
			a := alert.Alert{ID: fmt.Sprint("1", i), OrgID: "1", MonitorID: "4711", CycleKey: fmt.Sprint(i), Scope: fmt.Sprint("host:", i), Transition: alert.Triggered, Date: time.Now()}
			e.deliver(a)
			a.ID, a.Transition, a.Date = fmt.Sprint("2", i), alert.Recovered, time.Now().Add(time.Minute)
			e.deliver(a)
			e.deliver(a)
		}
		if len(e.past) != 5 || len(e.past["1:4711:host:4"]) != 1 {
			e.Errorf("%d groups are remembered: %v", len(e.past), e.past)
		}
	})
}

func (e *env) deliver(a alert.Alert) {
	e.Helper()
	if _, err := pipeline.New(e.Config).Run(e.Context(), a); err != nil {
		e.Fatal(err)
	}
}

// The memory is known before the playbooks are matched.
func TestPipeline_History_Playbook(t *testing.T) {
	e := newEnv(t)
	e.past["1:4711:"] = memory.Add(nil, memory.Cycle{Began: time.Now().Add(-time.Hour), Lasted: time.Minute})
	if o := e.run(alert.Alert{ID: "1", OrgID: "1", MonitorID: "4711", Tags: alert.Tags{"again:yes"}}, pipeline.Posted); o.Playbook != "again" {
		t.Errorf("the playbook %s is used", o.Playbook)
	}
}

// A payload without a cycle key says nothing of its cycle, and the event stream may.
func TestPipeline_History_NoCycleKey(t *testing.T) {
	inBubble(t, func(e *env) {
		e.finding = enrich.Finding{Began: time.Now().Add(-12 * time.Minute), Changes: []enrich.Change{}}
		a := alert.Alert{ID: "1", OrgID: "1", MonitorID: "4711", Title: "x", Transition: alert.Renotify, Date: time.Now()}
		e.run(a, pipeline.Posted)
		a.ID, a.Transition = "2", alert.Recovered
		e.run(a, pipeline.Posted)
		want := []memory.Cycle{{Began: e.finding.Began, Lasted: 12 * time.Minute, Recovered: true}}
		if diff := cmp.Diff(want, e.past["1:4711:"]); diff != "" || !strings.Contains(e.text(), "It lasted 12 min.") {
			e.Errorf("got %s (-want +got):\n%s", e.text(), diff)
		}
	})
}
