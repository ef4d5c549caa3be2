package playbook

import (
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/memory"
)

// The bounds of the key after.
const (
	maxFollowUps = 2
	minAfter     = time.Minute
	maxAfter     = 24 * time.Hour
)

// MaxFollowed is how many cycles of one monitor are followed up whose alerts come in the same
// minute, unless the playbook's limit says how many alerts have events.
const MaxFollowed = 10

// checkAfter reports times that no follow-up can have.
func (l *loader) checkAfter(p *playbook, path string) {
	for i, after := range p.After {
		at := path
		if _, isList := l.nodes[element(path, i)]; isList {
			at = element(path, i)
		}
		if written, err := time.ParseDuration(l.nodes[at].Value); err != nil || written < 0 { // It is reported already.
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
}

// MatchesFailure reports whether an alert that can have a follow-up matches a playbook of the
// book. The other values of the alert can be any.
func (b *Book) MatchesFailure(i int) bool {
	p := b.playbooks[i]
	if p.match == nil {
		return true
	}
	unknown := Unknown{"memory"}
	for field := range alertShape() {
		if field != "transition" && field != "recovered" && field != "type" {
			unknown = append(unknown, "alert."+field)
		}
	}
	condition := newPart(p.match)
	types := []string{"", "error", "warning"}
	if p.Definition.Event.AlertType != "" { // It replaces the alert's.
		types = append(types, "info", "success")
	}
	for _, transition := range alert.Values("transition") {
		for _, alertType := range types {
			a := alert.Alert{Transition: alert.Transition(transition), Type: alertType}
			e := evaluation{env: map[string]any{"alert": View(a), "memory": memoryView(memory.Memory{})}, unknown: unknown}
			if a.Transition.Fires() && e.answer(condition) != no {
				return true
			}
		}
	}
	return false
}
