package fakedatadog

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
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
			organizationID, c.now.UTC().Format(time.DateOnly), sum[:20]),
	})
}

// SLO is a service level objective and its state
// (https://docs.datadoghq.com/api/latest/service-level-objectives/).
type SLO struct {
	ID        string
	Name      string
	Type      string // metric, monitor or time_slice.
	Tags      []string
	Timeframe string // 7d, 30d or 90d.
	Target    float64
	State     string // ok, warning, breached or no_data.
	// SLI and Budget are in percent; null if Datadog could not calculate them.
	SLI    *float64
	Budget *float64
}

// AddSLO adds an SLO and returns its id. Defaults replace zero values: a metric SLO over
// seven days, with a target of 99 percent.
func (s *Server) AddSLO(added SLO) (id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	added.ID = cmp.Or(added.ID, strings.ReplaceAll(uuidOf(fmt.Sprint(added.Name, len(s.slos.all))), "-", ""))
	added.Type, added.Timeframe = cmp.Or(added.Type, "metric"), cmp.Or(added.Timeframe, "7d")
	added.Target, added.Tags = cmp.Or(added.Target, 99), orEmpty(added.Tags)
	s.slos.put(added)
	return added.ID
}

func (s *Server) searchSLOs(c *call) answer {
	size, text := c.integer("page[size]", 10), c.Get("query")
	matching := where(s.slos.all, func(slo SLO) bool { return slo.matches(text) })
	found := list(window(matching, 0, size), func(slo SLO) object { return object{"data": resource("slo", slo.ID, slo.found(c.now))} })
	return success(object{"data": object{"attributes": object{"slos": found}}})
}

// matches takes a whole tag, or a part of the name.
func (s SLO) matches(query string) bool {
	return slices.Contains(s.Tags, strings.ReplaceAll(query, `"`, "")) ||
		!strings.Contains(query, ":") && strings.Contains(strings.ToLower(s.Name), strings.ToLower(query))
}

func (s SLO) found(now time.Time) object {
	return object{
		"name": s.Name, "slo_type": s.Type, "all_tags": s.Tags, "timeframe": s.Timeframe, "target_threshold": s.Target,
		"status": object{"state": s.State, "error_budget_remaining": s.Budget, "indexed_at": now.Unix(), "sli": s.SLI},
	}
}

// sloHistory answers with the SLO's state at the end of a period: the budget of the SLO's
// timeframe, and that of the call's target under "custom".
func sloHistory(c *call, slo SLO) answer {
	c.require("from_ts", "to_ts")
	from, to := c.integer("from_ts", 0), c.integer("to_ts", 0)
	target, err := strconv.ParseFloat(c.Get("target"), 64)
	c.failIf(c.Has("target") && (err != nil || target <= 0 || target >= 100), invalidValue, "target")
	c.failIf(from >= to, "The timeframe is incorrect: invalid from %d or to %d timestamp", from, to)
	overall := object{}
	if slo.SLI != nil || slo.Type == "metric" {
		overall["sli_value"] = slo.SLI
	}
	if slo.Budget != nil {
		budget := object{slo.Timeframe: slo.Budget}
		if c.Has("target") {
			budget["custom"] = slo.Budget
		}
		overall["error_budget_remaining"] = budget
	}
	return success(object{"data": object{"from_ts": from, "to_ts": to, "type": slo.Type, "overall": overall}})
}

// Host is a host. Its JSON names are Datadog's
// (https://docs.datadoghq.com/api/latest/hosts/#get-all-hosts-for-your-organization).
type Host struct {
	Name             string              `json:"name"`
	Aliases          []string            `json:"aliases"`
	Apps             []string            `json:"apps"`
	Up               bool                `json:"up"`
	LastReportedTime int64               `json:"last_reported_time"` // Epoch seconds.
	TagsBySource     map[string][]string `json:"tags_by_source"`
	Sources          []string            `json:"sources"`
	// Meta is what the Agent reports about its host.
	Meta map[string]any `json:"meta"`
}

// SetHosts replaces all hosts. Defaults replace zero values: a host reported just now.
func (s *Server) SetHosts(all ...Host) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hosts = nil
	for _, h := range all {
		h.LastReportedTime = cmp.Or(h.LastReportedTime, s.now().Unix())
		h.Aliases, h.Apps, h.Sources = orEmpty(h.Aliases), orEmpty(h.Apps), orEmpty(h.Sources)
		if h.TagsBySource == nil {
			h.TagsBySource = map[string][]string{"Datadog": {"host:" + h.Name}}
		}
		s.hosts = append(s.hosts, h)
	}
}

// What a list shows by default.
const (
	hostsLiveFor    = 3 * time.Hour
	defaultHosts    = 100
	maxHostsPerPage = 1000
)

func (s *Server) listHosts(c *call) answer {
	count, from := min(c.integer("count", defaultHosts), maxHostsPerPage), c.now.Add(-hostsLiveFor).Unix()
	withMeta := c.flag("include_hosts_metadata")
	matching := where(s.hosts, func(h Host) bool { return h.LastReportedTime >= from && h.matches(c.Get("filter")) })
	page := list(window(matching, 0, count), func(h Host) object {
		if !withMeta || h.Meta == nil {
			h.Meta = object{}
		}
		shown := objectOf(h)
		shown["host_name"] = h.Name
		return shown
	})
	return success(object{"host_list": page, "total_returned": len(page), "total_matching": len(matching)})
}

// matches takes the start of a name, an alias or a tag, or any part of a name.
func (h Host) matches(filter string) bool {
	filter = strings.TrimPrefix(strings.ToLower(filter), "host:")
	candidates := slices.Concat([]string{h.Name}, h.Aliases)
	for _, tags := range h.TagsBySource {
		candidates = append(candidates, tags...)
	}
	return strings.Contains(strings.ToLower(h.Name), filter) ||
		slices.ContainsFunc(candidates, func(s string) bool { return strings.HasPrefix(strings.ToLower(s), filter) })
}
