package installation

import (
	"fmt"
	"maps"
	"strings"
)

// object is a part of a widget in Datadog's form, of which there are too many to have
// a type each.
type object map[string]any

// query is one source of a widget's data, and how what it gives is called.
type query struct {
	alias  string
	source object
	unit   unit
}

// unit says what a number counts.
type unit string

const (
	number  unit = ""
	times   unit = "times" // Occurrences: sums, not rates.
	seconds unit = "second"
)

// How a series is drawn.
const (
	bars = "bars"
	line = "line"
)

// grouping is how many groups a widget shows.
const grouping = 10

// counted counts the events that match a search, by tags.
func counted(alias, search string, by ...string) query {
	groups := []object{}
	for _, facet := range by {
		groups = append(groups, object{"facet": facet, "limit": grouping, "sort": object{"aggregation": "count", "order": "desc"}})
	}
	return query{alias: alias, source: object{
		"data_source": "events", "search": object{"query": search}, "indexes": []string{"*"},
		"compute": object{"aggregation": "count"}, "group_by": groups,
	}}
}

// metric asks for "avg:name" in a scope, by tags with commas between them.
func metric(alias, aggregatedMetric, scope, by string, as unit) query {
	text := fmt.Sprintf("%s{%s}", aggregatedMetric, scope)
	if by != "" {
		text += fmt.Sprintf(" by {%s}", by)
	}
	if as == times {
		text += ".as_count()"
	}
	aggregator, _, _ := strings.Cut(aggregatedMetric, ":")
	if aggregator == "count" {
		aggregator = "sum"
	}
	return query{alias: alias, unit: as, source: object{"data_source": "metrics", "query": text, "aggregator": aggregator}}
}

func group(title string, widgets ...widget) widget {
	return widget{object{"type": "group", "title": title, "layout_type": "ordered", "widgets": widgets}}
}

func timeseries(title, display string, queries ...query) widget {
	request := requestFor("timeseries", queries)
	request["display_type"] = display
	return widget{object{
		"type": "timeseries", "title": title, "show_legend": true, "legend_layout": "auto", "requests": []object{request},
	}}
}

func toplist(title string, q query) widget {
	request := requestFor("scalar", []query{q})
	request["formulas"].([]object)[0]["limit"] = object{"count": grouping, "order": "desc"}
	return widget{object{"type": "toplist", "title": title, "requests": []object{request}}}
}

// stream lists the events that match a search.
func stream(title, search string) widget {
	return widget{object{"type": "list_stream", "title": title, "requests": []object{{
		"response_format": "event_list",
		"query":           object{"data_source": "event_stream", "query_string": search, "event_size": "s"},
		"columns":         []object{{"field": "timestamp", "width": "auto"}},
	}}}}
}

// requestFor names the queries, and has a formula show each under its alias.
func requestFor(format string, queries []query) object {
	sources, formulas := []object{}, []object{}
	for n, q := range queries {
		name := fmt.Sprintf("query%d", n+1)
		source := maps.Clone(q.source)
		source["name"] = name
		if format == "timeseries" {
			delete(source, "aggregator") // A series has a value for each moment already.
		}
		formula := object{"formula": name, "alias": q.alias}
		if q.unit == seconds {
			formula["number_format"] = object{"unit": object{"type": "canonical_unit", "unit_name": "second"}}
		}
		sources, formulas = append(sources, source), append(formulas, formula)
	}
	return object{"response_format": format, "queries": sources, "formulas": formulas}
}
