package event

import (
	"fmt"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/memory"
)

// Cycle is the history of an alert from its trigger to this notification. What is unknown
// is zero.
type Cycle struct {
	Lasted   time.Duration
	Notified int // this notification included
	// Earlier is what is known of the earlier cycles of the monitor's group.
	Earlier memory.Memory
	// Meanwhile are the changes between the trigger and the recovery, the newest first.
	Meanwhile []enrich.Change
}

// leads are what earlier cycles, and the changes in this one, say on the first screen.
func (c Cycle) leads(t alert.Transition) []enrich.Lead {
	return []enrich.Lead{{Text: c.repetition(t)}, c.meanwhile(t)}
}

// history describes the cycle so far, which is nothing for its first notification. How often
// a recovery was notified may be unknown.
func (c Cycle) history(t alert.Transition) string {
	lasted := enrich.FormatDuration(c.Lasted)
	switch {
	case t.IsRecovery() && c.Notified < 2 && c.Lasted > 0:
		return fmt.Sprintf("It lasted %s.", lasted)
	case c.Notified < 2:
		return ""
	case t.IsRecovery():
		return fmt.Sprintf("It lasted %s and was notified %s.", lasted, enrich.Times(c.Notified-1))
	}
	return fmt.Sprintf("It has lasted %s so far; this is notification %d.", lasted, c.Notified)
}

// repetition compares the cycle with those before it, if they are enough to say what is
// usual.
func (c Cycle) repetition(t alert.Transition) string {
	m := c.Earlier
	if m.Count < memory.MinCycles {
		return ""
	}
	median := "median " + enrich.FormatDuration(time.Duration(m.Median*float64(time.Second)))
	switch shorter := m.Shorter(c.Lasted); {
	case t.IsRecovery() && c.Lasted == 0:
		return ""
	case t.IsRecovery() && shorter == 0:
		return fmt.Sprintf("Not longer than any of %d before (%s)", m.Count, median)
	case t.IsRecovery():
		return fmt.Sprintf("Longer than %d of %d before (%s)", shorter, m.Count, median)
	}
	text := ordinal(m.Count+1) + " time"
	if m.AtLeast {
		text = fmt.Sprintf("More than %d times", m.Count)
	}
	text += fmt.Sprintf(" in %d days; ", m.Days)
	switch m.Recovered {
	case 0:
	case m.Count:
		text += fmt.Sprintf("%d recovered by themselves, ", m.Recovered)
	default:
		text += fmt.Sprintf("%d of %d recovered by themselves, ", m.Recovered, m.Count)
	}
	text += median
	if followed := followedText(m); length(text)+length(followed) < enrich.MaxLead {
		text += followed
	}
	return text
}

// changeNames are the kinds of change with their article.
var changeNames = map[string]string{
	"deploy": "a deploy", "config": "a configuration change", "flag": "a feature flag change", "infrastructure": "an infrastructure change",
	"alert": "an alert", "ci": "a build", "change": "a change", "other": "an event",
}

// followedText says what most cycles followed, if more than one did.
func followedText(m memory.Memory) string {
	if len(m.Followed) == 0 {
		return ""
	}
	first := m.Followed[0]
	name := changeNames[first.Kind]
	if first.Count < 2 || name == "" {
		return ""
	}
	return fmt.Sprintf("; %d followed %s%s", first.Count, name, prefix(" of ", first.Service))
}

// ordinal writes 1st, 2nd, 3rd, 4th, 11th.
func ordinal(n int) string {
	suffixes := []string{"th", "st", "nd", "rd"}
	last := n % 10
	if last >= len(suffixes) || n/10%10 == 1 {
		last = 0
	}
	return fmt.Sprint(n, suffixes[last])
}

// meanwhile is the newest change between the trigger and the recovery.
func (c Cycle) meanwhile(t alert.Transition) enrich.Lead {
	if !t.IsRecovery() || len(c.Meanwhile) == 0 {
		return enrich.Lead{}
	}
	newest, more := c.Meanwhile[0], ""
	if n := len(c.Meanwhile) - 1; n > 0 {
		more = fmt.Sprintf(", and %d more", n)
	}
	text := "Changed meanwhile: " + line(newest.Title)
	return enrich.Lead{Text: truncate(text, enrich.MaxLead-length(more)) + more, Time: newest.Time}
}
