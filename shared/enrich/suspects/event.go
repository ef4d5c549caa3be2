package suspects

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich/events"
)

// event is an event of the stream and how it concerns the alert.
type event struct {
	datadog.Event
	kind events.Kind
	relation
	subject string
	routine bool // Events like this one came again and again before.
}

// concerning returns the events that concern the alert and came before it, each once.
func (e evidence) concerning(searched, listed []datadog.Event) []event {
	all := slices.Concat(searched, listed)
	type key struct {
		title string
		at    int64
	}
	seen := map[key]int{} // The index of each.
	var concerning []event
	for _, one := range all {
		k := key{one.Title, one.Happened.Unix()}
		if i, known := seen[k]; known {
			concerning[i].URL = cmp.Or(one.URL, concerning[i].URL) // The step related_events links to this one.
			continue
		}
		if !one.Happened.Before(e.began) || alert.Tags(one.Tags).Has(alert.SourceTag) {
			continue
		}
		relation, subject := e.relate(one)
		if relation == unrelated {
			continue
		}
		kind := events.Classify(one)
		if kind == events.Alert {
			continue
		}
		seen[k] = len(concerning)
		one.Text = wholeWords(one.Text)
		concerning = append(concerning, event{Event: one, kind: kind, relation: relation, subject: subject})
	}
	slices.SortStableFunc(concerning, func(a, b event) int {
		return cmp.Or(b.Happened.Compare(a.Happened), cmp.Compare(a.Title, b.Title))
	})
	markRoutine(concerning)
	return concerning
}

// wholeWords drops the last word of a text that was truncated, which may be half a URL.
func wholeWords(text string) string {
	if len(text) < maxMatched-utf8.UTFMax {
		return text
	}
	return text[:max(0, strings.LastIndexAny(text, " \n\t"))]
}

// The repetitions of an event by which it is routine: how many before it, how far apart,
// because one rollout sends many events, and for releases how regular, because a team may
// release often.
const (
	routineTimes    = 2
	routineDistance = 8 * time.Minute
	maxIrregular    = 1.5
)

// markRoutine marks the events that repeat what happened before.
func markRoutine(newestFirst []event) {
	type repetition struct {
		times             int
		last              time.Time
		shortest, longest time.Duration
	}
	seen := map[string]repetition{}
	for i := range slices.Backward(newestFirst) {
		one := &newestFirst[i]
		key := one.repetitionKey()
		r, repeated := seen[key]
		switch distance := one.Happened.Sub(r.last); {
		case !repeated:
			r.last = one.Happened
		case distance >= routineDistance:
			r.times, r.last, r.longest = r.times+1, one.Happened, max(r.longest, distance)
			if r.times == 1 || distance < r.shortest {
				r.shortest = distance
			}
		}
		isRegular := !one.isRelease() || float64(r.longest) <= maxIrregular*float64(r.shortest)
		seen[key], one.routine = r, r.times >= routineTimes && isRegular
	}
}

// isRelease reports whether a person or a pipeline of theirs made the change.
func (one event) isRelease() bool {
	return one.kind == events.Deploy || one.kind == events.Flag || one.kind == events.Setting
}

// repetitionKey is equal for events that repeat one another. A release repeats another
// only with its version.
func (one event) repetitionKey() string {
	text := shape(one.Title)
	if one.isRelease() {
		text = fmt.Sprintf("%s %s %v %s", one.Title, alert.Tags(one.Tags).Get("version"), one.Change, counter().ReplaceAllString(one.Text, "#"))
	}
	return string(one.kind) + " " + one.subject + " " + text
}

// counter is a number in a text, such as that of a build, and no hash.
var counter = alert.Pattern(`\b[0-9]+\b`)
