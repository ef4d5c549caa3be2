package fakedatadog

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The routes of the SLOs
// (https://docs.datadoghq.com/api/latest/service-level-objectives/).
const (
	SLOSearch  Route = "slo.search"
	SLOHistory Route = "slo.history"
)

// The limit of the history is recorded.
func (s *Server) sloRoutes() []route {
	history := limit{name: "slo_history", calls: 150, period: 10 * time.Second}
	return []route{
		{name: SLOSearch, pattern: "GET /api/v1/slo/search", limit: globalLimit, handle: s.searchSLOs},
		{name: SLOHistory, pattern: "GET /api/v1/slo/{id}/history", limit: history, handle: s.sloHistory},
	}
}

// SLO is a service level objective and its state.
type SLO struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Type        string   `json:"type"` // metric, monitor or time_slice.
	Tags        []string `json:"tags"`
	Timeframe   string   `json:"timeframe"` // 7d, 30d or 90d.
	Target      float64  `json:"target_threshold"`
	Warning     *float64 `json:"warning_threshold"`
	MonitorIDs  []int64  `json:"monitor_ids"`
	// State is ok, warning, breached or no_data.
	State string `json:"state"`
	// SLI and Budget are in percent; null if Datadog could not calculate them, and
	// Problem then says why.
	SLI     *float64 `json:"sli"`
	Budget  *float64 `json:"error_budget_remaining"`
	Problem string   `json:"calculation_error"`
	// HistoryBudget replaces Budget in a history, which Datadog calculates for the call;
	// the search's index is minutes old.
	HistoryBudget *float64 `json:"history_error_budget_remaining"`
	CreatedAt     int64    `json:"created_at"` // Epoch seconds.
}

// AddSLO adds an SLO and returns its id. Defaults replace zero values: a metric SLO over
// seven days, with a target of 99 percent.
func (s *Server) AddSLO(added SLO) (id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	added.ID = cmp.Or(added.ID, strings.ReplaceAll(uuidOf(fmt.Sprint(added.Name, len(s.slos))), "-", ""))
	added.Type, added.Timeframe = cmp.Or(added.Type, "metric"), cmp.Or(added.Timeframe, "7d")
	added.Target, added.CreatedAt = cmp.Or(added.Target, 99), cmp.Or(added.CreatedAt, s.now().Unix())
	added.Tags, added.MonitorIDs = orEmpty(added.Tags), slices.Clone(added.MonitorIDs)
	s.slos = append(s.slos, added)
	return added.ID
}

func (s *Server) searchSLOs(c *call) answer {
	size, number, text := c.integer("page[size]", 10), c.integer("page[number]", 0), c.Get("query")
	found := []object{}
	for _, slo := range s.slos {
		if slo.matches(text) {
			found = append(found, object{"data": object{"type": "slo", "id": slo.ID, "attributes": slo.found(c.now)}})
		}
	}
	return success(object{
		"data": object{"type": "service_level_objective_search_results", "attributes": object{"slos": window(found, number*size, size)}},
		"meta": object{"pagination": numberedPages(number, size, len(found))}, "links": pageLinks("https://api.datadoghq.com/api/v1/slo/search?query=" + text),
	})
}

// matches takes a whole tag, or a part of the name.
func (s SLO) matches(query string) bool {
	return slices.Contains(s.Tags, strings.ReplaceAll(query, `"`, "")) ||
		!strings.Contains(query, ":") && strings.Contains(strings.ToLower(s.Name), strings.ToLower(query))
}

func (s SLO) tagsOf(key string) []string {
	return slices.DeleteFunc(slices.Clone(s.Tags), func(tag string) bool { return !strings.HasPrefix(tag, key+":") })
}

// found is the SLO in search results.
func (s SLO) found(now time.Time) object {
	state := object{
		"state": s.State, "error_budget_remaining": s.Budget, "raw_error_budget_remaining": nil, "span_precision": nil, "indexed_at": now.Unix(),
	}
	status, overall := maps.Clone(state), maps.Clone(state)
	status["sli"], status["calculation_error"] = s.SLI, orNull(s.Problem)
	overall["timeframe"], overall["target"], overall["status"], overall["error"] = s.Timeframe, s.Target, s.SLI, orNull(s.Problem)
	var query any
	if s.Type == "metric" {
		query = object{"metrics": nil, "numerator": goodEvents, "denominator": allEvents}
	}
	return object{
		"name": s.Name, "description": orNull(s.Description), "slo_type": s.Type, "monitor_ids": s.MonitorIDs, "groups": nil,
		"all_tags": s.Tags, "service_tags": s.tagsOf("service"), "env_tags": s.tagsOf("env"), "team_tags": s.tagsOf("team"),
		"timeframe": s.Timeframe, "target_threshold": s.Target, "warning_threshold": s.Warning, "thresholds": []any{s.threshold()}, "query": query,
		"status": status, "overall_status": []any{overall}, "creator": object{"id": 1, "name": nil, "email": author.Email},
		"created_at": s.CreatedAt, "modified_at": s.CreatedAt,
	}
}

func (s SLO) threshold() object {
	return object{
		"timeframe": s.Timeframe, "target": s.Target, "target_display": fmt.Sprintf("%g.", s.Target), "warning": s.Warning, "warning_display": "98.",
	}
}

// What a metric SLO counts.
const (
	goodEvents = "sum:httpservice.hits{code:2xx}.as_count()"
	allEvents  = "sum:httpservice.hits{!code:3xx}.as_count()"
)

// sloHistory answers with the SLO's state at the end of a period. The keys depend on
// the SLO's type, as recorded.
func (s *Server) sloHistory(c *call) answer {
	id := c.PathValue("id")
	at := slices.IndexFunc(s.slos, func(slo SLO) bool { return slo.ID == id })
	if at < 0 {
		return failure(http.StatusNotFound, fmt.Sprintf("SLO ID: %s not found", id))
	}
	c.require("from_ts", "to_ts")
	from, to := c.integer("from_ts", 0), c.integer("to_ts", 0)
	if target, err := strconv.ParseFloat(c.Get("target"), 64); c.Has("target") && (err != nil || target <= 0 || target >= 100) {
		c.fail(invalidValue, "target")
	}
	if from >= to {
		c.fail("The timeframe is incorrect: invalid from %d or to %d timestamp", from, to)
	}
	slo := s.slos[at]
	data := object{
		"from_ts": from, "to_ts": to, "type": slo.Type, "type_id": slo.typeID(), "slo": slo.details(),
		"thresholds": object{slo.Timeframe: slo.threshold()}, "overall": slo.overall(c.Has("target")),
	}
	if slo.Type == "metric" {
		data["group_by"], data["series"] = []any{}, emptySeries(from, to)
	}
	return success(object{"data": data, "errors": nil})
}

func (s SLO) typeID() int { return slices.Index([]string{"monitor", "metric", "time_slice"}, s.Type) }

// overall has the budget of the SLO's timeframe, and of the call's target under "custom".
func (s SLO) overall(withTarget bool) object {
	precision := object{s.Timeframe: 0}
	overall := object{"precision": precision, "corrections": []any{}}
	if s.Type == "metric" {
		overall["sli_value"], overall["uptime"], overall["span_precision"] = s.SLI, s.SLI, 2
	} else {
		precision["custom"] = 0
		if s.SLI != nil {
			overall["sli_value"] = s.SLI
		}
	}
	if s.State != "" {
		overall["state"] = s.State
	}
	if left := cmp.Or(s.HistoryBudget, s.Budget); left != nil {
		budget := object{s.Timeframe: left}
		if withTarget {
			budget["custom"] = left
		}
		overall["error_budget_remaining"] = budget
	}
	if s.Problem != "" {
		overall["errors"] = []any{object{"error_message": s.Problem, "error_type": "ZERO_VALUED_DENOMINATOR"}}
	}
	return overall
}

// details are the SLO outside search results.
func (s SLO) details() object {
	details := object{
		"id": s.ID, "name": s.Name, "tags": s.Tags, "monitor_tags": []any{}, "description": s.Description, "type": s.Type, "type_id": s.typeID(),
		"timeframe": s.Timeframe, "target_threshold": s.Target, "warning_threshold": s.Warning, "thresholds": []any{s.threshold()},
		"creator":    object{"name": nil, "handle": author.Email, "email": author.Email},
		"created_at": s.CreatedAt, "modified_at": s.CreatedAt,
	}
	switch s.Type {
	case "metric":
		details["query"] = object{"numerator": goodEvents, "denominator": allEvents}
	case "monitor":
		details["monitor_ids"] = s.MonitorIDs
	}
	return details
}

// The steps of a history's period, as recorded.
const (
	historyStart    = 300
	historyInterval = 7200
)

// emptySeries is what a metric SLO counted when nothing happened.
func emptySeries(from, to int64) object {
	times := []int64{from / historyStart * historyStart * 1000}
	for at := (from/historyInterval + 1) * historyInterval; at <= to; at += historyInterval {
		times = append(times, at*1000)
	}
	good, all := "default_zero("+goodEvents+")", "default_zero("+allEvents+")"
	counted := func(query string, index int) object {
		return object{"values": make([]float64, len(times)), "sum": 0, "count": len(times), "metadata": object{
			"unit": nil, "query_index": index, "aggr": "sum", "metric": "default_zero(httpservice.hits)", "tag_set": []any{},
			"expression": query, "scope": "*",
		}}
	}
	return object{
		"res_type": "time_series", "resp_version": 2, "timing": "0.02", "message": "", "interval": historyInterval,
		"from_date": from * 1000, "to_date": to * 1000, "times": times, "numerator": counted(good, 0), "denominator": counted(all, 1),
		"query": good + ", " + all, "numerator_query": good, "denominator_query": all,
		"bad_series_query": all + " - " + good, "graph_query": good + ", " + all + " - " + good,
	}
}
