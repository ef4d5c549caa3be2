package event

import (
	"fmt"
	"strings"
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
	all := []enrich.Lead{{Answer: enrich.Since, Text: c.repetition(t)}, c.meanwhile(t)}
	known := all[:0]
	for _, lead := range all {
		if lead.Text != "" {
			known = append(known, lead)
		}
	}
	return known
}

// history describes the cycle so far, which is nothing for its first notification. How often
// a recovery was notified may be unknown.
func (c Cycle) history(t alert.Transition) string {
	switch {
	case t.IsRecovery() && c.Notified < 2 && c.Lasted > 0:
		return fmt.Sprintf("It lasted %s.", enrich.FormatDuration(c.Lasted))
	case c.Notified < 2:
		return ""
	case t.IsRecovery():
		times := map[int]string{1: "once", 2: "twice"}[c.Notified-1]
		if times == "" {
			times = fmt.Sprintf("%d times", c.Notified-1)
		}
		return fmt.Sprintf("It lasted %s and was notified %s.", enrich.FormatDuration(c.Lasted), times)
	}
	return fmt.Sprintf("It has lasted %s so far; this is notification %d.", enrich.FormatDuration(c.Lasted), c.Notified)
}

// repetition compares the cycle with those before it, if they are enough to say what is
// usual.
func (c Cycle) repetition(t alert.Transition) string {
	m := c.Earlier
	if m.Count < memory.MinCycles {
		return ""
	}
	median := "median " + enrich.FormatDuration(seconds(m.Median))
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
		text += median
	case m.Count:
		text += fmt.Sprintf("%d recovered by themselves, %s", m.Recovered, median)
	default:
		text += fmt.Sprintf("%d of %d recovered by themselves, %s", m.Recovered, m.Count, median)
	}
	if followed := followedText(m); length(text)+length(followed) < enrich.MaxLead {
		text += followed
	}
	return text
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// changeNames are the kinds of change with their article.
var changeNames = map[string]string{
	"deploy": "a deploy", "config": "a configuration change", "flag": "a feature flag change", "infrastructure": "an infrastructure change",
	"alert": "an alert", "ci": "a build", "change": "a change", "other": "an event",
}

// followedText says what most cycles followed, if more than one did.
func followedText(m memory.Memory) string {
	if len(m.Followed) == 0 || m.Followed[0].Count < 2 {
		return ""
	}
	first := m.Followed[0]
	name := changeNames[first.Kind]
	if name == "" {
		return ""
	}
	if first.Service != "" {
		name += " of " + first.Service
	}
	return fmt.Sprintf("; %d followed %s", first.Count, name)
}

// ordinal writes 1st, 2nd, 3rd, 4th, 11th.
func ordinal(n int) string {
	suffix := "th"
	if tens := n / 10 % 10; tens != 1 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return fmt.Sprint(n, suffix)
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
	text := "Changed meanwhile: " + strings.TrimSpace(line(newest.Title))
	return enrich.Lead{Answer: enrich.Since, Text: truncate(text, enrich.MaxLead-length(more)) + more, Time: newest.Time}
}
