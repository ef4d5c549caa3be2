package fakedatadog_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// A shape is a JSON value with the names of types in place of values: "string",
// "number|null", "any". The key of an object ends with "?" if it may be missing, with
// "|null" if an object or a list may be null. A list holds one shape for all of its
// elements. Anything goes where only null, or only empty lists, were seen.

// mismatches says where a value differs from a shape.
func mismatches(at string, shape, value any) []string {
	switch shape := shape.(type) {
	case string:
		if shape != "any" && shape != "null" && !slices.Contains(strings.Split(shape, "|"), kindOf(value)) {
			return []string{fmt.Sprintf("%s is %s, want %s", at, kindOf(value), shape)}
		}
	case []any:
		list, ok := value.([]any)
		if !ok {
			return []string{fmt.Sprintf("%s is %s, want a list", at, kindOf(value))}
		}
		var all []string
		for _, element := range list {
			if len(shape) == 0 {
				break
			}
			all = append(all, mismatches(at+"[]", shape[0], element)...)
		}
		return all
	case map[string]any:
		object, ok := value.(map[string]any)
		if !ok {
			return []string{fmt.Sprintf("%s is %s, want an object", at, kindOf(value))}
		}
		return fieldMismatches(at, shape, object)
	}
	return nil
}

func fieldMismatches(at string, shape, object map[string]any) (all []string) {
	known := map[string]bool{}
	for _, key := range slices.Sorted(maps.Keys(shape)) {
		name, nullable := strings.CutSuffix(key, "|null")
		name, optional := strings.CutSuffix(name, "?")
		known[name] = true
		value, exists := object[name]
		switch {
		case !exists && !optional:
			all = append(all, at+"."+name+" is missing")
		case exists && (value != nil || !nullable):
			all = append(all, mismatches(at+"."+name, shape[key], value)...)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if !known[name] {
			all = append(all, at+"."+name+" is unknown")
		}
	}
	return all
}

func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case map[string]any:
		return "object"
	case []any:
		return "list"
	case json.Number:
		return "number"
	case bool:
		return "boolean"
	}
	return "string"
}

// observed is what was seen of one place in several values.
type observed struct {
	kinds   map[string]int
	fields  map[string]*observed
	element *observed
}

func (o *observed) add(v any) {
	if o.kinds == nil {
		o.kinds, o.fields = map[string]int{}, map[string]*observed{}
	}
	o.kinds[kindOf(v)]++
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if o.fields[key] == nil {
				o.fields[key] = &observed{}
			}
			o.fields[key].add(value)
		}
	case []any:
		for _, value := range v {
			if o.element == nil {
				o.element = &observed{}
			}
			o.element.add(value)
		}
	}
}

func (o *observed) count() (n int) {
	for _, seen := range o.kinds {
		n += seen
	}
	return n
}

// shape returns the shape of all that was seen. Below the places that opaque names
// the keys are not part of the API; those in added came after the first
// recordings and are always there now.
func (o *observed) shape(parent string, opaque, added []string) any {
	switch {
	case o.kinds["object"] > 0:
		fields := map[string]any{}
		for name, field := range o.fields {
			shape := field.shape(name, opaque, added)
			if slices.Contains(opaque, name) || slices.Contains(opaque, parent+"."+name) {
				shape = "any"
			}
			key := name
			if field.count() < o.kinds["object"] && !slices.Contains(added, name) {
				key += "?"
			}
			if _, leaf := shape.(string); !leaf && field.kinds["null"] > 0 {
				key += "|null"
			}
			fields[key] = shape
		}
		return fields
	case o.element != nil:
		return []any{o.element.shape(parent, opaque, added)}
	case o.kinds["list"] > 0:
		return []any{}
	}
	return strings.Join(slices.Sorted(maps.Keys(o.kinds)), "|")
}

// decode keeps numbers as they are written, because ids do not fit a float64.
func decode[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&v); err != nil {
		t.Fatalf("not JSON: %v\n%s", err, text)
	}
	return v
}

func TestShape(t *testing.T) {
	var o observed
	o.add(decode[any](t, `{"id":1,"tags":["a"],"state":{"on":true},"list":[{"k":1},{"k":null,"l":"x"}],"none":[],"free":{"x":1}}`))
	o.add(decode[any](t, `{"id":2,"tags":["b"],"state":null,"list":[],"none":[],"new":1,"free":{}}`))
	want := `{"free":"any","id":"number","list":[{"k":"null|number","l?":"string"}],"new":"number","none":[],"state|null":{"on":"boolean"},"tags":["string"]}`
	shape := o.shape("", []string{"free"}, []string{"new"})
	if diff := gocmp.Diff(want, compact(shape)); diff != "" {
		t.Errorf("shape (-want +got):\n%s", diff)
	}
	for value, want := range map[string][]string{
		`{"id":3,"tags":[],"state":null,"list":[{"k":1}],"none":[],"new":7,"free":{"y":[1]}}`: nil,
		`{"id":"3","tags":{},"state":[],"list":[{"m":1}],"none":[1],"other":1,"free":null}`: {
			".id is string, want number", ".list[].k is missing", ".list[].m is unknown", ".new is missing",
			".state is list, want an object", ".tags is object, want a list", ".other is unknown",
		},
	} {
		if diff := gocmp.Diff(want, mismatches("", shape, decode[any](t, value))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", value, diff)
		}
	}
}

func compact(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}
