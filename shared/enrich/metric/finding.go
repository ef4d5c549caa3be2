package metric

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"boomerang/shared/enrich"
)

// Data is what playbooks and machines see. Times are UTC.
type Data struct {
	Query string `json:"query"` // What was asked for.
	// Group are the tags of the series that all the rest is about, of Groups
	// many; empty of a query without groups.
	Group  string `json:"group"`
	Groups int    `json:"groups"`
	Unit   string `json:"unit"`
	// Points is how many there are in the window; without any, all numbers are 0.
	Points int `json:"points"`
	// Value is what the monitor compares: its aggregation of the last points.
	Value float64 `json:"value"`
	// Operator and Threshold are the comparison, if the query has one of the value
	// itself; Beyond is true when the value meets it.
	Operator  string  `json:"operator"`
	Threshold float64 `json:"threshold"`
	Beyond    bool    `json:"beyond"`
	Min       float64 `json:"min"`
	Max       float64 `json:"max"`
	Mean      float64 `json:"mean"`
	Trend     Trend   `json:"trend"`
	Sparkline string  `json:"sparkline"`
	// The jump, if Trend is one: when, and between which levels.
	JumpedAt   time.Time `json:"jumped_at,omitzero"`
	JumpedFrom float64   `json:"jumped_from"`
	JumpedTo   float64   `json:"jumped_to"`
}

const (
	maxGroup = 200
	maxQuery = 500
)

// found tells a series, or that there is none; window is how long the time was
// that ended at to.
func found(q Query, p picked, window time.Duration, to time.Time) enrich.Finding {
	d := Data{Query: q.Metric, Groups: p.of, Points: len(p.Points)}
	f := enrich.Finding{Title: "Metric", Weight: enrich.Important}
	if d.Points == 0 {
		none := fmt.Sprintf("Datadog has no point of this metric in the %s before %s.", words(window), to.Format("15:04 UTC"))
		f.Blocks, f.Data = []enrich.Block{enrich.Paragraph(none), code(q)}, d
		return f
	}
	s, moved := summarise(p.Points), shapeOf(p.Points)
	d.Group, d.Unit = enrich.Line(strings.Join(p.Group, ", "), maxGroup), enrich.Line(p.Unit, maxGroup)
	d.Value, d.Min, d.Max, d.Mean = q.value(p.Points), s.min, s.max, s.mean
	if q.Instead == "" {
		d.Operator, d.Threshold, d.Beyond = q.Operator, q.Threshold, q.beyond(d.Value)
	}
	d.Trend, d.Sparkline = moved.trend, sparkline(p.Points)
	d.JumpedAt, d.JumpedFrom, d.JumpedTo = moved.at, moved.from, moved.to
	f.Blocks, f.Data = []enrich.Block{facts(q, p, d, window), code(q)}, d
	return f
}

func code(q Query) enrich.Code { return enrich.Code(enrich.Line(q.Metric, maxQuery)) }

func facts(q Query, p picked, d Data, window time.Duration) enrich.Facts {
	all := enrich.Facts{{Name: "Value", Value: valueWords(q, d)}}
	if q.Instead != "" && q.Operator != "" {
		all = append(all, enrich.Fact{Name: "Threshold", Value: fmt.Sprintf("%s %s %s", enrich.Line(q.Instead, maxGroup), q.Operator, number(q.Threshold, ""))})
	}
	switch {
	case d.Group != "" && p.of > 1 && !p.own:
		all = append(all, enrich.Fact{Name: "Group", Value: fmt.Sprintf("%s, the most extreme of %d", d.Group, p.of)})
	case d.Group != "":
		all = append(all, enrich.Fact{Name: "Group", Value: d.Group})
	}
	all = append(all,
		enrich.Fact{
			Name:  "Last " + words(window),
			Value: fmt.Sprintf("min %s, mean %s, max %s", number(d.Min, d.Unit), number(d.Mean, d.Unit), number(d.Max, d.Unit)),
		},
		enrich.Fact{Name: "Trend", Value: strings.TrimSpace(d.Sparkline + " " + string(d.Trend))},
	)
	if d.Trend == Jump {
		all = append(all, enrich.Fact{
			Name:  "Began",
			Value: fmt.Sprintf("with a jump at %s, from %s to %s", d.JumpedAt.Format("15:04 UTC"), number(d.JumpedFrom, d.Unit), number(d.JumpedTo, d.Unit)),
		})
	}
	return all
}

// valueWords tell the value and the threshold: "0.93 (avg over 5m), beyond the
// threshold > 0.8".
func valueWords(q Query, d Data) string {
	text := number(d.Value, d.Unit)
	if q.Aggregation != "" && q.Over > 0 {
		text += fmt.Sprintf(" (%s over %s)", q.Aggregation, words(q.Over))
	}
	if d.Operator == "" {
		return text
	}
	side := "within"
	if d.Beyond {
		side = "beyond"
	}
	return fmt.Sprintf("%s, %s the threshold %s %s", text, side, d.Operator, number(d.Threshold, ""))
}

// number writes a value with four digits, or all of a larger whole one's, and its unit.
func number(v float64, unit string) string {
	text := strconv.FormatFloat(v, 'g', 4, 64)
	if abs := math.Abs(v); abs >= 1000 && abs < 1e15 {
		text = strconv.FormatFloat(v, 'f', 0, 64)
	}
	switch {
	case unit == "":
		return text
	case strings.HasPrefix(unit, "%"):
		return text + unit
	}
	return text + " " + unit
}

// words write a time without its zeros: 5m, 1h, 1h30m.
func words(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}
