package fakedatadog

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// MetricsQuery is the route of GET /api/v1/query.
const MetricsQuery Route = "metrics.query"

// Series is one line of a metric's graph. The stand-in evaluates no query: a
// series is what it answers to the query that the series was seeded for.
type Series struct {
	// Query is compared without its spaces.
	Query string `json:"query"`
	// Scope is "env:prod,host:a"; empty is "*".
	Scope string `json:"scope,omitempty"`
	// TagSet are the tags that set it apart from the query's other series.
	TagSet []string `json:"tag_set,omitempty"`
	// Unit holds the unit and what it is per, as Datadog does; empty is null.
	Unit []*Unit `json:"unit,omitempty"`
	// Points are pairs of epoch milliseconds and value, in the order of time.
	Points [][2]float64 `json:"pointlist"`
}

// Unit is a unit of measure, such as percent.
type Unit struct {
	Family      string  `json:"family"`
	ScaleFactor float64 `json:"scale_factor"`
	Name        string  `json:"name"`
	ShortName   string  `json:"short_name"`
	Plural      string  `json:"plural"`
	ID          int64   `json:"id"`
}

// metrics are the series that the stand-in knows.
type metrics struct{ series []Series }

// AddSeries makes a series known.
func (s *Server) AddSeries(added Series) {
	s.mu.Lock()
	defer s.mu.Unlock()
	added.TagSet = append([]string{}, added.TagSet...)
	added.Unit, added.Points = slices.Clone(added.Unit), slices.Clone(added.Points)
	s.metrics.series = append(s.metrics.series, added)
}

// The limit is that of Datadog's recorded answers.
func (m *metrics) routes() []route {
	return []route{{
		name: MetricsQuery, method: http.MethodGet, path: "/api/v1/query", needs: bothKeys, handle: m.query,
		limit: limit{name: "query_metrics", calls: 1600, period: time.Hour},
	}}
}

func (m *metrics) query(c call) answer {
	p := queryParams{Values: c.query}
	from, to := p.integer("from", true), p.integer("to", true)
	query := c.query.Get("query")
	if query == "" {
		p.fail("The parameter '%s' is required", "query")
	}
	if p.problem != "" {
		return failure(http.StatusBadRequest, p.problem)
	}
	found := []wireSeries{}
	for _, s := range m.series {
		points := s.between(from*1000, to*1000)
		if withoutSpaces(s.Query) == withoutSpaces(query) && len(points) > 0 {
			found = append(found, s.wire(points))
		}
	}
	return success(map[string]any{
		"status": "ok", "res_type": "time_series", "resp_version": 1, "query": query, "message": "",
		"from_date": from * 1000, "to_date": to * 1000, "series": found,
		"group_by": groupKeys(query), "times": []any{}, "values": []any{},
	})
}

func withoutSpaces(text string) string { return strings.Join(strings.Fields(text), "") }

func (s Series) between(from, to int64) [][2]float64 {
	return slices.DeleteFunc(slices.Clone(s.Points), func(p [2]float64) bool {
		return p[0] < float64(from) || p[0] > float64(to)
	})
}

// wireSeries is a series as Datadog's recorded answers have it.
type wireSeries struct {
	Metric      string         `json:"metric"`
	DisplayName string         `json:"display_name"`
	Expression  string         `json:"expression"`
	Aggr        *string        `json:"aggr"`
	Scope       string         `json:"scope"`
	TagSet      []string       `json:"tag_set"`
	Attributes  map[string]any `json:"attributes"`
	Unit        []*Unit        `json:"unit"`
	QueryIndex  int            `json:"query_index"`
	Interval    int64          `json:"interval"` // Seconds.
	Start       int64          `json:"start"`    // Epoch milliseconds, as End.
	End         int64          `json:"end"`
	Length      int            `json:"length"`
	Pointlist   [][2]float64   `json:"pointlist"`
}

var (
	metricPart = regexp.MustCompile(`(?:(\w+):)?([A-Za-z][\w.]*)\{`)
	groupPart  = regexp.MustCompile(`by *\{([^}]*)\}`)
)

func (s Series) wire(points [][2]float64) wireSeries {
	w := wireSeries{
		Expression: s.Query, Scope: s.Scope, TagSet: s.TagSet, Attributes: map[string]any{}, Unit: s.Unit,
		Interval: 1, Length: len(points), Pointlist: points,
	}
	if w.Scope == "" {
		w.Scope = "*"
	}
	if part := metricPart.FindStringSubmatch(s.Query); part != nil {
		w.Metric, w.DisplayName = part[2], part[2]
		if part[1] != "" {
			w.Aggr = &part[1]
		}
	}
	w.Start, w.End = int64(points[0][0]), int64(points[len(points)-1][0])
	if len(points) > 1 {
		w.Interval = max(1, (int64(points[1][0])-w.Start)/1000)
	}
	w.End += (w.Interval - 1) * 1000
	return w
}

func groupKeys(query string) []string {
	keys := []string{}
	if part := groupPart.FindStringSubmatch(query); part != nil {
		for key := range strings.SplitSeq(part[1], ",") {
			keys = append(keys, strings.TrimSpace(key))
		}
	}
	return keys
}
