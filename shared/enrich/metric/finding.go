package metric

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"boomerang/shared/enrich"
)

// Data is what playbooks see. Times are UTC.
type Data struct {
	Query string `json:"query"`
	// Group has the tags of the series that the other fields are about, one of Groups.
	// It is empty for a query without groups.
	Group  string `json:"group"`
	Groups int    `json:"groups"`
	Unit   string `json:"unit"`
	// Points counts those in the window; without any, all numbers are 0.
	Points int `json:"points"`
	// Value is what the monitor compares: its aggregation of the last points.
	Value float64 `json:"value"`
	// Operator and Threshold are set if the query compares the value itself. Beyond is
	// true if the value meets the comparison.
	Operator  string  `json:"operator"`
	Threshold float64 `json:"threshold"`
	Beyond    bool    `json:"beyond"`
	Min       float64 `json:"min"`
	Max       float64 `json:"max"`
	Mean      float64 `json:"mean"`
	Trend     Trend   `json:"trend"`
	Sparkline string  `json:"sparkline"`
	// When and between which levels it jumped, if Trend is Jump.
	JumpedAt   time.Time `json:"jumped_at,omitzero"`
	JumpedFrom float64   `json:"jumped_from"`
	JumpedTo   float64   `json:"jumped_to"`
}

const (
	maxGroupRunes = 200
	maxQueryRunes = 500
	maxFactRunes  = 1000
)

func newFinding(q Query, s selection, from, to time.Time) enrich.Finding {
	window := formatDuration(to.Sub(from))
	code := enrich.Code(enrich.Line(q.Metric, maxQueryRunes))
	d := Data{Query: q.Metric, Groups: s.of, Points: len(s.Points)}
	if d.Points == 0 {
		none := fmt.Sprintf("Datadog has no points of this metric in the %s before %s.", window, to.Format("15:04 UTC"))
		return enrich.Finding{Title: "Metric", Weight: enrich.Important, Blocks: []enrich.Block{enrich.Paragraph(none), code}, Data: d}
	}
	stats, shape := summarize(s.Points), shapeOf(s.Points)
	d.Group, d.Unit = enrich.Line(strings.Join(s.Group, ", "), maxGroupRunes), enrich.Line(s.Unit, maxGroupRunes)
	d.Value, d.Min, d.Max, d.Mean = q.value(s.Points), stats.min, stats.max, stats.mean
	if q.Compared == "" {
		d.Operator, d.Threshold, d.Beyond = q.Operator, q.Threshold, q.isBeyond(d.Value)
	}
	d.Trend, d.Sparkline = shape.trend, sparkline(s.Points)
	d.JumpedAt, d.JumpedFrom, d.JumpedTo = shape.at, shape.from, shape.to
	return enrich.Finding{Title: "Metric", Weight: enrich.Important, Blocks: []enrich.Block{newFacts(q, s, d, window), code}, Data: d}
}

func newFacts(q Query, s selection, d Data, window string) enrich.Facts {
	threshold, group, jump := "", d.Group, ""
	if q.Compared != "" && q.Operator != "" {
		threshold = fmt.Sprintf("%s %s %s", q.Compared, q.Operator, formatNumber(q.Threshold, ""))
	}
	if group != "" && s.of > 1 && !s.isAlert {
		group = fmt.Sprintf("%s, the most extreme of %d", group, s.of)
	}
	if d.Trend == Jump {
		jump = fmt.Sprintf("at %s, from %s to %s", d.JumpedAt.Format("15:04 UTC"), formatNumber(d.JumpedFrom, d.Unit), formatNumber(d.JumpedTo, d.Unit))
	}
	return enrich.Facts{
		{Name: "Value", Value: valueText(q, d)},
		{Name: "Threshold", Value: threshold},
		{Name: "Group", Value: group},
		{Name: "Last " + window, Value: fmt.Sprintf("min %s, mean %s, max %s", formatNumber(d.Min, d.Unit), formatNumber(d.Mean, d.Unit), formatNumber(d.Max, d.Unit))},
		{Name: "Trend", Value: d.Sparkline + " " + string(d.Trend)},
		{Name: "Jump", Value: jump},
	}.Known(maxFactRunes)
}

// valueText returns the value and the threshold: "0.93 (avg over 5m), beyond the
// threshold > 0.8".
func valueText(q Query, d Data) string {
	text := formatNumber(d.Value, d.Unit)
	if q.Aggregation != "" && q.Over > 0 {
		text += fmt.Sprintf(" (%s over %s)", q.Aggregation, formatDuration(q.Over))
	}
	if d.Operator == "" {
		return text
	}
	side := "within"
	if d.Beyond {
		side = "beyond"
	}
	return fmt.Sprintf("%s, %s the threshold %s %s", text, side, d.Operator, formatNumber(d.Threshold, ""))
}

// formatNumber returns four significant digits, or all digits of the whole part, and the unit.
func formatNumber(v float64, unit string) string {
	text := strconv.FormatFloat(v, 'g', 4, 64)
	if abs := math.Abs(v); abs >= 1000 && abs < 1e15 {
		text = strconv.FormatFloat(v, 'f', 0, 64)
	}
	if unit == "" || strings.HasPrefix(unit, "%") {
		return text + unit
	}
	return text + " " + unit
}

// formatDuration leaves out zeros: 5m, 1h, 1h30m.
func formatDuration(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}
