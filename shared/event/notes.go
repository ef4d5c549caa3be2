package event

import (
	"fmt"
	"slices"
	"strings"

	"boomerang/shared/alert"
)

// The bounds of the notes, which therefore always fit.
const (
	maxNote        = 160
	maxNotes       = 400
	maxNotedFields = 5
)

// notes says in a line what a person should mend: the keys of the payload that could not be
// read, and what the playbook set in vain.
func notes(a alert.Alert, d Draft) string {
	var all []string
	if len(a.Unreadable) > 0 {
		var fields []string
		for _, p := range a.Unreadable[:min(len(a.Unreadable), maxNotedFields)] {
			fields = append(fields, truncate(line(p.Field), maxNote/maxNotedFields))
		}
		if more := len(a.Unreadable) - len(fields); more > 0 {
			fields = append(fields, fmt.Sprintf("%d more", more))
		}
		all = append(all, "unreadable in the payload: "+strings.Join(fields, ", "))
	}
	for _, w := range d.Warnings {
		all = append(all, truncate(line(w), maxNote))
	}
	if len(all) == 0 {
		return ""
	}
	return "_To mend:_ " + escapeMentions(truncate(escape(strings.Join(all, "; ")), maxNotes))
}

// IsAlertType reports whether Datadog knows a type of v1 events.
func IsAlertType(text string) bool { return slices.Contains(alertTypes, strings.ToLower(text)) }

// IsPriority reports whether Datadog knows a priority of v1 events.
func IsPriority(text string) bool { return priority(text) != "" }

// IsLevel reports whether Datadog knows a priority of v2 events.
func IsLevel(text string) bool { return level(text) != "" }
