package fakedatadog

import (
	"cmp"
	"fmt"
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
	return success(object{"data": object{"attributes": object{"slos": found}}})
}

// matches takes a whole tag, or a part of the name.
func (s SLO) matches(query string) bool {
	return slices.Contains(s.Tags, strings.ReplaceAll(query, `"`, "")) ||
		!strings.Contains(query, ":") && strings.Contains(strings.ToLower(s.Name), strings.ToLower(query))
}

// found is the SLO in search results.
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
