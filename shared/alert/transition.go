package alert

import (
	"strings"
	"sync"
)

// Transition is $ALERT_TRANSITION. Values that Datadog documents are spelled as
// Datadog spells them, whatever case they came in; any other is kept as it came.
type Transition string

// The documented transitions.
const (
	Triggered     Transition = "Triggered"
	ReTriggered   Transition = "Re-Triggered"
	Warn          Transition = "Warn"
	ReWarn        Transition = "Re-Warn"
	NoData        Transition = "No Data"
	ReNoData      Transition = "Re-No Data"
	Recovered     Transition = "Recovered"
	WarnRecovered Transition = "Warn Recovered"
	Renotify      Transition = "Renotify"
)

// transitions finds the documented spelling by canonical key, so that
// "re_triggered" and "RETRIGGERED" are one and the same.
var transitions = sync.OnceValue(func() map[string]Transition {
	byKey := make(map[string]Transition)
	for _, t := range []Transition{Triggered, ReTriggered, Warn, ReWarn, NoData, ReNoData, Recovered, WarnRecovered, Renotify} {
		byKey[string(canonical(nil, string(t)))] = t
	}
	return byKey
})

// ParseTransition returns the documented spelling of text, and whether there is
// one. Case, spaces, hyphens and underscores do not matter.
func ParseTransition(text string) (Transition, bool) {
	const longest = 32
	if len(text) > longest {
		return Transition(text), false
	}
	var buf [longest]byte
	if t, known := transitions()[string(canonical(buf[:0], text))]; known {
		return t, true
	}
	return Transition(text), false
}

// IsRecovery reports whether the transition ends an alert cycle. Datadog has
// been seen to add words to "Recovered".
func (t Transition) IsRecovery() bool {
	return strings.Contains(strings.ToLower(string(t)), "recovered")
}
