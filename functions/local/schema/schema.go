// Package schema writes the JSON Schema of Go types that are read from YAML, so
// that editors complete a playbook, explain it and underline its mistakes.
//
// It follows the playbooks' own loader: yaml tags name the keys, doc tags explain
// them, a text may be any single value, a duration is a text with its unit, and
// keys that nobody knows are mistakes.
package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"boomerang/shared/enrich"
)

// draft is the one that the YAML language server understands whole
// (https://github.com/redhat-developer/yaml-language-server).
const draft = "http://json-schema.org/draft-07/schema#"

// object is a JSON object whose keys keep their order, which is that of the Go
// fields: editors show keys in it, and people read them so.
type object []member

type member struct {
	name  string
	value any
}

// MarshalJSON writes the members in their order.
func (o object) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			out.WriteByte(',')
		}
		if err := encode(&out, m.name); err != nil {
			return nil, err
		}
		out.WriteByte(':')
		if err := encode(&out, m.value); err != nil {
			return nil, err
		}
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// encode leaves <, > and & as they are: the schema is read by people.
func encode(out *bytes.Buffer, v any) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return err
	}
	out.Truncate(out.Len() - 1) // Encode adds a line break.
	return nil
}

// Of returns the schema of a file whose content is read into a value of type t. An
// ast.Node beside a key "uses" is a step's configuration, which the kind decides;
// any other stands for any value.
func Of(t reflect.Type, title string, kinds []enrich.Kind) ([]byte, error) {
	g := &generator{kinds: kinds}
	root := append(object{{"$schema", draft}, {"title", title}}, g.fields(t)...)
	if len(g.definitions) > 0 {
		root = append(root, member{"definitions", g.definitions})
	}
	var plain, out bytes.Buffer
	if err := encode(&plain, root); err != nil {
		return nil, fmt.Errorf("the schema of %s: %w", title, err)
	}
	if err := json.Indent(&out, plain.Bytes(), "", "  "); err != nil {
		return nil, fmt.Errorf("the schema of %s: %w", title, err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

type generator struct {
	kinds []enrich.Kind
	// definitions are the types of steps, which stand in several places and are long.
	definitions object
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	nodeType     = reflect.TypeFor[ast.Node]()
	anyType      = reflect.TypeFor[any]()
)

// schema returns what holds of a value of type t.
func (g *generator) schema(t reflect.Type) object {
	switch {
	case t == durationType:
		// The one number that needs no unit is 0.
		return object{{"type", []string{"string", "integer"}}, {"pattern", `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$|^0$`}, {"minimum", 0}, {"maximum", 0}}
	case t == nodeType || t == anyType:
		return object{}
	}
	switch t.Kind() {
	case reflect.Struct:
		if _, isStep := fieldOf(t, uses); isStep {
			return g.reference(t)
		}
		return g.fields(t)
	case reflect.Slice:
		return object{{"type", "array"}, {"items", g.schema(t.Elem())}}
	case reflect.Map:
		return object{{"type", "object"}, {"additionalProperties", g.schema(t.Elem())}}
	case reflect.Bool:
		return object{{"type", "boolean"}}
	case reflect.Float32, reflect.Float64:
		return object{{"type", "number"}}
	case reflect.String:
		return object{{"type", []string{"string", "number", "boolean"}}}
	}
	return object{{"type", "integer"}}
}

// reference returns a reference to the definition of a struct, which it makes at
// the first call.
func (g *generator) reference(t reflect.Type) object {
	if !slices.ContainsFunc(g.definitions, func(m member) bool { return m.name == t.Name() }) {
		g.definitions = append(g.definitions, member{t.Name(), g.fields(t)})
	}
	return object{{"$ref", "#/definitions/" + t.Name()}}
}

// fieldOf returns the field of a struct that YAML knows by a name.
func fieldOf(t reflect.Type, name string) (reflect.StructField, bool) {
	for i := range t.NumField() {
		if yamlName(t.Field(i)) == name {
			return t.Field(i), true
		}
	}
	return reflect.StructField{}, false
}

func yamlName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	return name
}

// fields returns what holds of a mapping that fills a struct.
func (g *generator) fields(t reflect.Type) object {
	properties, required := object{}, []string{}
	isStep := false
	for i := range t.NumField() {
		f := t.Field(i)
		name := yamlName(f)
		if name == "" {
			continue
		}
		value := g.schema(f.Type)
		if name == uses {
			isStep, value = true, g.names()
		}
		properties = append(properties, member{name, append(object{{"description", f.Tag.Get("doc")}}, value...)})
		if f.Tag.Get("required") == "true" {
			required = append(required, name)
		}
	}
	all := object{{"type", "object"}, {"additionalProperties", false}, {"properties", properties}}
	if len(required) > 0 {
		all = append(all, member{"required", required})
	}
	if isStep {
		all = append(all, member{"allOf", g.configs()})
	}
	return all
}

// The keys of a step whose meaning is the kind's.
const (
	uses = "uses"
	with = "with"
)

// names returns the kinds there are, and what each finds.
func (g *generator) names() object {
	names, docs := []string{}, []string{}
	for _, k := range g.kinds {
		names, docs = append(names, k.Name), append(docs, Doc(k))
	}
	return object{{"enum", names}, {"enumDescriptions", docs}}
}

// configs returns, for each kind, what holds of "with" where "uses" names it.
func (g *generator) configs() []object {
	all := []object{}
	for _, k := range g.kinds {
		config := append(object{{"description", Doc(k)}}, g.fields(reflect.TypeOf(k.Config))...)
		all = append(all, object{
			{"if", object{{"properties", object{{uses, object{{"const", k.Name}}}}}, {"required", []string{uses}}}},
			{"then", object{{"properties", object{{with, config}}}}},
		})
	}
	return all
}

// Doc says what a kind of step finds, and what it needs for that.
func Doc(k enrich.Kind) string {
	if len(k.Permissions) == 0 {
		return k.Doc
	}
	return k.Doc + " It needs " + strings.Join(k.Permissions, " and ") + "."
}
