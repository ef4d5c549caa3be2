package playbook

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// decoder fills structs from YAML strictly and reports every mistake it meets,
// not only the first, each at its place. It remembers where each value stands,
// for mistakes that only later steps can see.
type decoder struct {
	file     string
	problems Problems
	places   map[string]*token.Token // by path, "playbooks[0].match"
}

func newDecoder(file string) *decoder {
	return &decoder{file: file, places: map[string]*token.Token{}}
}

func (d *decoder) report(at *token.Token, format string, args ...any) {
	p := Problem{File: d.file, Text: fmt.Sprintf(format, args...)}
	if at != nil && at.Position != nil {
		p.Line, p.Column = at.Position.Line, at.Position.Column
	}
	d.problems = append(d.problems, p)
}

// reportAt reports a mistake in the value at a path.
func (d *decoder) reportAt(path, format string, args ...any) {
	d.report(d.place(path), format, args...)
}

// place returns where the value at path stands, or the nearest value around it.
func (d *decoder) place(path string) *token.Token {
	for path != "" {
		if at, ok := d.places[path]; ok {
			return at
		}
		path = path[:max(strings.LastIndexByte(path, '.'), strings.LastIndexByte(path, '['), 0)]
	}
	return nil
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	nodeType     = reflect.TypeFor[ast.Node]()
)

// decode puts the value of node into the variable that into is.
func (d *decoder) decode(node ast.Node, into reflect.Value, path string) {
	d.places[path] = node.GetToken()
	switch node.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		d.report(node.GetToken(), "anchors, aliases and tags are not understood here; write the value out")
		return
	case *ast.NullNode:
		return
	}
	switch {
	case into.Type() == nodeType:
		into.Set(reflect.ValueOf(node))
	case into.Type() == durationType:
		d.duration(node, into)
	case into.Kind() == reflect.Struct:
		d.mapping(node, into, path)
	case into.Kind() == reflect.Slice:
		d.sequence(node, into, path)
	case into.Kind() == reflect.Map && into.Type().Key().Kind() == reflect.String:
		d.dictionary(node, into, path)
	default:
		d.scalar(node, into)
	}
}

func (d *decoder) scalar(node ast.Node, into reflect.Value) {
	if _, isText := node.(ast.ScalarNode); !isText && into.Kind() != reflect.Interface {
		d.report(node.GetToken(), "must be %s", article(into.Type()))
		return
	}
	// YAML reads 1.10 as a number and yes as a word; where text is wanted, what
	// stands in the file is meant.
	if into.Kind() == reflect.String {
		into.SetString(text(node))
		return
	}
	if err := yaml.NodeToValue(node, into.Addr().Interface(), yaml.Strict()); err != nil {
		d.report(node.GetToken(), "must be %s", article(into.Type()))
	}
}

func text(node ast.Node) string {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value
	case *ast.LiteralNode:
		return n.Value.Value
	}
	return node.GetToken().Value
}

func (d *decoder) duration(node ast.Node, into reflect.Value) {
	parsed, err := time.ParseDuration(text(node))
	if err != nil || parsed < 0 {
		d.report(node.GetToken(), "must be a duration with its unit, such as 5s or 2m")
		return
	}
	into.SetInt(int64(parsed))
}

func (d *decoder) sequence(node ast.Node, into reflect.Value, path string) {
	list, ok := node.(*ast.SequenceNode)
	if !ok {
		d.report(node.GetToken(), "must be a list")
		return
	}
	values := reflect.MakeSlice(into.Type(), len(list.Values), len(list.Values))
	for i, value := range list.Values {
		d.decode(value, values.Index(i), fmt.Sprintf("%s[%d]", path, i))
	}
	into.Set(values)
}

func (d *decoder) dictionary(node ast.Node, into reflect.Value, path string) {
	values := reflect.MakeMap(into.Type())
	for _, pair := range d.pairs(node) {
		value := reflect.New(into.Type().Elem()).Elem()
		d.decode(pair.Value, value, path+"."+key(pair))
		values.SetMapIndex(reflect.ValueOf(key(pair)), value)
	}
	into.Set(values)
}

func (d *decoder) mapping(node ast.Node, into reflect.Value, path string) {
	fields := fieldsOf(into)
	seen := map[string]bool{}
	for _, pair := range d.pairs(node) {
		name := key(pair)
		field, ok := fields[name]
		switch {
		case !ok:
			d.report(pair.Key.GetToken(), "unknown key %q%s", name, suggest(name, names(into.Type())))
		case seen[name]:
			d.report(pair.Key.GetToken(), "%q is here twice", name)
		default:
			d.decode(pair.Value, field, strings.TrimPrefix(path+"."+name, "."))
		}
		seen[name] = true
	}
}

func (d *decoder) pairs(node ast.Node) []*ast.MappingValueNode {
	switch n := node.(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	}
	d.report(node.GetToken(), "must be a mapping of keys to values")
	return nil
}

func key(pair *ast.MappingValueNode) string { return pair.Key.GetToken().Value }

// fieldsOf returns the fields of a struct by their YAML names.
func fieldsOf(s reflect.Value) map[string]reflect.Value {
	fields := map[string]reflect.Value{}
	for i := range s.NumField() {
		if name := yamlName(s.Type().Field(i)); name != "" {
			fields[name] = s.Field(i)
		}
	}
	return fields
}

func names(t reflect.Type) []string {
	var all []string
	for i := range t.NumField() {
		if name := yamlName(t.Field(i)); name != "" {
			all = append(all, name)
		}
	}
	return all
}

func yamlName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	return name
}

func article(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	}
	return "a single value"
}
