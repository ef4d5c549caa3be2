// Package backtest says what a change of playbooks makes of alerts that were: it rebuilds the
// alerts of the event stream, and matches and composes each with two versions of the
// playbooks. No step runs. What depends on a value that only the payload, a step or the
// ledger has is reported as not judged.
package backtest

import (
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"boomerang/shared/alert"
	"boomerang/shared/memory"
	"boomerang/shared/playbook"
)

// maxOpen bounds the conditions of one alert that are tried both ways.
const maxOpen = 8

// Run compares what two versions of playbooks make of the alerts, the oldest first.
func Run(s Selection, base, now Playbooks, progress func(done, total int)) Report {
	results := make([]result, len(s.Alerts))
	var done atomic.Int64
	var group errgroup.Group
	group.SetLimit(runtime.NumCPU())
	for i, a := range s.Alerts {
		group.Go(func() error {
			results[i] = compare(a, base.Judge, now.Judge)
			progress(int(done.Add(1)), len(results))
			return nil
		})
	}
	_ = group.Wait()
	decideFates(s.Alerts, results)
	r := newReport(s, base, now)
	for i, one := range results {
		r.add(s.Alerts[i], one)
	}
	return r.finished()
}

// result is what is known of one alert: in pairs, with the base's playbooks first.
type result struct {
	fates     [2]*fate // nil if it is open which playbooks match
	changes   []change
	notJudged []string // the kinds of change
	unjudged  [2][]playbook.Unjudged
}

// compare tries all conditions that are open both ways: the two versions can be compared as
// far as the results agree.
func compare(a Alert, base, now *playbook.Judge) (r result) {
	before, after := base.Judge(a.Alert, a.unknown), now.Judge(a.Alert, a.unknown)
	r.unjudged = [2][]playbook.Unjudged{before.Open, after.Open}
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
	known := [2]map[string]*outcome{{}, {}} // Most worlds have a plan of another one.
	outcomeOf := func(side int, plan *playbook.Plan) *outcome {
		name := nameOf(plan)
		if known[side][name] == nil {
			known[side][name] = newOutcome(a, plan)
		}
		return known[side][name]
	}
	for world := range 1 << len(open) {
		holds := func(condition string) bool { return world>>slices.Index(open, strings.TrimSpace(condition))&1 == 1 }
		sides := [2]*outcome{outcomeOf(0, before.Plan(holds)), outcomeOf(1, after.Plan(holds))}
		changes, notJudged := changesBetween(sides[0], sides[1])
		if world > 0 {
			r.agree(sides, changes, notJudged)
			continue
		}
		r.changes, r.notJudged = changes, notJudged
		for side, o := range sides {
			r.fates[side], r.unjudged[side] = &o.fate, slices.Concat(r.unjudged[side], o.unjudged)
		}
	}
	return r
}

// agree keeps what another result says, too.
func (r *result) agree(sides [2]*outcome, changes []change, notJudged []string) {
	for side, o := range sides {
		if r.fates[side] != nil && r.fates[side].playbook != o.playbook {
			r.fates[side] = nil
		}
	}
	if !slices.Equal(r.changes, changes) || !slices.Equal(r.notJudged, notJudged) {
		r.changes, r.notJudged = nil, []string{kindPlaybook}
	}
}

// decideFates finds the alerts that limits hold back, and those that are followed up.
func decideFates(alerts []Alert, results []result) {
	counts, followed, ends := [2]limiter{{}, {}}, [2]limiter{{}, {}}, endsOf(alerts)
	cycles := [2]map[string]int{{}, {}} // how many follow-ups the open ones had
	for i, a := range alerts {
		key := memory.Key(a.Alert)
		for side, f := range results[i].fates {
			had, isOpen := cycles[side][key]
			if f != nil {
				f.isHeld = counts[side].holds(a, f.limit)
				isFollowed := !f.isHeld && f.mayFollow(a, isOpen) && (f.limit > 0 || !followed[side].holds(a, playbook.MaxFollowed))
				had += f.follow(isFollowed, a.Date, ends[i], had)
			}
			if a.Transition.IsRecovery() {
				delete(cycles[side], key)
			} else if key != "" {
				cycles[side][key] = had
			}
		}
		if before, after := results[i].fates[0], results[i].fates[1]; before != nil && after != nil {
			results[i].changes = append(results[i].changes, changesOfFate(*before, *after)...)
		}
	}
}

// endsOf returns for each alert when the next one of its cycle keeps its follow-ups from
// coming: a recovery, or a newer trigger. It is zero if none does.
func endsOf(alerts []Alert) []time.Time {
	ends, next := make([]time.Time, len(alerts)), map[string]time.Time{}
	for i, a := range slices.Backward(alerts) {
		key := memory.Key(a.Alert)
		ends[i] = next[key]
		if key != "" && a.Transition != alert.Renotify && (a.Transition.Fires() || a.Transition.IsRecovery()) {
			next[key] = a.Date
		}
	}
	return ends
}

// mayFollow reports whether an alert has follow-ups unless its cycle goes on before their time.
func (f *fate) mayFollow(a Alert, isOpen bool) bool {
	return len(f.after) > 0 && a.Transition.Fires() && f.isFailure && !(a.Transition == alert.Renotify && isOpen)
}

// follow leaves the follow-ups that come, and counts them: those that the cycle had not, before
// its end.
func (f *fate) follow(isFollowed bool, at, end time.Time, had int) int {
	if !isFollowed {
		had = len(f.after)
	}
	f.after = slices.DeleteFunc(slices.Clone(f.after[min(had, len(f.after)):]), func(after time.Duration) bool {
		return !end.IsZero() && !at.Add(after).Before(end)
	})
	return len(f.after)
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
