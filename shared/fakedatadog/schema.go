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

// rule says what a value must be: one of some words, a text, a list, a time, or else an
// object.
type rule struct {
	oneOf    []string
	runes    int // The longest text.
	elements int // The longest list.
	after    time.Time
	required []string // The properties that the object must have.
}

// eventSchema is that of an alert in POST /api/v2/events. Changes are not supported
// (https://docs.datadoghq.com/api/latest/events/#post-an-event, tab v2).
func eventSchema(now time.Time) schema {
	const data, event, alert = "$.data", "$.data.attributes", "$.data.attributes.attributes"
	return schema{
		"$":                         {required: []string{"data"}},
		data:                        {required: []string{"type", "attributes"}},
		data + ".type":              {oneOf: []string{"event"}},
		event:                       {required: []string{"title", "category", "attributes"}},
		event + ".title":            {runes: 500},
		event + ".message":          {runes: maxTextRunes},
		event + ".category":         {oneOf: []string{"alert", "change"}},
		event + ".tags":             {elements: maxTags},
		event + ".tags[]":           {runes: maxTagRunes},
		event + ".timestamp":        {after: now.Add(-maxAge)},
		event + ".aggregation_key":  {runes: maxAggregationKeyRunes},
		event + ".host":             {runes: maxHostRunes},
		event + ".integration_id":   {oneOf: []string{"custom-events"}},
		alert:                       {required: []string{"status"}},
		alert + ".status":           {oneOf: []string{"ok", "warn", "error"}},
		alert + ".priority":         {oneOf: []string{"1", "2", "3", "4", "5"}},
		alert + ".links":            {elements: 20},
		alert + ".links[]":          {required: []string{"category", "url"}},
		alert + ".links[].category": {oneOf: []string{"runbook", "documentation", "dashboard", "resource"}},
		alert + ".links[].url":      {runes: 2048},
		alert + ".links[].title":    {runes: 300},
		alert + ".custom":           {},
	}
}

// problem returns the first thing that is wrong with a value, pattern being its path
// without the numbers of elements. The form of a problem is recorded, and so are the
// words for a value outside an enumeration; the other words are ours.
func (s schema) problem(path, pattern string, v any) string {
	r, known := s[pattern]
	if !known {
		return "JSON validation failed at " + path + ": property is not in the schema, which allows no others."
	}
	if !r.allows(v) {
		return "JSON validation failed at " + path + ": value must be " + r.String() + "."
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

func (r rule) allows(v any) bool {
	switch v := v.(type) {
	case string:
		at, err := time.Parse(time.RFC3339, v)
		isTime := !r.after.IsZero() && err == nil && !at.Before(r.after)
		return isTime || slices.Contains(r.oneOf, v) || v != "" && utf8.RuneCountInString(v) <= r.runes
	case []any:
		return len(v) > 0 && len(v) <= r.elements
	case object:
		isObject := r.oneOf == nil && r.runes == 0 && r.elements == 0 && r.after.IsZero()
		return isObject && (r.required != nil || fits(v, 1)) && !slices.ContainsFunc(r.required, func(name string) bool { _, exists := v[name]; return !exists })
	}
	return false
}

func (r rule) String() string {
	switch {
	case r.oneOf != nil:
		return fmt.Sprintf(`one of: ["%s"]`, strings.Join(r.oneOf, `", "`))
	case r.runes > 0:
		return fmt.Sprintf("a string of 1 to %d characters", r.runes)
	case r.elements > 0:
		return fmt.Sprintf("a list of 1 to %d elements", r.elements)
	case !r.after.IsZero():
		return fmt.Sprintf("a time in ISO 8601, at most %d hours old", int(maxAge.Hours()))
	case r.required != nil:
		return "an object with " + strings.Join(r.required, ", ")
	}
	return "an object of at most 100 properties, nested at most 10 levels deep"
}

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
