package playbook

import (
	"reflect"
	"slices"
	"strings"
	"sync"
)

// field is a field of a struct by the name that YAML or JSON has for it.
type field struct {
	name     string
	index    []int
	required bool     // of YAML
	escape   escaping // of YAML
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
	all := appendFields(nil, t, language, nil)
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

// appendFields appends the fields of a struct that stands at an index of another.
// reflect.VisibleFields takes twice as long, for rules that no struct of ours needs.
func appendFields(all []field, t reflect.Type, language string, at []int) []field {
	for i := range t.NumField() {
		f := t.Field(i)
		index := append(slices.Clip(at), i)
		name, _, _ := strings.Cut(f.Tag.Get(language), ",")
		switch {
		case f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct:
			all = appendFields(all, f.Type, language, index)
		case f.IsExported() && name != "" && name != "-":
			all = append(all, field{name, index, f.Tag.Get("required") == "true", escaping(f.Tag.Get("escape"))})
		}
	}
	return all
}
