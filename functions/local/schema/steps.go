package schema

import (
	"bytes"
	_ "embed"
	"fmt"
	"reflect"
	"strings"
	"text/template"

	"boomerang/shared/enrich"
)

//go:embed steps.md.tmpl
var stepsTemplate string

func stepsReference(kinds []enrich.Kind) []byte {
	functions := template.FuncMap{
		"cell": cell, "join": strings.Join,
		"settings": func(config any) string { return settings(reflect.TypeOf(config), "") },
		"findings": func(data any) []string { return findings(reflect.TypeOf(data)) },
	}
	var out bytes.Buffer
	if err := template.Must(template.New("").Funcs(functions).Parse(stepsTemplate)).Execute(&out, kinds); err != nil {
		panic(err) // The template fits the kinds.
	}
	return out.Bytes()
}

// cell escapes a text for a cell of a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

func settings(t reflect.Type, path string) string {
	var rows strings.Builder
	for name, f := range fields(t, "yaml") {
		fmt.Fprintf(&rows, "| `%s` | %s |\n", path+name, cell(f.Tag.Get("doc")))
		if name, of := element(name, f.Type); of.Kind() == reflect.Struct {
			rows.WriteString(settings(of, path+name+"."))
		}
	}
	return rows.String()
}

// findings returns the names of a finding's fields, as templates write them, with their types.
func findings(t reflect.Type) []string {
	if t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	var all []string
	for name, f := range fields(t, "json") {
		name, of := element(name, f.Type)
		inner, in := findings(of), typeName(of)
		switch {
		case len(inner) > 0: // They say what it is.
		case in == "text":
			all = append(all, "`"+name+"`")
		default:
			all = append(all, "`"+name+"` ("+in+")")
		}
		for _, field := range inner {
			all = append(all, "`"+name+"."+strings.TrimPrefix(field, "`"))
		}
	}
	return all
}

// element returns the name and the type of what a list or a pointer holds.
func element(name string, t reflect.Type) (string, reflect.Type) {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
		if t.Kind() == reflect.Slice {
			name += "[]"
		}
		t = t.Elem()
	}
	return name, t
}
