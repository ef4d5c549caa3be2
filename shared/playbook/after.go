package playbook

import (
	"slices"
	"time"

	"boomerang/shared/alert"
)

// The bounds of the key after.
const (
	maxFollowUps = 2
	minAfter     = time.Minute
	maxAfter     = 24 * time.Hour
)

// checkAfter reports times that no follow-up can have. A strict loader also reports a
// playbook whose alerts never have one.
func (l *loader) checkAfter(p *playbook, path string) {
	for i, after := range p.After {
		at := path
		if _, isList := l.nodes[element(path, i)]; isList {
			at = element(path, i)
		}
		if _, err := time.ParseDuration(l.nodes[at].Value); err != nil { // It is reported already.
			continue
		}
		switch {
		case i >= maxFollowUps:
			l.Report(at, "after has at most %d times, because an alert has at most so many follow-ups", maxFollowUps)
		case after < minAfter || after > maxAfter:
			l.Report(at, "after must be between 1m and 24h, not %s", after)
		case i > 0 && after <= p.After[i-1]:
			l.Report(at, "after must have the shorter time first, and each once")
		}
	}
	if !l.strict || len(p.After) == 0 {
		return
	}
	if texts := outputs(p.definition.Event.AlertType); len(texts) > 0 && !slices.ContainsFunc(texts, isFailureType) {
		l.Report(path, "after makes no follow-up here: the playbook's alert_type is never error or warning")
	}
	if l.matchesNoFailure(p) {
		l.Report(path, "after makes no follow-up here: the playbook matches no alert that begins or goes on, such as one with alert.transition == \"Triggered\"")
	}
}

func isFailureType(alertType string) bool {
	return alertType == "" || alertType == "error" || alertType == "warning"
}

// matchesNoFailure reports whether no alert that can have a follow-up matches, whatever else
// its values are.
func (l *loader) matchesNoFailure(p *playbook) bool {
	if p.match == nil {
		return false
	}
	unknown := Unknown{"memory"}
	for field := range alertShape() {
		if field != "transition" && field != "recovered" && field != "type" {
			unknown = append(unknown, "alert."+field)
		}
	}
	condition := newPart(p.match, newConfig(matchScope()))
	for _, transition := range alert.Values("transition") {
		for _, alertType := range []string{"error", "warning"} {
			a := alert.Alert{Transition: alert.Transition(transition), Type: alertType}
			e := evaluation{env: map[string]any{"alert": View(a), "memory": memoryShape()}, unknown: unknown}
			if a.Transition.Fires() && e.answer(condition) != no {
				return false
			}
		}
	}
	return true
}
