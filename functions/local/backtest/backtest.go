// Package backtest says what a change of playbooks makes of alerts that were: it rebuilds the
// alerts of the event stream, and matches and composes each with two versions of the
// playbooks. No step runs. What depends on a value that only the payload, a step or the
// ledger has is reported as not judged.
package backtest

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/memory"
	"boomerang/shared/playbook"
)

// maxOpen bounds the conditions of one alert that are tried both ways.
const maxOpen = 8

// Run compares what two versions of playbooks make of the alerts, the oldest first. progress
// gets how many alerts are done.
func Run(s Selection, base, now Playbooks, workers int, progress func(done, total int)) Report {
	results := make([]result, len(s.Alerts))
	var next, done atomic.Int64
	var wait sync.WaitGroup
	for range max(1, workers) {
		wait.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(results); i = next.Add(1) - 1 {
				results[i] = compare(s.Alerts[i], base.Judge, now.Judge)
				progress(int(done.Add(1)), len(results))
			}
		})
	}
	wait.Wait()
	r := newReport(s, base, now)
	held, ends := [2]limiter{{}, {}}, endsOf(s.Alerts)
	for i, one := range results {
		a := s.Alerts[i]
		r.add(a, one)
		for side, o := range one.sides() {
			switch {
			case o == nil:
			case held[side].holds(a, o.plan.Limit):
				r.hold(side, a, *o)
			case o.hasFollowUp(a, ends[i]):
				r.followUp(side, a, *o)
			}
		}
	}
	return r.finished()
}

// result is what is known of one alert.
type result struct {
	before, after *outcome // nil if it is open which playbooks match
	changes       []change
	notJudged     []string               // the kinds of change
	unjudged      [2][]playbook.Unjudged // of the base and of these playbooks
}

func (r result) sides() [2]*outcome { return [2]*outcome{r.before, r.after} }

// compare tries all conditions that are open both ways: the two versions can be compared as
// far as the results agree.
func compare(a Alert, base, now *playbook.Judge) result {
	before, after := base.Judge(a.Alert, a.unknown), now.Judge(a.Alert, a.unknown)
	r := result{unjudged: [2][]playbook.Unjudged{before.Open, after.Open}}
	var open []string
	for _, u := range slices.Concat(before.Open, after.Open) {
		if condition := strings.TrimSpace(u.Source); !slices.Contains(open, condition) {
			open = append(open, condition)
		}
	}
	if len(open) > maxOpen {
		r.notJudged = []string{kindPlaybook}
		return r
	}
	c := composer{a, map[string]composed{}}
	for world := range 1 << len(open) {
		holds := func(condition string) bool { return world>>slices.Index(open, strings.TrimSpace(condition))&1 == 1 }
		one := compareOutcomes(c.outcome(before.Plan(holds)), c.outcome(after.Plan(holds)))
		if world == 0 {
			one.unjudged[0], one.unjudged[1] = slices.Concat(r.unjudged[0], one.unjudged[0]), slices.Concat(r.unjudged[1], one.unjudged[1])
			r = one
			continue
		}
		r.agree(one)
	}
	return r
}

func compareOutcomes(before, after outcome) result {
	r := result{before: &before, after: &after}
	r.changes, r.notJudged = changes(before, after)
	for side, o := range r.sides() {
		r.unjudged[side] = o.plan.Unjudged
	}
	return r
}

// agree keeps what another result says, too.
func (r *result) agree(other result) {
	for side, o := range r.sides() {
		if o != nil && o.playbook != other.sides()[side].playbook {
			*[]**outcome{&r.before, &r.after}[side] = nil
		}
	}
	if !slices.Equal(r.changes, other.changes) || !slices.Equal(r.notJudged, other.notJudged) {
		r.changes, r.notJudged = nil, []string{kindPlaybook}
	}
}

// endsOf returns for each alert when the next one of its cycle keeps its follow-ups from
// coming: a recovery, or a newer trigger. It is zero if none does.
func endsOf(alerts []Alert) []time.Time {
	ends, next := make([]time.Time, len(alerts)), map[string]time.Time{}
	for i, a := range slices.Backward(alerts) {
		key := memory.Key(a.Alert)
		ends[i] = next[key]
		if key != "" && a.Transition != alert.Renotify {
			next[key] = a.Date
		}
	}
	return ends
}

// hasFollowUp reports whether a follow-up comes before the cycle goes on.
func (o outcome) hasFollowUp(a Alert, end time.Time) bool {
	if len(o.plan.After) == 0 || !a.Transition.Fires() || !o.isFailure {
		return false
	}
	return end.IsZero() || a.Date.Add(o.plan.After[0]).Before(end)
}

// limiter counts the alerts of each monitor by the minute, as the ledger does.
type limiter map[string]int

// holds reports whether an alert is above the limit of its playbooks.
func (l limiter) holds(a Alert, limit int) bool {
	if limit == 0 || a.MonitorID == "" {
		return false
	}
	window := a.MonitorID + "#" + a.Date.Truncate(time.Minute).String()
	l[window]++
	return l[window] > limit
}
