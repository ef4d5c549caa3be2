package playbook

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
)

// functions are all functions of templates besides and, or and not. They take values of
// any type, absent ones included, so that no text is lost over one value.
var functions = template.FuncMap{
	"eq": func(a any, b ...any) bool { return slices.ContainsFunc(b, func(one any) bool { return equal(a, one) }) },
	"ne": func(a, b any) bool { return !equal(a, b) },
	"lt": func(a, b any) bool { return compare(a, b) < 0 },
	"le": func(a, b any) bool { return compare(a, b) <= 0 },
	"gt": func(a, b any) bool { return compare(a, b) > 0 },
	"ge": func(a, b any) bool { return compare(a, b) >= 0 },

	"default":  defaultValue,
	"index":    index,
	"len":      length,
	"lower":    func(v any) (string, error) { return bounded(strings.ToLower(textOf(v))) },
	"upper":    func(v any) (string, error) { return bounded(strings.ToUpper(textOf(v))) },
	"trim":     func(v any) string { return strings.TrimSpace(textOf(v)) },
	"contains": func(part, v any) bool { return strings.Contains(textOf(v), textOf(part)) },
	"replace":  replace,
	"truncate": truncate,
	"join":     join,
	"printf":   printf,
	"json":     toJSON,
	"url":      escapeURL,
	"time":     func(v any) string { return formatTime(v, "15:04 UTC") },
	"date":     func(v any) string { return formatTime(v, time.DateOnly) },
	"duration": duration,

	// The former names.
	"shorten": truncate,
	"clock":   func(v any) string { return formatTime(v, "15:04 UTC") },
	"day":     func(v any) string { return formatTime(v, time.DateOnly) },
	"span":    duration,
}

// former are names that playbooks may still have.
var former = []string{"shorten", "clock", "day", "span"}

// builtinFunctions are those of text/template, which evaluates their arguments lazily.
var builtinFunctions = template.FuncMap{
	"and": (func(any, ...any) any)(nil),
	"or":  (func(any, ...any) any)(nil),
	"not": (func(any) bool)(nil),
}

// TemplateFunctions returns the names of the functions of templates.
func TemplateFunctions() []string {
	names := slices.AppendSeq(slices.Collect(maps.Keys(functions)), maps.Keys(builtinFunctions))
	names = slices.DeleteFunc(names, func(name string) bool { return slices.Contains(former, name) })
	slices.Sort(names)
	return names
}

// textOf returns a value as people read it.
func textOf(v any) string {
	switch v := v.(type) {
	case []string:
		return strings.Join(v, ", ")
	case map[string]string:
		raw, _ := json.Marshal(v)
		return string(raw)
	}
	return enrich.Text(v)
}

func elementsOf(list any) []string {
	switch list := list.(type) {
	case []string:
		return list
	case []any:
		texts := make([]string, len(list))
		for i, v := range list {
			texts[i] = textOf(v)
		}
		return texts
	}
	return []string{textOf(list)}
}

// equal compares texts as they are, unlike compare: "1.10" and "1.1" differ.
func equal(a, b any) bool {
	first, isText := a.(string)
	second, areTexts := b.(string)
	if isText && areTexts {
		return first == second
	}
	return compare(a, b) == 0
}

// compare orders numbers, and texts that are numbers, by value, and everything else as
// text.
func compare(a, b any) int {
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	if x.CanInt() && y.CanInt() {
		return cmp.Compare(x.Int(), y.Int()) // A float has 53 bits only.
	}
	first, isNumber := numeric(a)
	second, areNumbers := numeric(b)
	if !isNumber || !areNumbers {
		return strings.Compare(textOf(a), textOf(b))
	}
	return cmp.Compare(first, second)
}

func numeric(v any) (float64, bool) {
	r := reflect.ValueOf(v)
	switch {
	case r.CanFloat():
		return r.Float(), true
	case r.CanInt():
		return float64(r.Int()), true
	case r.CanUint():
		return float64(r.Uint()), true
	case r.Kind() == reflect.String:
		f, err := strconv.ParseFloat(r.String(), 64)
		return f, err == nil
	}
	return 0, false
}

func defaultValue(fallback, v any) any {
	if truth, ok := template.IsTrue(v); ok && truth {
		return v
	}
	return fallback
}

// index returns the element at a path of keys and positions, or nil.
func index(v any, path ...any) any {
	for _, key := range path {
		switch known := v.(type) {
		case map[string]any:
			v = known[textOf(key)]
		case map[string]string:
			v = known[textOf(key)]
		default:
			list := reflect.ValueOf(v)
			if list.Kind() != reflect.Slice {
				return nil
			}
			i, ok := intBelow(key, list.Len())
			if !ok {
				return nil
			}
			v = list.Index(i).Interface()
		}
	}
	return v
}

// intBelow returns a value as an index of a list of a length.
func intBelow(v any, length int) (int, bool) {
	i, ok := numeric(v)
	return int(i), ok && i >= 0 && i < float64(length)
}

// length counts elements, and the characters of a text.
func length(v any) int {
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Map, reflect.Slice:
		return r.Len()
	}
	return len([]rune(textOf(v)))
}

func replace(old, replacement, v any) (string, error) {
	text, from, to := textOf(v), textOf(old), textOf(replacement)
	if from == "" {
		return text, nil
	}
	if strings.Count(text, from)*len(to) > maxRendered {
		return "", errTooLong
	}
	return bounded(strings.ReplaceAll(text, from, to))
}

// truncate returns at most limit characters.
func truncate(limit, v any) string {
	text := []rune(textOf(v))
	most, ok := intBelow(limit, len(text))
	if !ok || most == 0 {
		return string(text)
	}
	return string(text[:most-1]) + "…"
}

func join(separator, list any) (string, error) {
	elements, between := elementsOf(list), textOf(separator)
	if len(between)*len(elements) > maxRendered {
		return "", errTooLong
	}
	return bounded(strings.Join(elements, between)) // A view bounds the elements.
}

func toJSON(v any) (string, error) {
	raw, _ := json.Marshal(v) // A view holds only what JSON can.
	return bounded(string(raw))
}

// escapeURL escapes a value for one path segment or one query value. A value of dots
// alone would name another folder, escaped or not.
func escapeURL(v any) (string, error) {
	text := textOf(v)
	if text != "" && strings.Trim(text, ".") == "" {
		return "", enrich.SkipRedacted("the alert's value for a part of an address is ", strconv.Quote(text), ", which names nothing")
	}
	return bounded(strings.ReplaceAll(url.QueryEscape(text), "+", "%20"))
}

// formatTime formats a time of a view.
func formatTime(v any, layout string) string {
	t, err := time.Parse(time.RFC3339, textOf(v))
	if err != nil {
		return ""
	}
	return t.UTC().Format(layout)
}

// duration formats seconds.
func duration(v any) string {
	const century = 100 * 365 * 24 * 60 * 60
	seconds, ok := numeric(v)
	if !ok || !(seconds >= 0 && seconds <= century) {
		return ""
	}
	return enrich.FormatDuration(time.Duration(seconds * float64(time.Second)))
}

// verb matches one verb of a format, with a width and a precision of two digits.
var verb = alert.Pattern(`%[-+# 0]*[0-9]{0,2}(?:\.[0-9]{0,2})?[sqdfget%]`)

// printf converts each value to the type of its verb. The format is a constant with such
// verbs only.
func printf(format string, args ...any) (string, error) {
	used := 0
	text := verb().ReplaceAllStringFunc(format, func(verb string) string {
		if strings.HasSuffix(verb, "%") {
			return "%"
		}
		used++
		return fmt.Sprintf(verb, convert(index(args, used-1), verb[len(verb)-1]))
	})
	return bounded(text)
}

func convert(v any, verb byte) any {
	f, _ := numeric(v)
	switch verb {
	case 'f', 'g', 'e':
		return f
	case 'd':
		if whole, ok := v.(int64); ok {
			return whole
		}
		return int64(f)
	case 't':
		truth, _ := template.IsTrue(v)
		return truth
	}
	return textOf(v)
}
