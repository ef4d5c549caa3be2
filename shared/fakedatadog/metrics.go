package fakedatadog

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Series is one line of a metric's graph. Queries are not evaluated: a series is the
// answer to the query that it was added for.
type Series struct {
	// Query is compared without its spaces.
	Query string
	// Scope is "env:prod,host:a"; empty is "*".
	Scope string
	// TagSet are the tags that differ from the query's other series.
	TagSet []string
	// Unit is a short name, "s"; empty for a metric without one.
	Unit string
	// Points are pairs of epoch milliseconds and value, in the order of time.
	Points [][2]float64
}

// AddSeries adds a series.
func (s *Server) AddSeries(added Series) {
	s.mu.Lock()
	defer s.mu.Unlock()
	added.TagSet, added.Points = orEmpty(added.TagSet), slices.Clone(added.Points)
	s.series = append(s.series, added)
}

// queryMetrics answers as in https://docs.datadoghq.com/api/latest/metrics/.
func (s *Server) queryMetrics(c *call) answer {
	c.require("from", "to", "query")
	from, to, text := c.integer("from", 0)*1000, c.integer("to", 0)*1000, c.Get("query")
	found := []object{}
	for _, one := range s.series {
		points := where(one.Points, func(p [2]float64) bool { return p[0] >= float64(from) && p[0] <= float64(to) })
		if withoutSpaces(one.Query) == withoutSpaces(text) && len(points) > 0 {
			found = append(found, one.shown(points))
		}
	}
	return success(object{"status": "ok", "res_type": "time_series", "resp_version": 1, "query": text, "from_date": from, "to_date": to, "series": found})
}

func withoutSpaces(text string) string { return strings.Join(strings.Fields(text), "") }

func (s Series) shown(points [][2]float64) object {
	var unit any
	if s.Unit != "" {
		unit = []any{object{"short_name": s.Unit, "name": s.Unit}, nil}
	}
	return object{"unit": unit, "expression": s.Query, "scope": cmp.Or(s.Scope, "*"), "tag_set": s.TagSet, "pointlist": points}
}

// takeSnapshot answers with the address of a picture, which differs for each query
// (https://docs.datadoghq.com/api/latest/snapshots/).
// Datadog takes one of a query without data too.
func takeSnapshot(c *call) answer {
	c.require("start", "end", "metric_query")
	c.integer("start", 0)
	c.integer("end", 0)
	metric := c.Get("metric_query")
	definition, _ := json.Marshal(object{"requests": []object{{"q": metric}}}) // Strings always encode.
	sum := sha256.Sum256([]byte(c.Encode()))
	return success(object{
		"metric_query": metric, "graph_def": string(definition),
		"snapshot_url": fmt.Sprintf("https://p.datadoghq.com/snapshot/view/dd-snapshots-prod/org_%d/%s/%x.png",
			organisationID, c.now.UTC().Format(time.DateOnly), sum[:20]),
	})
}
