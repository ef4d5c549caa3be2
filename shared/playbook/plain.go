package playbook

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// The bounds of what expressions and templates see, whatever an alert or an
// answer held.
const (
	maxViewBytes = 512 << 10 // all together
	maxTextBytes = 64 << 10  // one text
	maxListed    = 1000      // the elements of one list or map
	maxDepth     = 32        // of lists and maps inside one another
)

// plain turns values into what JSON would make of them: texts, numbers, truths,
// lists, and maps by their json tags. Unlike JSON it keeps whole numbers whole,
// and fields that hold nothing; and it ends at the bounds.
type plain struct {
	left int // bytes
	// shape makes it show what could be there: a nil pointer as what it points to.
	shape bool
}

func (p *plain) of(v any) any { return p.value(reflect.ValueOf(v), 0) }

var (
	timeType   = reflect.TypeFor[time.Time]()
	rawType    = reflect.TypeFor[json.RawMessage]()
	numberType = reflect.TypeFor[json.Number]()
)

func (p *plain) value(v reflect.Value, depth int) any {
	if !v.IsValid() || depth > maxDepth {
		return nil
	}
	switch v.Type() {
	case timeType:
		return timeText(v.Interface().(time.Time))
	case rawType:
		return p.decoded(v.Bytes(), depth)
	case numberType:
		return calculable(json.Number(v.String()))
	}
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.Kind() == reflect.Pointer && v.IsNil() && p.shape {
			return p.value(reflect.Zero(v.Type().Elem()), depth+1)
		}
		return p.value(v.Elem(), depth)
	case reflect.Struct:
		return p.fields(v, depth)
	case reflect.Map:
		return p.entries(v, depth)
	case reflect.Slice, reflect.Array:
		return p.elements(v, depth)
	}
	return p.single(v)
}

// single returns a text, a number or a truth, of Go's own type, so that templates
// and expressions know it; nil for a number that is none.
func (p *plain) single(v reflect.Value) any {
	switch {
	case v.Kind() == reflect.String:
		return p.text(v.String())
	case v.Kind() == reflect.Bool:
		return v.Bool()
	case v.CanInt():
		return v.Int()
	case v.CanFloat() && !math.IsNaN(v.Float()) && !math.IsInf(v.Float(), 0):
		return v.Float()
	case v.CanUint():
		return v.Uint()
	}
	return nil
}

// text returns as much of s as there is room for, and never half a character.
func (p *plain) text(s string) string {
	if limit := max(0, min(p.left, maxTextBytes)); len(s) > limit {
		for limit > 0 && !utf8.RuneStart(s[limit]) {
			limit--
		}
		s = s[:limit]
	}
	p.left -= len(s)
	return s
}

func (p *plain) elements(v reflect.Value, depth int) any {
	list := []any{}
	for i := range min(v.Len(), maxListed) {
		if p.left--; p.left < 0 {
			break
		}
		list = append(list, p.value(v.Index(i), depth+1))
	}
	return list
}

// entries returns a map; of one that is too large, the first keys by their order.
func (p *plain) entries(v reflect.Value, depth int) any {
	entries := map[string]any{}
	if v.Type().Key().Kind() != reflect.String {
		return entries
	}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	for _, key := range keys[:min(len(keys), maxListed)] {
		if p.left--; p.left < 0 {
			break
		}
		entries[p.text(key.String())] = p.value(v.MapIndex(key), depth+1)
	}
	return entries
}

func (p *plain) fields(v reflect.Value, depth int) any {
	fields := fieldsOf(v.Type(), "json")
	all := make(map[string]any, len(fields))
	for _, f := range fields {
		all[f.name] = p.value(v.FieldByIndex(f.index), depth+1)
	}
	return all
}

// decoded returns what a JSON text says.
func (p *plain) decoded(raw []byte, depth int) any {
	if len(raw) == 0 {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var v any
	if decoder.Decode(&v) != nil {
		return nil
	}
	return p.value(reflect.ValueOf(v), depth)
}

// calculable returns a number as one to calculate with: whole as long as that is
// exact, and its text when it is beyond all numbers.
func calculable(n json.Number) any {
	if whole, err := n.Int64(); err == nil {
		return whole
	}
	if float, err := n.Float64(); err == nil {
		return float
	}
	return n.String()
}
