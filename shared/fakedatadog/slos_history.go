package fakedatadog

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// history answers how an SLO stood at the end of a window. Which keys are there
// depends on the SLO's type, as recorded.
func (s *slos) history(c call) answer {
	id := c.params["slo_id"]
	at := slices.IndexFunc(s.all, func(slo SLO) bool { return slo.ID == id })
	if at < 0 {
		return failure(http.StatusNotFound, fmt.Sprintf("SLO ID: %s not found", id))
	}
	p := queryParams{Values: c.query}
	from, to := p.integer("from_ts", true), p.integer("to_ts", true)
	target := p.target()
	switch {
	case p.problem != "":
		return failure(http.StatusBadRequest, p.problem)
	case from >= to:
		return failure(http.StatusBadRequest, fmt.Sprintf("The timeframe is incorrect: invalid from %d or to %d timestamp", from, to))
	}
	slo := s.all[at]
	data := map[string]any{
		"from_ts": from, "to_ts": to, "type": slo.Type, "type_id": slo.typeID(), "slo": slo.details(),
		"thresholds": map[string]any{slo.Timeframe: slo.threshold()}, "overall": slo.overall(target),
	}
	if slo.Type == "metric" {
		data["group_by"], data["series"] = []any{}, seriesOf(from, to)
	}
	return success(map[string]any{"data": data, "errors": nil})
}

func (p *queryParams) target() bool {
	if !p.Has("target") {
		return false
	}
	percent, err := strconv.ParseFloat(p.Get("target"), 64)
	if err != nil || percent <= 0 || percent >= 100 {
		p.invalid("target")
	}
	return true
}

func (s SLO) typeID() int { return slices.Index([]string{"monitor", "metric", "time_slice"}, s.Type) }

// overall tells the budget of the SLO's timeframe, and of the target that the
// call named under "custom".
func (s SLO) overall(target bool) map[string]any {
	precision := map[string]any{s.Timeframe: 0}
	overall := map[string]any{"precision": precision, "corrections": []any{}}
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
	left := s.Budget
	if s.HistoryBudget != nil {
		left = s.HistoryBudget
	}
	if left != nil {
		budget := map[string]any{s.Timeframe: left}
		if target {
			budget["custom"] = left
		}
		overall["error_budget_remaining"] = budget
	}
	if s.Problem != "" {
		overall["errors"] = []any{map[string]string{"error_message": s.Problem, "error_type": "ZERO_VALUED_DENOMINATOR"}}
	}
	return overall
}

// details are an SLO as the API answers it outside a search.
func (s SLO) details() map[string]any {
	details := map[string]any{
		"id": s.ID, "name": s.Name, "tags": s.Tags, "monitor_tags": []any{}, "description": s.Description,
		"type": s.Type, "type_id": s.typeID(), "timeframe": s.Timeframe,
		"target_threshold": s.Target, "warning_threshold": s.Warning, "thresholds": []any{s.threshold()},
		"creator":    map[string]any{"name": nil, "handle": "someone@example.com", "email": "someone@example.com"},
		"created_at": s.CreatedAt, "modified_at": s.CreatedAt,
	}
	switch s.Type {
	case "metric":
		details["query"] = map[string]string{"numerator": goodEvents, "denominator": allEvents}
	case "monitor":
		details["monitor_ids"] = s.MonitorIDs
	}
	return details
}

// The steps in which Datadog's recorded answers cut a history's window.
const (
	historyStart    = 300
	historyInterval = 7200
)

// seriesOf is what a metric SLO counted, in a world in which nothing happens.
func seriesOf(from, to int64) map[string]any {
	times := []int64{from / historyStart * historyStart * 1000}
	for at := (from/historyInterval + 1) * historyInterval; at <= to; at += historyInterval {
		times = append(times, at*1000)
	}
	good, all := zeroed(goodEvents), zeroed(allEvents)
	return map[string]any{
		"res_type": "time_series", "resp_version": 2, "timing": "0.02", "message": "", "interval": historyInterval,
		"from_date": from * 1000, "to_date": to * 1000, "times": times,
		"numerator": counted(good, 0, len(times)), "denominator": counted(all, 1, len(times)),
		"query": good + ", " + all, "numerator_query": good, "denominator_query": all,
		"bad_series_query": all + " - " + good, "graph_query": good + ", " + all + " - " + good,
	}
}

func zeroed(query string) string { return "default_zero(" + query + ")" }

func counted(query string, index, points int) map[string]any {
	return map[string]any{
		"values": make([]float64, points), "sum": 0, "count": points,
		"metadata": map[string]any{
			"unit": nil, "query_index": index, "aggr": "sum", "metric": "default_zero(httpservice.hits)", "tag_set": []any{},
			"expression": query, "scope": "*",
		},
	}
}
