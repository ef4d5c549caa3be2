package fakedatadog

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

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
	return success(object{
		"data": object{"type": "service_level_objective_search_results", "attributes": object{"slos": found}},
		"meta": object{"pagination": object{"size": size, "total": len(matching), "type": "number_size"}},
	})
}

// matches takes a whole tag, or a part of the name.
func (s SLO) matches(query string) bool {
	return slices.Contains(s.Tags, strings.ReplaceAll(query, `"`, "")) ||
		!strings.Contains(query, ":") && strings.Contains(strings.ToLower(s.Name), strings.ToLower(query))
}

// found is the SLO in search results.
func (s SLO) found(now time.Time) object {
	state := object{"state": s.State, "error_budget_remaining": s.Budget, "indexed_at": now.Unix()}
	status, overall := maps.Clone(state), maps.Clone(state)
	status["sli"] = s.SLI
	overall["timeframe"], overall["target"], overall["status"] = s.Timeframe, s.Target, s.SLI
	return object{
		"name": s.Name, "slo_type": s.Type, "all_tags": s.Tags, "timeframe": s.Timeframe,
		"target_threshold": s.Target, "thresholds": []object{s.threshold()},
		"status": status, "overall_status": []object{overall},
	}
}

func (s SLO) threshold() object {
	return object{"timeframe": s.Timeframe, "target": s.Target, "target_display": fmt.Sprintf("%g.", s.Target)}
}

// sloHistory answers with the SLO's state at the end of a period. The keys depend on
// the SLO's type, as recorded.
func sloHistory(c *call, slo SLO) answer {
	c.require("from_ts", "to_ts")
	from, to := c.integer("from_ts", 0), c.integer("to_ts", 0)
	target, err := strconv.ParseFloat(c.Get("target"), 64)
	c.failIf(c.Has("target") && (err != nil || target <= 0 || target >= 100), invalidValue, "target")
	c.failIf(from >= to, "The timeframe is incorrect: invalid from %d or to %d timestamp", from, to)
	data := object{
		"from_ts": from, "to_ts": to, "type": slo.Type, "type_id": slices.Index([]string{"monitor", "metric", "time_slice"}, slo.Type),
		"slo": object{
			"id": slo.ID, "name": slo.Name, "tags": slo.Tags, "type": slo.Type, "timeframe": slo.Timeframe,
			"target_threshold": slo.Target, "thresholds": []object{slo.threshold()},
		},
		"thresholds": object{slo.Timeframe: slo.threshold()}, "overall": slo.overall(c.Has("target")),
	}
	if slo.Type == "metric" {
		data["group_by"], data["series"] = []any{}, object{"from_date": from * 1000, "to_date": to * 1000} // Nothing happened.
	}
	return success(object{"data": data})
}

// overall has the budget of the SLO's timeframe, and of the call's target under "custom".
func (s SLO) overall(withTarget bool) object {
	overall := object{"precision": object{s.Timeframe: 0}, "errors": []object{}}
	if s.SLI != nil || s.Type == "metric" {
		overall["sli_value"] = s.SLI
	}
	if s.State != "" {
		overall["state"] = s.State
	}
	if s.Budget != nil {
		budget := object{s.Timeframe: s.Budget}
		if withTarget {
			budget["custom"] = s.Budget
		}
		overall["error_budget_remaining"] = budget
	}
	return overall
}
