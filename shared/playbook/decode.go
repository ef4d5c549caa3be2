package playbook

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// decoder fills structs from YAML strictly and reports every mistake it meets,
// not only the first, each at its place. It remembers where each value stands,
// for mistakes that only later steps can see.
type decoder struct {
	file     string
	lines    []string
	problems Problems
	nodes    map[string]ast.Node // by path, "playbooks[0].match"
}

func newDecoder(file string) *decoder {
	return &decoder{file: file, nodes: map[string]ast.Node{}}
}

func (d *decoder) report(at place, format string, args ...any) {
	d.problems = append(d.problems, Problem{d.file, at.line, at.column, fmt.Sprintf(format, args...)})
}

// reportAt reports a mistake in the value at a path.
func (d *decoder) reportAt(path, format string, args ...any) {
	at := place{}
	if node := d.nearest(path); node != nil {
		at = begin(node)
	}
	d.report(at, format, args...)
}

// reportInside reports a mistake in the text at a path.
func (d *decoder) reportInside(path string, m mistake) {
	node, ok := d.nodes[path]
	if !ok {
		d.reportAt(path, "%s", m.text)
		return
	}
	d.report(d.inside(node, m.at), "%s", m.text)
}

// nearest returns the value at path, or else the value around it.
func (d *decoder) nearest(path string) ast.Node {
	for {
		if node, ok := d.nodes[path]; ok || path == "" {
			return node
		}
		path = path[:max(strings.LastIndexByte(path, '.'), strings.LastIndexByte(path, '['), 0)]
	}
}

func (d *decoder) has(path string) bool { return d.nodes[path] != nil }

var (
	durationType = reflect.TypeFor[time.Duration]()
	nodeType     = reflect.TypeFor[ast.Node]()
)

// decode puts the value of node into the variable that into is. A null leaves it
// as it was, like a key that is not there.
func (d *decoder) decode(node ast.Node, into reflect.Value, path string) {
	switch node.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		d.report(begin(node), "anchors (&), aliases (*) and tags (!) are not understood here: write the value out")
		return
	case *ast.NullNode:
		return
	}
	d.nodes[path] = node
	switch {
	case into.Type() == nodeType:
		into.Set(reflect.ValueOf(node))
	case into.Type() == durationType:
		d.duration(node, into, path)
	case into.Kind() == reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		d.decode(node, into.Elem(), path)
	case into.Kind() == reflect.Struct:
		d.mapping(node, into, path)
	case into.Kind() == reflect.Slice:
		d.sequence(node, into, path)
	case into.Kind() == reflect.Map:
		d.dictionary(node, into, path)
	case into.Kind() == reflect.Interface:
		d.anything(node, into, path)
	default:
		if want := setScalar(node, into); want != "" {
			d.report(begin(node), "%s must be %s", last(path), want)
		}
	}
}

// anything puts a list, a map or a single value, whatever it is.
func (d *decoder) anything(node ast.Node, into reflect.Value, path string) {
	var value reflect.Value
	switch n := node.(type) {
	case *ast.SequenceNode:
		value = reflect.New(reflect.TypeFor[[]any]()).Elem()
		d.sequence(node, value, path)
	case *ast.MappingNode, *ast.MappingValueNode:
		value = reflect.New(reflect.TypeFor[map[string]any]()).Elem()
		d.dictionary(node, value, path)
	case *ast.StringNode, *ast.LiteralNode:
		value = reflect.ValueOf(scalarText(node))
	case ast.ScalarNode:
		value = reflect.ValueOf(n.GetValue())
		if number := number(node); number != nil {
			value = reflect.ValueOf(number)
		}
	default:
		d.report(begin(node), "%s must be a value, a list or a mapping", last(path))
		return
	}
	into.Set(value)
}

func (d *decoder) sequence(node ast.Node, into reflect.Value, path string) {
	list, ok := node.(*ast.SequenceNode)
	if !ok {
		d.report(begin(node), "%s must be a list", last(path))
		return
	}
	values := reflect.MakeSlice(into.Type(), len(list.Values), len(list.Values))
	for i, value := range list.Values {
		if value.Type() == ast.NullType && into.Type().Elem().Kind() != reflect.Interface {
			d.report(begin(value), "%s[%d] is empty", last(path), i)
		}
		d.decode(value, values.Index(i), fmt.Sprintf("%s[%d]", path, i))
	}
	into.Set(values)
}

func (d *decoder) dictionary(node ast.Node, into reflect.Value, path string) {
	if !d.isMapping(node, path) {
		return
	}
	values := reflect.MakeMap(into.Type())
	for _, pair := range d.pairs(node) {
		value := reflect.New(into.Type().Elem()).Elem()
		d.decode(pair.Value, value, under(path, key(pair)))
		values.SetMapIndex(reflect.ValueOf(key(pair)), value)
	}
	into.Set(values)
}

func (d *decoder) mapping(node ast.Node, into reflect.Value, path string) {
	if !d.isMapping(node, path) {
		return
	}
	given := map[string]bool{}
	fields := fieldsOf(into.Type(), "yaml")
	for _, pair := range d.pairs(node) {
		name := key(pair)
		given[name] = pair.Value.Type() != ast.NullType
		if i := slices.IndexFunc(fields, func(f field) bool { return f.name == name }); i >= 0 {
			d.decode(pair.Value, into.FieldByIndex(fields[i].index), under(path, name))
		} else {
			d.report(begin(pair), "unknown key %q%s", name, suggest(name, namesOf(fields)))
		}
	}
	for _, f := range fields {
		if f.tag.Get("required") == "true" && !given[f.name] {
			d.report(begin(node), "the key %q is missing", f.name)
		}
	}
}

func (d *decoder) isMapping(node ast.Node, path string) bool {
	_, is := node.(ast.MapNode)
	if !is {
		d.report(begin(node), "%s must be a mapping of keys to values", last(path))
	}
	return is
}

// pairs returns the keys and values of a mapping, each key once.
func (d *decoder) pairs(node ast.Node) []*ast.MappingValueNode {
	var pairs []*ast.MappingValueNode
	seen := map[string]bool{}
	for all := node.(ast.MapNode).MapRange(); all.Next(); {
		pair := all.KeyValue()
		if seen[key(pair)] {
			d.report(begin(pair), "the key %q is here twice", key(pair))
			continue
		}
		seen[key(pair)] = true
		pairs = append(pairs, pair)
	}
	return pairs
}

func key(pair *ast.MappingValueNode) string { return pair.Key.GetToken().Value }

// under returns the path of what is called name inside the value at path.
func under(path, name string) string { return strings.TrimPrefix(path+"."+name, ".") }

// last returns how the value at path is called.
func last(path string) string {
	if path == "" {
		return "the file"
	}
	return path[strings.LastIndexByte(path, '.')+1:]
}
