// Package metric is the step "metric": how the alert's metric stands against its
// threshold, how it moved before the alert, and whether it began with a jump. It
// needs the permission timeseries_query.
package metric

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
)

// Name is the step's name in playbooks, answers and events.
const Name = "metric"

// Permission is what the application key needs.
const Permission = "timeseries_query"

// Source is where metrics are queried.
type Source interface {
	Series(ctx context.Context, query datadog.SeriesQuery) ([]datadog.Series, error)
}

var _ Source = (*datadog.Client)(nil)

// Config is what a playbook may say.
type Config struct {
	Query  string        `yaml:"query" doc:"Metric query to look at, such as avg:system.load.1{env:prod} by {host}, with a comparison behind it if one is to be made; empty means the query of the alert's monitor."`
	Window time.Duration `yaml:"window" doc:"How long before the alert to look back, 1h when empty; at least as long as the query itself looks back."`
}

const (
	defaultWindow = time.Hour
	longestWindow = 30 * 24 * time.Hour
)

// Validate finds what would fail for every alert.
func (c Config) Validate() error {
	if c.Window < 0 || c.Window > longestWindow {
		return fmt.Errorf("window is %v: give a time between 1m and 720h", c.Window)
	}
	if strings.TrimSpace(c.Query) == "" || strings.Contains(c.Query, "{{") {
		return nil
	}
	if _, err := ParseQuery(c.Query); err != nil {
		return fmt.Errorf("query is %w: give a metric query such as avg:system.load.1{*}", err)
	}
	return nil
}

// New returns the step.
func New(source Source, c Config) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		q, err := For(a, c.Query)
		if err != nil {
			return enrich.Finding{}, err
		}
		from, to := Window(a, c.Window, q.Over)
		all, err := source.Series(ctx, datadog.SeriesQuery{Query: q.Metric, From: from, To: to})
		if err != nil {
			return enrich.Finding{}, err
		}
		return found(q, pick(all, a, q), to.Sub(from), to), nil
	})
}

// For returns the query to look at: the one that a playbook gives, or else that
// of the alert's monitor. Its error is that of a step that has to be skipped.
func For(a alert.Alert, given string) (Query, error) {
	text, whose := strings.TrimSpace(given), "the playbook's query"
	if text == "" {
		text, whose = strings.TrimSpace(a.Query), "the query of the alert's monitor"
	}
	switch {
	case text == "":
		return Query{}, enrich.Skip("the alert names no query")
	case len(text) > longestQuery:
		return Query{}, enrich.Skip(whose + " is too long to be asked again")
	}
	q, err := ParseQuery(text)
	if err != nil {
		return Query{}, enrich.Skip(fmt.Sprintf("%s is %v", whose, err))
	}
	return q, nil
}

// longestQuery, in bytes, keeps a request's address within what servers take.
const longestQuery = 6000

// Window returns the time to look at, up to the alert: of the length that a playbook
// says, if it does, and of least at least. It begins and ends with a minute, so that
// alerts of one minute have one question, which is asked once.
func Window(a alert.Alert, length, least time.Duration) (from, to time.Time) {
	if length <= 0 {
		length = defaultWindow
	}
	length = max(length, least)
	to = a.Date
	if to.IsZero() {
		to = time.Now()
	}
	to = to.UTC().Add(time.Minute - time.Nanosecond).Truncate(time.Minute)
	return to.Add(-length), to
}

// picked is the series that the finding is about.
type picked struct {
	datadog.Series
	of  int  // How many series there are.
	own bool // It is the group that alerted.
}

// pick takes the series of the group that alerted, by its tags. Where the alert
// does not tell its group, it takes the series that is furthest beyond the
// threshold.
func pick(all []datadog.Series, a alert.Alert, q Query) picked {
	all = slices.DeleteFunc(slices.Clone(all), func(s datadog.Series) bool { return len(s.Points) == 0 })
	if len(all) == 0 {
		return picked{}
	}
	known := enrich.Tags(a)
	best := all[0]
	for _, s := range all {
		if len(s.Group) > 0 && !slices.ContainsFunc(s.Group, func(tag string) bool { return !known.Has(tag) }) {
			return picked{Series: s, of: len(all), own: true}
		}
		value, most := q.value(s.Points), q.value(best.Points)
		if strings.HasPrefix(q.Operator, "<") && value < most || !strings.HasPrefix(q.Operator, "<") && value > most {
			best = s
		}
	}
	return picked{Series: best, of: len(all)}
}

// value makes one value of the points that the monitor's last evaluation saw; of
// the last point alone when they are further apart than that.
func (q Query) value(points []datadog.Point) float64 {
	last := points[len(points)-1]
	first := len(points) - 1
	for first > 0 && points[first-1].Time.After(last.Time.Add(-q.Over)) {
		first--
	}
	s := summarise(points[first:])
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
