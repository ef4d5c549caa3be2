package playbook

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"time"

	"boomerang/shared/enrich"
	"boomerang/shared/event"
)

// functions are what templates may call, and all that they may: of Go's own only
// and, or and not are left. They take any value and say something sensible about
// it, so that no text is lost over a value that is absent or of another type.
var functions = template.FuncMap{
	"eq": func(a any, b ...any) bool { return slices.ContainsFunc(b, func(one any) bool { return equal(a, one) }) },
	"ne": func(a, b any) bool { return !equal(a, b) },
	"lt": func(a, b any) bool { return compare(a, b) < 0 },
	"le": func(a, b any) bool { return compare(a, b) <= 0 },
	"gt": func(a, b any) bool { return compare(a, b) > 0 },
	"ge": func(a, b any) bool { return compare(a, b) >= 0 },

	"default":  func(fallback, v any) any { return orElse(v, fallback) },
	"index":    index,
	"len":      length,
	"lower":    func(v any) (string, error) { return within(strings.ToLower(textOf(v))) },
	"upper":    func(v any) (string, error) { return within(strings.ToUpper(textOf(v))) },
	"trim":     func(v any) string { return strings.TrimSpace(textOf(v)) },
	"contains": func(part, v any) bool { return strings.Contains(textOf(v), textOf(part)) },
	"replace":  replace,
	"shorten":  shorten,
	"join":     joinTexts,
	"printf":   printf,
	"json":     toJSON,
	"url":      escapeForURL,

	"clock": func(v any) string { return formatted(v, "15:04 UTC") },
	"day":   func(v any) string { return formatted(v, time.DateOnly) },
	"span":  span,
}

// logic are the functions of Go's own that templates may call, by their types:
// and and or end where the outcome is clear, which no function of ours could.
var logic = template.FuncMap{
	"and": (func(any, ...any) any)(nil),
	"or":  (func(any, ...any) any)(nil),
	"not": (func(any) bool)(nil),
}

func functionNames() []string {
	all := slices.AppendSeq(slices.Collect(maps.Keys(functions)), maps.Keys(logic))
	slices.Sort(all)
	return all
}

// textOf writes a value for people: nothing for an absent one, and lists with commas.
func textOf(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return floatText(v)
	case []string:
		return strings.Join(v, ", ")
	case []any:
		return strings.Join(texts(v), ", ")
	case map[string]any, map[string]string:
		raw, _ := json.Marshal(v)
		return string(raw)
	}
	return fmt.Sprint(v)
}

func texts(list []any) []string {
	all := make([]string, len(list))
	for i, v := range list {
		all[i] = textOf(v)
	}
	return all
}

// floatText writes out what people read, 1000000 and not 1e+06, unless it is long.
func floatText(f float64) string {
	const digits = 1e15
	if f > -digits && f < digits {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// equal compares numbers by their value, and everything else as it is written.
func equal(a, b any) bool {
	if textOf(a) == textOf(b) {
		return true
	}
	_, aIsText := a.(string)
	_, bIsText := b.(string)
	return !(aIsText && bIsText) && compare(a, b) == 0
}

// compare orders numbers, and texts that are numbers, by their value, and
// everything else as it is written.
func compare(a, b any) int {
	if x, y := reflect.ValueOf(a), reflect.ValueOf(b); x.CanInt() && y.CanInt() {
		return cmp.Compare(x.Int(), y.Int()) // Beyond 53 bits a float would not do.
	}
	x, isNumber := numeric(a)
	y, areNumbers := numeric(b)
	if !isNumber || !areNumbers {
		return strings.Compare(textOf(a), textOf(b))
	}
	return cmp.Compare(x, y)
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

func orElse(v, fallback any) any {
	if truth, ok := template.IsTrue(v); !ok || !truth {
		return fallback
	}
	return v
}

// index goes into maps and lists, and returns nil where nothing is.
func index(v any, path ...any) any {
	for _, at := range path {
		v = indexOne(v, at)
	}
	return v
}

func indexOne(v, at any) any {
	switch v := v.(type) {
	case map[string]any:
		return v[textOf(at)]
	case map[string]string:
		return v[textOf(at)]
	case []any:
		if i, ok := position(at, len(v)); ok {
			return v[i]
		}
	case []string:
		if i, ok := position(at, len(v)); ok {
			return v[i]
		}
	}
	return nil
}

func position(at any, length int) (int, bool) {
	i, ok := numeric(at)
	return int(i), ok && i >= 0 && i < float64(length)
}

// length counts elements, and the characters of a text.
func length(v any) int {
	switch v := v.(type) {
	case map[string]any:
		return len(v)
	case map[string]string:
		return len(v)
	case []any:
		return len(v)
	case []string:
		return len(v)
	}
	return len([]rune(textOf(v)))
}

func replace(old, with, v any) (string, error) {
	text, from, to := textOf(v), textOf(old), textOf(with)
	if from == "" {
		return text, nil
	}
	if len(text)+strings.Count(text, from)*(len(to)-len(from)) > maxRendered {
		return "", errTooLong
	}
	return strings.ReplaceAll(text, from, to), nil
}

func shorten(limit, v any) string {
	text := textOf(v)
	runes := []rune(text)
	most, ok := position(limit, len(runes))
	if !ok || most == 0 {
		return text
	}
	return string(runes[:most-1]) + "…"
}

func joinTexts(separator, list any) (string, error) {
	var words []string
	switch list := list.(type) {
	case []string:
		words = list
	case []any:
		words = texts(list)
	default:
		return textOf(list), nil
	}
	size := len(textOf(separator)) * len(words)
	for _, w := range words {
		size += len(w)
	}
	if size > maxRendered {
		return "", errTooLong
	}
	return strings.Join(words, textOf(separator)), nil
}

func toJSON(v any) (string, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	return within(string(raw))
}

// escapeForURL makes a value fit for one segment of a path or one value of a
// query, so that it can be neither more of the path nor another parameter. A
// value of dots alone would name another folder, escaped or not.
func escapeForURL(v any) (string, error) {
	text := textOf(v)
	if text != "" && strings.Trim(text, ".") == "" {
		return "", enrich.SkipRedacted("the alert's value for a part of an address is ", strconv.Quote(text), ", which names nothing")
	}
	return within(strings.ReplaceAll(url.QueryEscape(text), "+", "%20"))
}

// formatted writes a time of a view.
func formatted(v any, layout string) string {
	t, err := time.Parse(time.RFC3339, textOf(v))
	if err != nil {
		return ""
	}
	return t.UTC().Format(layout)
}

// span writes seconds as people say them.
func span(v any) string {
	seconds, ok := numeric(v)
	const longest = 100 * 365 * 24 * 60 * 60
	if !ok || !(seconds >= 0 && seconds <= longest) {
		return ""
	}
	return event.Span(time.Duration(seconds * float64(time.Second)))
}

// verb is one place of a format: how wide and how exact, in two digits each.
var verb = enrich.Pattern(`%[-+# 0]*[0-9]{0,2}(?:\.[0-9]{0,2})?[sqdfget%]`)

// checkFormat refuses what printf does not know.
func checkFormat(format string) error {
	if strings.Contains(verb().ReplaceAllLiteralString(format, ""), "%") {
		return errors.New("printf knows %s %q %d %f %g %e %t and %%, with widths below 100")
	}
	return nil
}

// printf writes values of any type: each is turned into what its verb wants. The
// format is a constant that checkFormat has passed.
func printf(format string, args ...any) (string, error) {
	size := 0
	out := verb().ReplaceAllStringFunc(format, func(one string) string {
		if strings.HasSuffix(one, "%") {
			return "%"
		}
		var arg any
		if len(args) > 0 {
			arg, args = args[0], args[1:]
		}
		if size > maxRendered {
			return ""
		}
		text := fmt.Sprintf(one, suited(arg, one[len(one)-1]))
		size += len(text)
		return text
	})
	return within(out)
}

// suited returns a value as a verb wants it.
func suited(v any, verb byte) any {
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
