package datadog

import (
	"bytes"
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"boomerang/shared/fault"
)

// Series is one line of a metric's graph.
type Series struct {
	Metric string
	Scope  string // "env:prod,host:a", or "*".
	// Group are the tags that set it apart from the query's other series; none
	// of a query without groups.
	Group []string
	Unit  string // "%", "B/s", or empty for a bare number.
	// Points are in the order of time; moments without a value are left out.
	Points []Point
}

// Point is a value of a metric at a moment, or over the interval that begins then.
type Point struct {
	Time  time.Time
	Value float64
}

// SeriesQuery asks for the points of a metric query, which is a monitor's query
// without its time aggregation and comparison.
type SeriesQuery struct {
	Query    string    // "avg:system.load.1{env:prod} by {host}".
	From, To time.Time // Whole seconds count.
}

// Series returns one series for each group of the query that has points. It
// needs the permission timeseries_query.
//
// https://docs.datadoghq.com/api/latest/metrics/#query-timeseries-points
func (c *Client) Series(ctx context.Context, query SeriesQuery) ([]Series, error) {
	var answer wireSeriesList
	get := call{
		op: "query the metric", permission: "timeseries_query",
		method: http.MethodGet, path: "/api/v1/query", query: query.values(),
	}
	if err := c.read(ctx, get, &answer); err != nil {
		return nil, err
	}
	if answer.Status == "error" {
		e := &Error{Op: get.op, Status: http.StatusOK, Words: words([]byte(answer.Error), Keys{})}
		return nil, fault.NewRedacted(fault.Permanent, "Datadog refused to "+get.op+": ", e.Words, "", e)
	}
	all := make([]Series, len(answer.Series))
	for i, w := range answer.Series {
		all[i] = w.series()
	}
	return all, nil
}

func (q SeriesQuery) values() url.Values {
	return url.Values{
		"from": {strconv.FormatInt(q.From.Unix(), 10)}, "to": {strconv.FormatInt(q.To.Unix(), 10)}, "query": {q.Query},
	}
}

type wireSeriesList struct {
	Status string       `json:"status"`
	Error  string       `json:"error"`
	Series []wireSeries `json:"series"`
}

// complete also takes a refusal, which comes with status 200.
func (w *wireSeriesList) complete() bool { return w.Series != nil || w.Status == "error" }

type wireSeries struct {
	Metric    string      `json:"metric"`
	Scope     string      `json:"scope"`
	TagSet    []string    `json:"tag_set"`
	Unit      []*wireUnit `json:"unit"` // The unit and what it is per, or null.
	Pointlist []wirePoint `json:"pointlist"`
}

type wireUnit struct {
	Name      string `json:"name"`
	ShortName string `json:"short_name"`
}

func (w wireSeries) series() Series {
	s := Series{Metric: w.Metric, Scope: w.Scope, Group: w.TagSet}
	var units []string
	for _, unit := range w.Unit {
		if unit != nil {
			units = append(units, cmp.Or(unit.ShortName, unit.Name))
		}
	}
	s.Unit = strings.Join(units, "/")
	for _, p := range w.Pointlist {
		if p.at != nil && p.value != nil {
			s.Points = append(s.Points, Point{Time: time.UnixMilli(int64(*p.at)).UTC(), Value: *p.value})
		}
	}
	return s
}

// wirePoint is a pair of epoch milliseconds and a value, each of which may be null.
// An answer holds hundreds, so they are not read as lists of any two things.
type wirePoint struct{ at, value *float64 }

func (p *wirePoint) UnmarshalJSON(raw []byte) error {
	at, value, _ := bytes.Cut(bytes.TrimSuffix(bytes.TrimPrefix(raw, []byte("[")), []byte("]")), []byte(","))
	p.at, p.value = parseNumber(at), parseNumber(value)
	return nil
}
