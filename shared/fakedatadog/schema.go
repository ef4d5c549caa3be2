package fakedatadog

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// schema checks a JSON value as the newer intakes do, against a JSON Schema, and
// keeps the first problem. The form of a problem is recorded, and so are the words
// for a value that is none of an enumeration; the other words are ours.
type schema struct{ problem string }

func (s *schema) fail(path, format string, args ...any) {
	if s.problem == "" {
		s.problem = "JSON validation failed at " + path + ": " + fmt.Sprintf(format, args...)
	}
}

// presence says whether a property may be left out.
type presence bool

const (
	required presence = true
	optional presence = false
)

// node is an object of the value, by its path. One that is not there has no
// properties, and nothing of it is a problem.
type node struct {
	schema     *schema
	path       string
	properties map[string]any
}

// object takes v for an object that has no properties but the known ones. Where
// none is known, any may be there.
func (s *schema) object(path string, v any, known ...string) node {
	n := node{schema: s, path: path}
	properties, ok := v.(map[string]any)
	if !ok {
		s.fail(path, "value must be an object.")
		return n
	}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if len(known) > 0 && !slices.Contains(known, name) {
			s.fail(path+"."+name, "property is not in the schema, which allows no others.")
		}
	}
	n.properties = properties
	return n
}

// property returns a property and whether there is something to check.
func (n node) property(name string, p presence) (v any, there bool) {
	v, there = n.properties[name]
	if !there && p == required && n.properties != nil {
		n.schema.fail(n.path+"."+name, "value is required.")
	}
	return v, there
}

func (n node) object(name string, p presence, known ...string) node {
	v, there := n.property(name, p)
	if !there {
		return node{schema: n.schema, path: n.path + "." + name}
	}
	return n.schema.object(n.path+"."+name, v, known...)
}

// text returns a text of one to most characters.
func (n node) text(name string, p presence, most int) string {
	v, there := n.property(name, p)
	if !there {
		return ""
	}
	return n.schema.text(n.path+"."+name, v, most)
}

func (s *schema) text(path string, v any, most int) string {
	text, ok := v.(string)
	if length := utf8.RuneCountInString(text); !ok || length == 0 || length > most {
		s.fail(path, "value must be a string of 1 to %d characters.", most)
	}
	return text
}

func (n node) oneOf(name string, p presence, allowed ...string) string {
	v, there := n.property(name, p)
	text, _ := v.(string)
	if there && !slices.Contains(allowed, text) {
		n.schema.fail(n.path+"."+name, `value must be one of: ["%s"].`, strings.Join(allowed, `", "`))
	}
	return text
}

// list checks each element of a list of least to most.
func (n node) list(name string, least, most int, each func(path string, v any)) {
	v, there := n.property(name, optional)
	if !there {
		return
	}
	list, ok := v.([]any)
	if !ok || len(list) < least || len(list) > most {
		n.schema.fail(n.path+"."+name, "value must be a list of %d to %d elements.", least, most)
		return
	}
	for i, element := range list {
		each(fmt.Sprintf("%s.%s[%d]", n.path, name, i), element)
	}
}

// free checks an object of the caller's own making: at most 100 properties in
// each object, nested at most 10 deep, where lists count as objects do.
func (n node) free(name string) {
	if v, there := n.property(name, optional); there {
		n.schema.object(n.path+"."+name, v)
		n.schema.nested(n.path+"."+name, v, 1)
	}
}

func (s *schema) nested(path string, v any, depth int) {
	const maxProperties, maxDepth = 100, 10
	switch v := v.(type) {
	case []any:
		for i, element := range v {
			s.nested(fmt.Sprintf("%s[%d]", path, i), element, depth+1)
		}
	case map[string]any:
		if len(v) > maxProperties {
			s.fail(path, "value must have at most %d properties.", maxProperties)
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			s.nested(path+"."+name, v[name], depth+1)
		}
	default:
		return
	}
	if depth > maxDepth {
		s.fail(path, "value must be nested at most %d levels deep.", maxDepth)
	}
}
