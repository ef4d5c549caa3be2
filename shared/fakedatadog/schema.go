package fakedatadog

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// check returns what is wrong with a value of a request that Datadog validates with a
// JSON Schema, or nothing. The form of a problem is recorded, and so are the words for
// a value outside an enumeration; the other words are ours.
type check func(path string, v any) (problem string)

// missing is the value of a property that is absent.
type missing struct{}

func anything(string, any) string { return "" }

// required makes a check fail where the property is absent.
func required(of check) check {
	return func(path string, v any) string {
		if v == (missing{}) {
			return path + ": value is required."
		}
		return of(path, v)
	}
}

// objectOf is an object that has no properties but these, or any others with the key "*".
type objectOf map[string]check

// propertyOrder makes the order of the problems the same each time.
var propertyOrder = []string{"data", "type", "category", "title", "name", "status"}

func (o objectOf) check(path string, v any) string {
	if v == (missing{}) {
		return ""
	}
	properties, ok := v.(map[string]any)
	if !ok {
		return path + ": value must be an object."
	}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if o[name] == nil && o["*"] == nil {
			return path + "." + name + ": property is not in the schema, which allows no others."
		}
	}
	names := slices.SortedFunc(maps.Keys(o), func(a, b string) int {
		rank := func(name string) int {
			return (slices.Index(propertyOrder, name) + len(propertyOrder) + 1) % (len(propertyOrder) + 1)
		}
		return cmp.Or(rank(a)-rank(b), strings.Compare(a, b))
	})
	for _, name := range names {
		value, exists := properties[name]
		if !exists {
			value = missing{}
		}
		if problem := o[name](path+"."+name, value); problem != "" {
			return problem
		}
	}
	return ""
}

// text is a string of 1 to limit characters.
func text(limit int) check {
	return func(path string, v any) string {
		s, ok := v.(string)
		if n := utf8.RuneCountInString(s); v != (missing{}) && (!ok || n == 0 || n > limit) {
			return fmt.Sprintf("%s: value must be a string of 1 to %d characters.", path, limit)
		}
		return ""
	}
}

func oneOf(allowed ...string) check {
	return func(path string, v any) string {
		if s, ok := v.(string); v != (missing{}) && (!ok || !slices.Contains(allowed, s)) {
			return fmt.Sprintf(`%s: value must be one of: ["%s"].`, path, strings.Join(allowed, `", "`))
		}
		return ""
	}
}

func list(least, most int, each check) check {
	return func(path string, v any) string {
		elements, ok := v.([]any)
		if v != (missing{}) && (!ok || len(elements) < least || len(elements) > most) {
			return fmt.Sprintf("%s: value must be a list of %d to %d elements.", path, least, most)
		}
		for i, element := range elements {
			if problem := each(fmt.Sprintf("%s[%d]", path, i), element); problem != "" {
				return problem
			}
		}
		return ""
	}
}

func timestamp(now time.Time) check {
	return func(path string, v any) string {
		s, _ := v.(string)
		at, err := time.Parse(time.RFC3339, s)
		switch {
		case v == (missing{}):
		case err != nil:
			return path + ": value must be a time in ISO 8601."
		case at.Before(now.Add(-maxAge)):
			return fmt.Sprintf("%s: value must not be older than %d hours.", path, int(maxAge.Hours()))
		}
		return ""
	}
}

// freeObject is an object of the caller's own keys: at most 100 in each object, nested
// at most 10 deep, where lists count too.
func freeObject(path string, v any) string {
	if _, ok := v.(map[string]any); v != (missing{}) && !ok {
		return path + ": value must be an object."
	}
	return nested(path, v, 1)
}

func nested(path string, v any, depth int) string {
	const maxProperties, maxDepth = 100, 10
	children := map[string]any{}
	switch v := v.(type) {
	case []any:
		for i, element := range v {
			children[fmt.Sprintf("%s[%d]", path, i)] = element
		}
	case map[string]any:
		for name, value := range v {
			children[path+"."+name] = value
		}
		if len(v) > maxProperties {
			return fmt.Sprintf("%s: value must have at most %d properties.", path, maxProperties)
		}
	default:
		return ""
	}
	if depth > maxDepth {
		return fmt.Sprintf("%s: value must be nested at most %d levels deep.", path, maxDepth)
	}
	for _, child := range slices.Sorted(maps.Keys(children)) {
		if problem := nested(child, children[child], depth+1); problem != "" {
			return problem
		}
	}
	return ""
}
