package metric

import (
	"fmt"
	"time"

	"boomerang/shared/enrich"
)

func groupText(s selection, d Data) string {
	if d.Group != "" && s.of > 1 && !s.isAlert {
		return fmt.Sprintf("%s, the most extreme of %d", d.Group, s.of)
	}
	return d.Group
}

// jumpText is the jump: "from 0.4 s to 0.96 s at 06:12 UTC, 6 min before".
func jumpText(d Data, about time.Time) string {
	if d.Trend != Jump {
		return ""
	}
	return fmt.Sprintf("from %s to %s at %s", d.number(d.JumpedFrom), d.number(d.JumpedTo), enrich.Moment(d.JumpedAt, about))
}

// leads are the metric for the first screen: "0.97 s (avg over 5m), above 0.8 s", and "jumped
// from 0.4 s to 0.96 s at 06:12 UTC, 6 min before".
func leads(q Query, s selection, d Data, about time.Time) (all []enrich.Lead) {
	texts := []string{valueText(q, d), ""}
	if s.of > 1 && !s.isAlert {
		texts[0] += " in " + groupText(s, d)
	}
	switch d.Trend {
	case Jump:
		texts[1] = "jumped " + jumpText(d, about)
	case Rising, Falling, Steady:
		texts[1] = string(d.Trend)
	}
	for _, text := range texts {
		if lead, _ := enrich.NewLead(enrich.Lead{Answer: enrich.What, Text: text}); lead.Text != "" {
			all = append(all, lead)
		}
	}
	return all
}

// valueText returns the value and the threshold: "0.93 s (avg over 5m), above 0.8 s".
func valueText(q Query, d Data) string {
	text, threshold := d.number(d.Value), enrich.Number(d.Threshold, d.Unit, exact)
	if text == threshold && d.Value != d.Threshold {
		text = enrich.Number(d.Value, d.Unit, exact)
	}
	if q.Aggregation != "" && q.Over > 0 {
		text += fmt.Sprintf(" (%s over %s)", q.Aggregation, enrich.ShortDuration(q.Over))
	}
	if d.Operator == "" {
		return text
	}
	side := operators[d.Operator].no
	if d.Beyond {
		side = operators[d.Operator].yes
	}
	return fmt.Sprintf("%s, %s %s", text, side, threshold)
}

// The significant digits of a value, and of what a person set.
const (
	rounded = 3
	exact   = 6
)

func (d Data) number(v float64) string { return enrich.Number(v, d.Unit, rounded) }
