package fakedatadog

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// schema has what a request's body may hold, by path: "$.data.tags[]" for each of the
// tags.
type schema map[string]rule

// rule says what a value must be.
type rule struct {
	want   string
	allows func(any) bool
}

func oneOf(words ...string) rule {
	return rule{`one of: ["` + strings.Join(words, `", "`) + `"]`, func(v any) bool {
		text, isText := v.(string)
		return isText && slices.Contains(words, text)
	}}
}

func text(runes int) rule {
	return rule{fmt.Sprintf("a string of 1 to %d characters", runes), func(v any) bool {
		text, _ := v.(string)
		return text != "" && utf8.RuneCountInString(text) <= runes
	}}
}

func elements(n int) rule {
	return rule{fmt.Sprintf("a list of 1 to %d elements", n), func(v any) bool {
		elements, _ := v.([]any)
		return len(elements) > 0 && len(elements) <= n
	}}
}

func recent(now time.Time) rule {
	return rule{fmt.Sprintf("a time in ISO 8601, at most %d hours old", int(maxAge.Hours())), func(v any) bool {
		text, _ := v.(string)
		at, err := time.Parse(time.RFC3339, text)
		return err == nil && !at.Before(now.Add(-maxAge))
	}}
}

func properties(required ...string) rule {
	return rule{"an object with " + strings.Join(required, ", "), func(v any) bool {
		o, _ := v.(object)
		return !slices.ContainsFunc(required, func(name string) bool { _, exists := o[name]; return !exists })
	}}
}

var custom = rule{"an object of at most 100 properties, nested at most 10 levels deep", func(v any) bool {
	_, isObject := v.(object)
	return isObject && fits(v, 1)
}}

// fits reports whether an object has at most 100 properties, also those inside, which are
// nested at most 10 deep. Lists count too.
func fits(v any, depth int) bool {
	var children []any
	switch v := v.(type) {
	case []any:
		children = v
	case object:
		children = slices.Collect(maps.Values(v))
		if len(children) > 100 {
			return false
		}
	default:
		return true
	}
	return depth <= 10 && !slices.ContainsFunc(children, func(child any) bool { return !fits(child, depth+1) })
}

// eventSchema is that of an alert in POST /api/v2/events. Changes are not supported
// (https://docs.datadoghq.com/api/latest/events/#post-an-event, tab v2).
func eventSchema(now time.Time) schema {
	const data, event, alert = "$.data", "$.data.attributes", "$.data.attributes.attributes"
	return schema{
		"$":                         properties("data"),
		data:                        properties("type", "attributes"),
		data + ".type":              oneOf("event"),
		event:                       properties("title", "category", "attributes"),
		event + ".title":            text(500),
		event + ".message":          text(maxTextRunes),
		event + ".category":         oneOf("alert", "change"),
		event + ".tags":             elements(maxTags),
		event + ".tags[]":           text(maxTagRunes),
		event + ".timestamp":        recent(now),
		event + ".aggregation_key":  text(maxAggregationKeyRunes),
		event + ".host":             text(maxHostRunes),
		event + ".integration_id":   oneOf("custom-events"),
		alert:                       properties("status"),
		alert + ".status":           oneOf("ok", "warn", "error"),
		alert + ".priority":         oneOf("1", "2", "3", "4", "5"),
		alert + ".links":            elements(20),
		alert + ".links[]":          properties("category", "url"),
		alert + ".links[].category": oneOf("runbook", "documentation", "dashboard", "resource"),
		alert + ".links[].url":      text(2048),
		alert + ".links[].title":    text(300),
		alert + ".custom":           custom,
	}
}

// problem returns the first thing that is wrong with a value, pattern being its path
// without the numbers of elements. The form of a problem is recorded, and so are the
// words for a value outside an enumeration; the other words are ours.
func (s schema) problem(path, pattern string, v any) (problem string) {
	switch r, known := s[pattern]; {
	case !known:
		return "JSON validation failed at " + path + ": property is not in the schema, which allows no others."
	case !r.allows(v):
		return "JSON validation failed at " + path + ": value must be " + r.want + "."
	case strings.HasSuffix(pattern, ".custom"): // Its properties are the caller's own.
		return ""
	}
	switch v := v.(type) {
	case []any:
		for i := 0; i < len(v) && problem == ""; i++ {
			problem = s.problem(fmt.Sprintf("%s[%d]", path, i), pattern+"[]", v[i])
		}
	case object:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if problem == "" {
				problem = s.problem(path+"."+name, pattern+"."+name, v[name])
			}
		}
	}
	return problem
}
