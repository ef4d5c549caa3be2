// Package metric holds the steps "metric" and "snapshot". The first shows the alert's
// metric against its threshold, how it moved before the alert, and whether it jumped.
// The second shows a picture of its graph.
package metric

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/monitor"
)

func Kind(client *datadog.Client) enrich.Kind {
	return enrich.KindOf(enrich.Kind{
		Name: "metric", Doc: "The alert's metric: value against threshold, min, mean and max before the alert, trend as a sparkline, whether it jumped.",
		Permissions: []string{"timeseries_query", "monitors_read"}, Data: Data{},
	}, func(c Config, cache time.Duration) enrich.Step {
		cached := client.Cached(cache)
		return monitor.Completed(cached.Monitor, c.lacksQuery, newStep(cached.Series, c))
	})
}

type Config struct {
	Query  string        `yaml:"query" doc:"Metric query, such as avg:system.load.1{env:prod} by {host}, optionally with a comparison; the query of the alert's monitor by default."`
	Window time.Duration `yaml:"window" min:"1m" max:"720h" doc:"Time before the alert to look at, 1h by default; at least the time that the query itself covers."`
}

const (
	defaultWindow = time.Hour
	maxWindow     = 30 * 24 * time.Hour
)

func (c Config) Validate() error {
	if c.Window < 0 || c.Window > maxWindow {
		return fmt.Errorf("window is %v: set a time between 1m and 720h", c.Window)
	}
	if strings.TrimSpace(c.Query) == "" || strings.Contains(c.Query, "{{") {
		return nil
	}
	if _, err := ParseQuery(c.Query); err != nil {
		return fmt.Errorf("query is %w: set a metric query such as avg:system.load.1{*}", err)
	}
	return nil
}

// queryFor returns the playbook's query, or else the query of the alert's monitor.
// The error skips the step.
func (c Config) queryFor(a alert.Alert) (Query, error) {
	text, owner := strings.TrimSpace(c.Query), "the playbook's query"
	if text == "" {
		text, owner = strings.TrimSpace(a.Query), "the query of the alert's monitor"
	}
	switch {
	case text == "":
		return Query{}, enrich.Skip("the alert has no query")
	case len(text) > maxQueryBytes:
		return Query{}, enrich.Skip(owner + " is too long")
	}
	q, err := ParseQuery(text)
	if err != nil {
		return Query{}, enrich.Skip(owner + " is " + err.Error())
	}
	return q, nil
}

// lacksQuery reports whether only the alert's monitor can have a query.
func (c Config) lacksQuery(a alert.Alert) bool {
	return strings.TrimSpace(c.Query) == "" && strings.TrimSpace(a.Query) == ""
}

// maxQueryBytes keeps a request's URL within what servers accept.
const maxQueryBytes = 6000

// windowFor returns the time to look at, of at least the length least.
func (c Config) windowFor(a alert.Alert, least time.Duration) (from, to time.Time) {
	return enrich.Window(a, max(cmp.Or(c.Window, defaultWindow), least))
}

func newStep(series func(context.Context, datadog.SeriesQuery) ([]datadog.Series, error), c Config) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		q, err := c.queryFor(a)
		if err != nil {
			return enrich.Finding{}, err
		}
		from, to := c.windowFor(a, q.Over)
		all, err := series(ctx, datadog.SeriesQuery{Query: q.Metric, From: from, To: to})
		if err != nil {
			return enrich.Finding{}, err
		}
		return newFinding(q, selectSeries(all, a, q), from, to, a.Date), nil
	})
}

// selection is the series that the finding is about.
type selection struct {
	datadog.Series
	of      int  // The number of series.
	isAlert bool // It is the group that alerted.
}

// selectSeries returns the series of the group that alerted, by its tags. If the alert
// does not name its group, it returns the series furthest beyond the threshold.
func selectSeries(all []datadog.Series, a alert.Alert, q Query) selection {
	all = slices.DeleteFunc(slices.Clone(all), func(s datadog.Series) bool { return len(s.Points) == 0 })
	if len(all) == 0 {
		return selection{}
	}
	tags := enrich.Tags(a)
	for _, s := range all {
		if len(s.Group) > 0 && !slices.ContainsFunc(s.Group, func(tag string) bool { return !tags.Has(tag) }) {
			return selection{Series: s, of: len(all), isAlert: true}
		}
	}
	byValue := func(a, b datadog.Series) int { return cmp.Compare(q.value(a.Points), q.value(b.Points)) }
	if strings.HasPrefix(q.Operator, "<") {
		return selection{Series: slices.MinFunc(all, byValue), of: len(all)}
	}
	return selection{Series: slices.MaxFunc(all, byValue), of: len(all)}
}

// value aggregates the points that the monitor's last evaluation covered, or takes
// the last point if they are further apart.
func (q Query) value(points []datadog.Point) float64 {
	start := points[len(points)-1].Time.Add(-q.Over)
	first := len(points) - 1
	for first > 0 && points[first-1].Time.After(start) {
		first--
	}
	s := summarize(points[first:])
	switch q.Aggregation {
	case "min":
		return s.min
	case "max":
		return s.max
	case "sum":
		return s.sum
	}
	return s.mean
}

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

func newFinding(q Query, s selection, from, to, about time.Time) enrich.Finding {
	window := enrich.ShortDuration(to.Sub(from))
	code := enrich.Code(enrich.Line(q.Metric, maxQueryRunes))
	f := enrich.Finding{Title: "Metric", Weight: enrich.Important}
	if len(s.Points) == 0 {
		none, repeated := enrich.NewLead(enrich.Lead{Answer: enrich.What, Text: fmt.Sprintf("no points of the metric in the %s before %s", window, to.Format("15:04 UTC"))})
		f.Data, f.Lead, f.Blocks = Data{Query: q.Metric, Groups: s.of}, []enrich.Lead{none}, []enrich.Block{enrich.Facts{{Name: "Value", Value: none.Text, Lead: repeated}}, code}
		return f
	}
	d := newData(q, s)
	f.Data, f.Lead, f.Blocks = d, leads(q, s, d, about), []enrich.Block{newFacts(q, s, d, window, about), code}
	f.Standing = enrich.Standing{Value: &d.Value, Unit: d.Unit}
	return f
}

// newData describes a series with points.
func newData(q Query, s selection) Data {
	d := Data{Query: q.Metric, Groups: s.of, Points: len(s.Points)}
	stats, shape := summarize(s.Points), shapeOf(s.Points)
	d.Group, d.Unit = enrich.Line(strings.Join(s.Group, ", "), maxGroupRunes), enrich.Line(s.Unit, maxGroupRunes)
	d.Value, d.Min, d.Max, d.Mean = q.value(s.Points), stats.min, stats.max, stats.mean
	if q.Compared == "" {
		d.Operator, d.Threshold, d.Beyond = q.Operator, q.Threshold, q.isBeyond(d.Value)
	}
	d.Trend, d.Sparkline = shape.trend, sparkline(s.Points)
	d.JumpedAt, d.JumpedFrom, d.JumpedTo = shape.at, shape.from, shape.to
	return d
}

func newFacts(q Query, s selection, d Data, window string, about time.Time) enrich.Facts {
	threshold := ""
	if q.Compared != "" && q.Operator != "" {
		threshold = fmt.Sprintf("%s %s %s", q.Compared, q.Operator, d.number(q.Threshold))
		if strings.HasPrefix(q.Compared, "pct_change") {
			threshold = fmt.Sprintf("%s %s %s", q.Compared, q.Operator, enrich.Number(q.Threshold, "%", exact))
		}
	}
	return enrich.Facts{
		{Name: "Value", Value: valueText(q, d), Lead: enrich.What},
		{Name: "Threshold", Value: threshold},
		{Name: "Group", Value: groupText(s, d)},
		{Name: "Last " + window, Value: fmt.Sprintf("min %s, mean %s, max %s", d.number(d.Min), d.number(d.Mean), d.number(d.Max))},
		{Name: "Trend", Value: d.Sparkline + " " + string(d.Trend)},
		{Name: "Jump", Value: jumpText(d, about), Lead: enrich.What},
	}.Known(maxFactRunes)
}
