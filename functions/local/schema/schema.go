// Package schema generates the JSON Schemas of playbook files and of their tests, which
// editors use, and the references of the steps and of what expressions and templates can name.
package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	yamlv4 "go.yaml.in/yaml/v4"

	"boomerang/functions/local/playbooktest"
	"boomerang/shared/enrich"
	"boomerang/shared/playbook"
)

// draft is the newest that the YAML language server supports completely
// (https://github.com/redhat-developer/yaml-language-server).
const draft = "http://json-schema.org/draft-07/schema#"

// object is a JSON object that keeps the order of its keys.
type object = yaml.MapSlice

func member(name string, value any) yaml.MapItem { return yaml.MapItem{Key: name, Value: value} }

// Files returns the content of the generated files by name. The kinds read no lookup tables.
func Files() (map[string][]byte, error) {
	kinds := playbooktest.Kinds("")
	playbooks, noPlaybooks := of(playbook.Shape(), "Boomerang's playbooks", kinds)
	tests, noTests := of(playbooktest.Shape(), "Tests of Boomerang's playbooks", nil)
	fields, noFields := fieldsReference(kinds)
	files := map[string][]byte{"fields.md": fields, "schema.json": playbooks, "test.schema.json": tests, "steps.md": stepsReference(kinds)}
	return files, errors.Join(noPlaybooks, noTests, noFields)
}

// of returns the schema of a file that is read into a value of type t: yaml tags name
// the keys, doc tags describe them. The step that "uses" names decides the schema of
// "with".
func of(t reflect.Type, title string, kinds []enrich.Kind) ([]byte, error) {
	g := &generator{kinds: kinds}
	root := append(object{member("$schema", draft), member("title", title)}, g.mapping(t)...)
	if len(g.definitions) > 0 {
		root = append(root, member("definitions", g.definitions))
	}
	var out bytes.Buffer
	compact, err := yaml.MarshalWithOptions(root, yaml.JSON())
	if err == nil {
		err = json.Indent(&out, compact, "", "  ")
	}
	if err != nil {
		return nil, fmt.Errorf("the schema of %s: %w", title, err)
	}
	return out.Bytes(), nil
}

type generator struct {
	kinds       []enrich.Kind
	definitions object // of the steps, which stand in several places
}

// jsonText is what a text implements that can also be a mapping or a list.
var jsonText = reflect.TypeFor[interface{ SetJSON(value any) }]()

// schema returns the schema of a value, with the bounds that its tags give.
func (g *generator) schema(t reflect.Type, tag reflect.StructTag) object {
	if reflect.PointerTo(t).Implements(jsonText) {
		return object{member("type", []string{"string", "object", "array"})}
	}
	switch t {
	case reflect.TypeFor[time.Duration]():
		return duration(tag)
	case reflect.TypeFor[[]time.Duration](): // One stands for a list of one.
		one := duration(tag)
		list := object{member("type", "array"), member("items", one)}
		return object{member("anyOf", []object{one, append(list, numbers(tag, "items", "maxItems")...)})}
	case reflect.TypeFor[*yamlv4.Node](), reflect.TypeFor[any]():
		return object{}
	}
	switch t.Kind() {
	case reflect.Struct:
		if _, isStep := t.FieldByName("Uses"); isStep {
			return g.reference(t)
		}
		return g.mapping(t)
	case reflect.Slice:
		return object{member("type", "array"), member("items", g.schema(t.Elem(), ""))}
	case reflect.Map:
		return object{member("type", "object"), member("additionalProperties", g.schema(t.Elem(), ""))}
	case reflect.Bool:
		return object{member("type", "boolean")}
	case reflect.String:
		return text(tag)
	}
	return append(object{member("type", "integer")}, numbers(tag, "min", "minimum", "max", "maximum")...)
}

func (g *generator) reference(t reflect.Type) object {
	if _, known := g.definitions.ToMap()[t.Name()]; !known {
		g.definitions = append(g.definitions, member(t.Name(), g.mapping(t)))
	}
	return object{member("$ref", "#/definitions/"+t.Name())}
}

func (g *generator) mapping(t reflect.Type) object {
	properties, required, isStep := object{}, []string{}, false
	for name, f := range fields(t, "yaml") {
		value := g.schema(f.Type, f.Tag)
		if name == "uses" {
			isStep, value = true, g.names()
		}
		properties = append(properties, member(name, append(object{member("description", f.Tag.Get("doc"))}, value...)))
		if f.Tag.Get("required") == "true" {
			required = append(required, name)
		}
	}
	all := object{member("type", "object"), member("additionalProperties", false), member("properties", properties)}
	if len(required) > 0 {
		all = append(all, member("required", required))
	}
	if isStep {
		all = append(all, member("allOf", g.configs()))
	}
	return all
}

func (g *generator) names() object {
	var names, docs []string
	for _, k := range g.kinds {
		names, docs = append(names, k.Name), append(docs, describe(k))
	}
	return object{member("enum", names), member("enumDescriptions", docs)}
}

// configs returns the schema of "with" for each step.
func (g *generator) configs() []object {
	all := []object{}
	for _, k := range g.kinds {
		config := append(object{member("description", describe(k))}, g.mapping(reflect.TypeOf(k.Config))...)
		all = append(all, object{
			member("if", object{
				member("properties", object{member("uses", object{member("const", k.Name)})}), member("required", []string{"uses"}),
			}),
			member("then", object{member("properties", object{member("with", config)})}),
		})
	}
	return all
}

func describe(k enrich.Kind) string {
	if len(k.Permissions) == 0 {
		return k.Doc
	}
	return k.Doc + " It needs " + strings.Join(k.Permissions, " and ") + "."
}

// fields iterates over the fields with a name in a tag, embedded ones included.
func fields(t reflect.Type, tag string) iter.Seq2[string, reflect.StructField] {
	return func(yield func(string, reflect.StructField) bool) {
		for _, f := range reflect.VisibleFields(t) {
			name, _, _ := strings.Cut(f.Tag.Get(tag), ",")
			if name != "" && name != "-" && !yield(name, f) {
				return
			}
		}
	}
}
