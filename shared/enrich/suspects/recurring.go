package suspects

import (
	"fmt"
	"slices"
	"time"

	"boomerang/shared/enrich/events"
)

const (
	// recurringDelay is how long before the alert an event can recur.
	recurringDelay = 30 * time.Minute
	// recurringSlack is how much the delays to the alerts may differ.
	recurringSlack = 15 * time.Minute
	// The bounds of the work for one alert.
	maxRecurring = 20
	maxCycles    = 50
)

// recurringCandidates are the events right before the alert that may have come before
// earlier alerts, too. They need not be changes.
func (e evidence) recurringCandidates() (all []event) {
	for _, one := range e.events {
		delay := e.began.Sub(one.Happened)
		if one.kind != events.CI && one.relation != place && !one.routine && !one.isSymptom() && delay <= recurringDelay && e.closeness(one.Happened) > 0 && len(all) < maxRecurring {
			all = append(all, one)
		}
	}
	return all
}

func recurring(e evidence) (all []candidate) {
	cycles := e.earlierCycles()
	if len(cycles) < 2 {
		return nil
	}
	for _, one := range e.recurringCandidates() {
		before, times := e.recurrences(one, cycles)
		if before < 2 || 3*before < 2*len(cycles) || times > 2*len(cycles) {
			continue
		}
		all = append(all, candidate{event: one, score: float64(before) / float64(len(cycles)), because: []string{
			fmt.Sprintf("such an event came before %d of %d earlier alerts", before, len(cycles)),
		}})
	}
	return all
}

// earlierCycles returns when earlier alerts began, the newest first. Groups that alert
// together count once.
func (e evidence) earlierCycles() (cycles []time.Time) {
	sorted := slices.SortedFunc(slices.Values(e.cycles), func(a, b time.Time) int { return b.Compare(a) })
	last := e.began
	for _, at := range sorted {
		if last.Sub(at) > recurringDelay && len(cycles) < maxCycles {
			cycles, last = append(cycles, at), at
		}
	}
	return cycles
}

// recurrences returns before how many cycles an event like this one came, and how often
// such events came at all.
func (e evidence) recurrences(one event, cycles []time.Time) (before, times int) {
	wanted := words(shape(one.Title))
	var at []time.Time
	for _, past := range e.past {
		if past.subject == one.subject && events.Source(past.Event) == events.Source(one.Event) && similar(words(shape(past.Title)), wanted) {
			at = append(at, past.Happened)
		}
	}
	delay := e.began.Sub(one.Happened) + recurringSlack
	for _, cycle := range cycles {
		if slices.ContainsFunc(at, func(t time.Time) bool { return !t.After(cycle) && cycle.Sub(t) <= delay }) {
			before++
		}
	}
	return before, len(at)
}
