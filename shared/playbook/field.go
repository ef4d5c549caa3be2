package playbook

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"boomerang/shared/alert"
)

// field is a struct field by its YAML or JSON name.
type field struct {
	name     string
	index    []int
	required bool // in YAML
	tag      reflect.StructTag
}

var knownFields sync.Map // of []field, by type and tag

// fieldsOf returns the fields with a name in a tag ("yaml" or "json"), embedded ones
// included.
func fieldsOf(t reflect.Type, tag string) []field {
	key := struct {
		reflect.Type
		tag string
	}{t, tag}
	if known, ok := knownFields.Load(key); ok {
		return known.([]field)
	}
	var fields []field
	for _, f := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(f.Tag.Get(tag), ","); f.IsExported() && name != "" && name != "-" {
			fields = append(fields, field{name, f.Index, f.Tag.Get("required") == "true", f.Tag})
		}
	}
	knownFields.Store(key, fields)
	return fields
}

// nameForm has no bound, because it would compile far more slowly, at every start.
var nameForm = alert.Pattern(`^[a-z0-9][a-z0-9_-]*$`)

// maxName is the most bytes of a name.
const maxName = 64

// misfit says what is wrong with a value, by the tags of its field. What is one of some values is
// no template: an alert must not choose the method of a request. Only a check holds the bounds,
// so that a file that is deployed stays in use.
func (f field) misfit(value reflect.Value, isCheck bool) string {
	if value.Kind() == reflect.String {
		switch values, text := f.tag.Get("values"), value.String(); {
		case f.tag.Get("pattern") != "" && (len(text) > maxName || !nameForm().MatchString(text)):
			return "must have lower-case letters, digits, - and _ only, at most 64, such as checkout-latency"
		case values != "" && text != "" && !slices.Contains(strings.Split(values, ","), text):
			return fmt.Sprintf("must be %s, not %q", OneOf(strings.Split(values, ",")), text)
		}
	}
	least, most := f.tag.Get("min"), f.tag.Get("max")
	if !isCheck || least == "" || !value.CanInt() {
		return ""
	}
	of := func(bound string) int64 { n, _ := strconv.ParseInt(bound, 10, 64); return n }
	if value.Type() == durationType {
		of = func(bound string) int64 { d, _ := time.ParseDuration(bound); return int64(d) }
	}
	if value.Int() < of(least) || value.Int() > of(most) {
		return fmt.Sprintf("must be between %s and %s", least, most)
	}
	return ""
}
