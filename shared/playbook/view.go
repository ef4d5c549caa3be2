package playbook

import (
	"encoding/json"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/memory"
)

// The bounds of what expressions and templates see.
const (
	maxViewBytes = 512 << 10 // all together
	maxTextBytes = 64 << 10  // one text
	maxElements  = 1000      // of one list or map
	maxDepth     = 32        // of lists and maps inside one another
)

// View returns an alert as expressions and templates see it: its JSON fields, all of
// them, so that no expression fails for an alert without one. The view is bounded and
// holds only texts, numbers, booleans, lists and maps; nothing in it can run. Times are
// RFC 3339 in UTC.
func View(a alert.Alert) map[string]any {
	v := viewer{left: maxViewBytes}
	tags := make(alert.Tags, 0, min(len(a.Tags), maxElements))
	for _, tag := range a.Tags[:cap(tags)] {
		tags = append(tags, v.text(tag))
	}
	a.Tags, a.Unreadable, a.Guessed = nil, nil, nil
	view := v.view(a).(map[string]any)
	view["tags"], view["tag_list"] = tags.Map(), []string(tags)
	view["host"], view["recovered"] = view["hostname"], a.Transition.IsRecovery()
	for _, internal := range []string{"hostname", "unreadable", "guessed", "digest"} {
		delete(view, internal)
	}
	return view
}

// memoryView returns what is known of earlier cycles as expressions and templates see it.
func memoryView(m memory.Memory) map[string]any {
	v := viewer{left: maxViewBytes}
	return v.view(m).(map[string]any)
}

// stepView returns a step as later steps see it: all fields of its Data, and "ok".
func stepView(zero map[string]any, r enrich.Result) map[string]any {
	view := make(map[string]any, len(zero)+1)
	maps.Copy(view, zero)
	if r.Status == enrich.OK {
		v := viewer{left: maxViewBytes}
		found, _ := v.view(r.Finding.Data).(map[string]any)
		maps.Copy(view, found)
	}
	view["ok"] = r.Status == enrich.OK
	return view
}

// viewer converts values as encoding/json does, within the bounds. Unlike JSON it keeps
// integers exact and empty fields present.
type viewer struct {
	left  int  // bytes
	shape bool // shows a nil pointer as the zero value of its type, and a list with one element
}

var (
	timeType   = reflect.TypeFor[time.Time]()
	rawType    = reflect.TypeFor[json.RawMessage]()
	numberType = reflect.TypeFor[json.Number]()
)

func (v *viewer) view(value any) any { return v.value(reflect.ValueOf(value), 0) }

func (v *viewer) value(r reflect.Value, depth int) any {
	if !r.IsValid() || depth > maxDepth {
		return nil
	}
	switch r.Type() { // r.Interface would allocate.
	case timeType:
		if t := r.Interface().(time.Time); !t.IsZero() {
			return t.UTC().Format(time.RFC3339)
		}
		return ""
	case rawType:
		return v.decoded(r.Bytes(), depth)
	case numberType:
		return v.decoded([]byte(r.String()), depth)
	}
	switch r.Kind() {
	case reflect.Pointer:
		if r.IsNil() && v.shape {
			return v.value(reflect.Zero(r.Type().Elem()), depth+1)
		}
		return v.value(r.Elem(), depth)
	case reflect.Interface:
		return v.value(r.Elem(), depth)
	case reflect.Struct:
		known := fieldsOf(r.Type(), "json")
		fields := make(map[string]any, len(known))
		for _, f := range known {
			fields[f.name] = v.value(r.FieldByIndex(f.index), depth+1)
		}
		return fields
	case reflect.Map:
		return v.entries(r, depth)
	case reflect.Slice, reflect.Array:
		list := []any{}
		if v.shape {
			list = append(list, v.value(reflect.Zero(r.Type().Elem()), depth+1))
		}
		for i := range min(r.Len(), maxElements) {
			if v.left--; v.left < 0 {
				break
			}
			list = append(list, v.value(r.Index(i), depth+1))
		}
		return list
	}
	return v.scalar(r)
}

// scalar returns a value of a predeclared type; nil for NaN and infinity.
func (v *viewer) scalar(r reflect.Value) any {
	switch {
	case r.Kind() == reflect.String:
		return v.text(r.String())
	case r.Kind() == reflect.Bool:
		return r.Bool()
	case r.CanInt():
		return r.Int()
	case r.CanUint():
		return r.Uint()
	case r.CanFloat() && !math.IsNaN(r.Float()) && !math.IsInf(r.Float(), 0):
		return r.Float()
	}
	return nil
}

// text truncates s to the bounds, between characters.
func (v *viewer) text(s string) string {
	if limit := max(0, min(v.left, maxTextBytes)); len(s) > limit {
		for limit > 0 && !utf8.RuneStart(s[limit]) {
			limit--
		}
		s = s[:limit]
	}
	v.left -= len(s)
	return s
}

// entries returns a map; of a large one the first keys in order.
func (v *viewer) entries(r reflect.Value, depth int) any {
	entries := map[string]any{}
	if r.Type().Key().Kind() != reflect.String {
		return entries
	}
	keys := r.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	for _, key := range keys[:min(len(keys), maxElements)] {
		if v.left--; v.left < 0 {
			break
		}
		entries[v.text(key.String())] = v.value(r.MapIndex(key), depth+1)
	}
	return entries
}

func (v *viewer) decoded(raw []byte, depth int) any {
	if len(raw) == 0 {
		return nil
	}
	value, _ := enrich.DecodeJSON(raw)
	return v.value(reflect.ValueOf(value), depth)
}
