package schema

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"boomerang/shared/enrich"
)

// Steps returns the reference of all steps for people, in markdown: what each
// finds, what it needs, what it may be told, and what it gives to later steps.
func Steps(kinds []enrich.Kind) []byte {
	var out strings.Builder
	out.WriteString("# Steps\n\nWritten from the code by `make schema`.\n\n| step | finds | needs |\n|---|---|---|\n")
	for _, k := range kinds {
		fmt.Fprintf(&out, "| [%s](#%s) | %s | %s |\n", k.Name, k.Name, cell(k.Doc), permissions(k))
	}
	for _, k := range kinds {
		fmt.Fprintf(&out, "\n## %s\n\n%s\n", k.Name, k.Doc)
		settings(&out, reflect.TypeOf(k.Config))
		if fields := fieldsOfData(reflect.TypeOf(k.Data)); len(fields) > 0 {
			fmt.Fprintf(&out, "\nLater steps and templates see `steps.%s.`: `ok`, `%s`.\n", k.Name, strings.Join(fields, "`, `"))
		}
	}
	return []byte(out.String())
}

func permissions(k enrich.Kind) string {
	if len(k.Permissions) == 0 {
		return "nothing"
	}
	return "`" + strings.Join(k.Permissions, "`, `") + "`"
}

// cell keeps a text within one cell of a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

func settings(out *strings.Builder, t reflect.Type) {
	rows := settingRows(t, "")
	if len(rows) == 0 {
		return
	}
	out.WriteString("\n| with | |\n|---|---|\n")
	for _, row := range rows {
		out.WriteString(row)
	}
}

// settingRows are the rows of a Config's fields, those of a field's own fields
// behind it.
func settingRows(t reflect.Type, path string) []string {
	var rows []string
	for i := range t.NumField() {
		f := t.Field(i)
		if yamlName(f) == "" {
			continue
		}
		name, of := path+yamlName(f), f.Type
		rows = append(rows, fmt.Sprintf("| `%s` | %s |\n", name, cell(f.Tag.Get("doc"))))
		if of.Kind() == reflect.Slice {
			name, of = name+"[]", of.Elem()
		}
		if of.Kind() == reflect.Struct {
			rows = append(rows, settingRows(of, name+".")...)
		}
	}
	return rows
}

var timeType = reflect.TypeFor[time.Time]()

// fieldsOfData are the names of a finding's fields, as templates write them.
func fieldsOfData(t reflect.Type) []string {
	if t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	var all []string
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		of := t.Field(i).Type
		if t.Field(i).Anonymous && name == "" {
			all = append(all, fieldsOfData(of)...)
		}
		if name == "" || name == "-" {
			continue
		}
		for of.Kind() == reflect.Slice {
			name, of = name+"[]", of.Elem()
		}
		inner := []string{}
		if of != timeType {
			inner = fieldsOfData(of)
		}
		if len(inner) == 0 {
			all = append(all, name)
		}
		for _, field := range inner {
			all = append(all, name+"."+field)
		}
	}
	return all
}
