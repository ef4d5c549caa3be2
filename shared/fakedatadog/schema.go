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
// tags. The form of a problem is recorded, and so are the words for a value outside an
// enumeration; the other words are ours.
type schema map[string]check

// check returns what a value must be, if it is not.
type check func(v any) (want string)

// eventSchema is that of an alert in POST /api/v2/events. Changes are not supported
// (https://docs.datadoghq.com/api/latest/events/#post-an-event, tab v2).
func eventSchema(now time.Time) schema {
	const data, event, alert = "$.data", "$.data.attributes", "$.data.attributes.attributes"
	return schema{
		"$": objectWith("data"), data: objectWith("type", "attributes"), data + ".type": oneOf("event"),
		event:               objectWith("title", "category", "attributes"),
		event + ".title":    text(500),
		event + ".message":  text(maxTextRunes),
		event + ".category": oneOf("alert", "change"),
		event + ".tags":     listOf(100), event + ".tags[]": text(200),
		event + ".timestamp":       timestampAfter(now.Add(-maxAge)),
		event + ".aggregation_key": text(maxAggregationKeyRunes),
		event + ".host":            text(255),
		event + ".integration_id":  oneOf("custom-events"),
		alert:                      objectWith("status"),
		alert + ".status":          oneOf("ok", "warn", "error"),
		alert + ".priority":        oneOf("1", "2", "3", "4", "5"),
		alert + ".links":           listOf(20), alert + ".links[]": objectWith("category", "url"),
		alert + ".links[].category": oneOf("runbook", "documentation", "dashboard", "resource"),
		alert + ".links[].url":      text(2048),
		alert + ".links[].title":    text(300),
		alert + ".custom":           custom,
	}
}

// problem returns the first thing that is wrong with a value, pattern being its path
// without the numbers of elements.
func (s schema) problem(path, pattern string, v any) string {
	check, known := s[pattern]
	if !known {
		return "JSON validation failed at " + path + ": property is not in the schema, which allows no others."
	}
	if want := check(v); want != "" {
		return "JSON validation failed at " + path + ": value must be " + want + "."
	}
	elements, _ := v.([]any)
	for i, element := range elements {
		if problem := s.problem(fmt.Sprintf("%s[%d]", path, i), pattern+"[]", element); problem != "" {
			return problem
		}
	}
	properties, _ := v.(object)
	if strings.HasSuffix(pattern, ".custom") { // Its properties are the caller's own.
		return ""
	}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if problem := s.problem(path+"."+name, pattern+"."+name, properties[name]); problem != "" {
			return problem
		}
	}
	return ""
}

func objectWith(required ...string) check {
	return func(v any) string {
		properties, ok := v.(object)
		missing := func(name string) bool { _, exists := properties[name]; return !exists }
		if !ok || slices.ContainsFunc(required, missing) {
			return fmt.Sprintf("an object with %s", strings.Join(required, ", "))
		}
		return ""
	}
}

func text(limit int) check {
	return func(v any) string {
		s, _ := v.(string)
		if n := utf8.RuneCountInString(s); n == 0 || n > limit {
			return fmt.Sprintf("a string of 1 to %d characters", limit)
		}
		return ""
	}
}

func oneOf(allowed ...string) check {
	return func(v any) string {
		if s, _ := v.(string); !slices.Contains(allowed, s) {
			return fmt.Sprintf(`one of: ["%s"]`, strings.Join(allowed, `", "`))
		}
		return ""
	}
}

func listOf(most int) check {
	return func(v any) string {
		if elements, _ := v.([]any); len(elements) == 0 || len(elements) > most {
			return fmt.Sprintf("a list of 1 to %d elements", most)
		}
		return ""
	}
}

func timestampAfter(oldest time.Time) check {
	return func(v any) string {
		s, _ := v.(string)
		if at, err := time.Parse(time.RFC3339, s); err != nil || at.Before(oldest) {
			return fmt.Sprintf("a time in ISO 8601, at most %d hours old", int(maxAge.Hours()))
		}
		return ""
	}
}

// custom is an object of the caller's own keys: at most 100 in each object, nested at
// most 10 deep, where lists count too.
func custom(v any) string {
	if _, isObject := v.(object); !isObject || !fits(v, 1) {
		return "an object of at most 100 properties, nested at most 10 levels deep"
	}
	return ""
}

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
