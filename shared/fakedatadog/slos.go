package fakedatadog

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// The routes of the SLOs.
const (
	SLOSearch  Route = "slo.search"
	SLOHistory Route = "slo.history"
)

// SLO is a service level objective and how it stands.
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
	// SLI and Budget are in percent; null when they could not be calculated, and
	// Problem then says why.
	SLI     *float64 `json:"sli"`
	Budget  *float64 `json:"error_budget_remaining"`
	Problem string   `json:"calculation_error"`
	// HistoryBudget is what a history answers in place of Budget: the search's
	// index is minutes old, a history is calculated for the call.
	HistoryBudget *float64 `json:"history_error_budget_remaining"`
	CreatedAt     int64    `json:"created_at"` // Epoch seconds.
}

// slos are an organisation's SLOs, in the order in which they were added.
type slos struct{ all []SLO }

// AddSLO makes an SLO known and returns its id. Whatever is zero gets a default: a
// metric SLO over seven days, with a target of 99 percent.
func (s *Server) AddSLO(added SLO) (id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if added.ID == "" {
		added.ID = strings.ReplaceAll(uuidOf(fmt.Sprint(added.Name, len(s.slos.all))), "-", "")
	}
	added.Type, added.Timeframe = cmp.Or(added.Type, "metric"), cmp.Or(added.Timeframe, "7d")
	added.Target, added.CreatedAt = cmp.Or(added.Target, 99), cmp.Or(added.CreatedAt, s.now().Unix())
	added.Tags, added.MonitorIDs = append([]string{}, added.Tags...), slices.Clone(added.MonitorIDs)
	s.slos.all = append(s.slos.all, added)
	return added.ID
}

// The limit of the history is that of Datadog's recorded answers.
func (s *slos) routes() []route {
	return []route{
		{name: SLOSearch, method: http.MethodGet, path: "/api/v1/slo/search", needs: bothKeys, handle: s.search, limit: globalLimit},
		{
			name: SLOHistory, method: http.MethodGet, path: "/api/v1/slo/{slo_id}/history", needs: bothKeys, handle: s.history,
			limit: limit{name: "slo_history", calls: 150, period: 10 * time.Second},
		},
	}
}

func (s *slos) search(c call) answer {
	p := queryParams{Values: c.query}
	size, number := p.integer("page[size]", false), p.integer("page[number]", false)
	if p.problem != "" {
		return failure(http.StatusBadRequest, p.problem)
	}
	query := c.query.Get("query")
	found := []map[string]any{}
	for _, slo := range s.all {
		if slo.matches(query) {
			found = append(found, map[string]any{"data": map[string]any{"type": "slo", "id": slo.ID, "attributes": slo.found(c.now)}})
		}
	}
	size = cmp.Or(size, 10)
	address := "https://api.datadoghq.com/api/v1/slo/search?query=" + query
	return success(map[string]any{
		"data": map[string]any{"type": "service_level_objective_search_results", "attributes": map[string]any{"slos": window(found, number*size, size)}},
		"meta": map[string]any{"pagination": map[string]any{
			"type": "number_size", "number": number, "size": size, "total": len(found),
			"first_number": 0, "prev_number": max(0, number-1), "next_number": number + 1, "last_number": max(0, len(found)-1) / int(size),
		}},
		"links": map[string]any{"self": address, "first": address, "next": address, "prev": nil, "last": nil},
	})
}

// matches takes a tag whole and looks for anything else in the name.
func (s SLO) matches(query string) bool {
	if slices.Contains(s.Tags, strings.ReplaceAll(query, `"`, "")) {
		return true
	}
	return !strings.Contains(query, ":") && strings.Contains(strings.ToLower(s.Name), strings.ToLower(query))
}

func (s SLO) tagsOf(key string) []string {
	return slices.DeleteFunc(slices.Clone(s.Tags), func(tag string) bool { return !strings.HasPrefix(tag, key+":") })
}

// found is an SLO as a search answers it.
func (s SLO) found(now time.Time) map[string]any {
	return map[string]any{
		"name": s.Name, "description": orNull(s.Description), "slo_type": s.Type, "monitor_ids": s.MonitorIDs, "groups": nil,
		"all_tags": s.Tags, "service_tags": s.tagsOf("service"), "env_tags": s.tagsOf("env"), "team_tags": s.tagsOf("team"),
		"timeframe": s.Timeframe, "target_threshold": s.Target, "warning_threshold": s.Warning,
		"thresholds": []any{s.threshold()}, "query": s.query(),
		"status": map[string]any{
			"state": s.State, "sli": s.SLI, "error_budget_remaining": s.Budget, "raw_error_budget_remaining": nil,
			"span_precision": nil, "calculation_error": orNull(s.Problem), "indexed_at": now.Unix(),
		},
		"overall_status": []any{map[string]any{
			"timeframe": s.Timeframe, "target": s.Target, "state": s.State, "status": s.SLI, "error_budget_remaining": s.Budget,
			"raw_error_budget_remaining": nil, "span_precision": nil, "error": orNull(s.Problem), "indexed_at": now.Unix(),
		}},
		"creator":    map[string]any{"id": 1, "name": nil, "email": "someone@example.com"},
		"created_at": s.CreatedAt, "modified_at": s.CreatedAt,
	}
}

func (s SLO) threshold() map[string]any {
	return map[string]any{
		"timeframe": s.Timeframe, "target": s.Target, "target_display": fmt.Sprintf("%g.", s.Target),
		"warning": s.Warning, "warning_display": "98.",
	}
}

// query is what a metric SLO counts. The stand-in keeps none: it is given the result.
func (s SLO) query() any {
	if s.Type != "metric" {
		return nil
	}
	return map[string]any{"metrics": nil, "numerator": goodEvents, "denominator": allEvents}
}

const (
	goodEvents = "sum:httpservice.hits{code:2xx}.as_count()"
	allEvents  = "sum:httpservice.hits{!code:3xx}.as_count()"
)
