package datadog

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"time"

	"boomerang/shared/fault"
)

// Series is one line of a metric's graph.
type Series struct {
	Group  []string // The tags of the query's group, if it has groups.
	Unit   string   // "%", "B/s", or empty.
	Points []Point  // In the order of time, without null values.
}

// Point is a value of a metric at a time, or over the interval that begins then.
type Point struct {
	Time  time.Time
	Value float64
}

// SeriesQuery asks for the points or the picture of a metric query, which is a monitor's
// query without its time aggregation and comparison.
type SeriesQuery struct {
	Query    string    // "avg:system.load.1{env:prod} by {host}".
	From, To time.Time // Whole seconds count.
}

// Series returns one series for each group of the query that has points.
// https://docs.datadoghq.com/api/latest/metrics/#query-timeseries-points
func (c *Client) Series(ctx context.Context, query SeriesQuery) ([]Series, error) {
	get := get("query the metric", "timeseries_query", "/api/v1/query",
		values("from", unixSeconds(query.From), "to", unixSeconds(query.To), "query", query.Query))
	response, err := read(ctx, c, get, seriesResponse.whole)
	if response.isRejection() {
		e := &Error{Op: get.op, Status: http.StatusOK, Text: errorText([]byte(response.Error), get.redactor(Keys{}))}
		err = fault.NewRedacted(fault.Permanent, "Datadog refused to "+get.op+": ", e.Text, "", e)
	}
	return response.series(), err
}

type seriesResponse struct {
	Status, Error string
	Series        []struct {
		TagSet []string `json:"tag_set"`
		Unit   []*struct {
			Name      string
			ShortName string `json:"short_name"`
		} // The unit and what it is per, or null.
		Pointlist [][2]optionalNumber // Epoch milliseconds and value.
	}
}

// isRejection reports whether Datadog rejected the query, which has status 200.
func (r seriesResponse) isRejection() bool { return r.Status == "error" }

func (r seriesResponse) whole() (seriesResponse, bool) { return r, r.Series != nil || r.isRejection() }

func (r seriesResponse) series() []Series {
	var all []Series
	for _, found := range r.Series {
		s := Series{Group: found.TagSet}
		var units []string
		for _, unit := range found.Unit {
			if unit != nil {
				units = append(units, cmp.Or(unit.ShortName, unit.Name))
			}
		}
		s.Unit = strings.Join(units, "/")
		for _, p := range found.Pointlist {
			if at, value := p[0].value, p[1].value; at != nil && value != nil {
				s.Points = append(s.Points, Point{Time: time.UnixMilli(int64(*at)).UTC(), Value: *value})
			}
		}
		all = append(all, s)
	}
	return all
}

// Snapshot has a picture of a metric's graph taken and returns the URL of the PNG, which is empty for
// some seconds. Datadog documents no permission. The rate limit is low: about 60 pictures in an hour.
// https://docs.datadoghq.com/api/latest/snapshots/#take-graph-snapshots
func (c *Client) Snapshot(ctx context.Context, query SeriesQuery) (string, error) {
	window := values("start", unixSeconds(query.From), "end", unixSeconds(query.To), "metric_query", query.Query)
	return read(ctx, c, get("take the graph's snapshot", "", "/api/v1/graph/snapshot", window), func(r struct {
		URL string `json:"snapshot_url"`
	},
	) (string, bool) {
		return r.URL, strings.HasPrefix(r.URL, "https://")
	})
}
