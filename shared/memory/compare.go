package memory

import (
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"boomerang/shared/enrich"
)

// Compare compares a cycle, which has lasted for a time, with those before it, if they are
// enough to say what is usual. Zero means that the time is not known.
func (m Memory) Compare(lasted time.Duration, isOver bool) string {
	if m.Count < minCycles {
		return ""
	}
	median := "median " + enrich.FormatDuration(time.Duration(m.Median*float64(time.Second)))
	shorter, _ := slices.BinarySearch(m.Lasted, lasted)
	switch {
	case isOver && lasted == 0:
		return ""
	case isOver && shorter == 0:
		return fmt.Sprintf("Not longer than any of %d before (%s)", m.Count, median)
	case isOver:
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
	if followed := m.followed(); utf8.RuneCountInString(text+followed) < enrich.MaxLead {
		text += followed
	}
	return text
}

// changeNames are the kinds of change with their article.
var changeNames = map[string]string{
	"deploy": "a deploy", "config": "a configuration change", "flag": "a feature flag change", "infrastructure": "an infrastructure change",
	"alert": "an alert", "ci": "a build", "change": "a change", "other": "an event",
}

// followed says what most cycles followed, if more than one did.
func (m Memory) followed() string {
	if len(m.Followed) == 0 {
		return ""
	}
	first := m.Followed[0]
	name := changeNames[first.Kind]
	if first.Count < 2 || name == "" {
		return ""
	}
	if first.Service != "" {
		name += " of " + first.Service
	}
	return fmt.Sprintf("; %d followed %s", first.Count, name)
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
