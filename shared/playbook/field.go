package playbook

import (
	"reflect"
	"strings"
	"sync"
)

// field is a field of a struct by the name that YAML or JSON has for it.
type field struct {
	name  string
	index []int
	tag   reflect.StructTag
}

// fieldKey is a struct and the language, "yaml" or "json", whose tags name its fields.
type fieldKey struct {
	of       reflect.Type
	language string
}

var knownFields sync.Map // of []field by fieldKey

// fieldsOf returns the fields that have a name in a language, those of embedded
// structs among them.
func fieldsOf(t reflect.Type, language string) []field {
	key := fieldKey{t, language}
	if known, ok := knownFields.Load(key); ok {
		return known.([]field)
	}
	var all []field
	for _, f := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(f.Tag.Get(language), ","); f.IsExported() && name != "" && name != "-" {
			all = append(all, field{name, f.Index, f.Tag})
		}
	}
	knownFields.Store(key, all)
	return all
}

func namesOf(fields []field) []string {
	all := make([]string, len(fields))
	for i, f := range fields {
		all[i] = f.name
	}
	return all
}
