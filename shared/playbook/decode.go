package playbook

import (
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// decoder fills structs from YAML strictly and reports every mistake it meets,
// not only the first, each at its place. It finds where each value stands, for
// mistakes that only later steps can see.
type decoder struct {
	file     string
	lines    []string
	root     ast.Node
	problems Problems
}

func (d *decoder) report(at place, format string, args ...any) {
	d.problems = append(d.problems, Problem{d.file, at.line, at.column, fmt.Sprintf(format, args...)})
}

// reportAt reports a mistake in the value at a path.
func (d *decoder) reportAt(path, format string, args ...any) {
	at := place{}
	if node := d.nearest(path); node != nil {
		at = d.begin(node)
	}
	d.report(at, format, args...)
}

// reportInside reports a mistake in the text at a path.
func (d *decoder) reportInside(path string, m mistake) {
	node := d.find(path)
	if node == nil {
		d.reportAt(path, "%s", m.text)
		return
	}
	d.report(d.inside(node, m.at), "%s", m.text)
}

// nearest returns the value at path, or else the value around it.
func (d *decoder) nearest(path string) ast.Node {
	for {
		if node := d.find(path); node != nil || path == "" {
			return node
		}
		path = path[:max(strings.LastIndexByte(path, '.'), strings.LastIndexByte(path, '['), 0)]
	}
}

func (d *decoder) has(path string) bool { return d.find(path) != nil }

// find returns the value at a path such as "playbooks[0].match", or nil when there
// is none. Few values are ever looked for, so none is remembered by its path.
func (d *decoder) find(path string) ast.Node { return findIn(d.root, path) }

func findIn(node ast.Node, path string) ast.Node {
	switch n := node.(type) {
	case nil, *ast.NullNode, *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		return nil // Nothing is decoded from these.
	case *ast.SequenceNode:
		digits, rest, _ := strings.Cut(strings.TrimPrefix(path, "["), "]")
		if i, err := strconv.Atoi(digits); err == nil && i >= 0 && i < len(n.Values) {
			return findIn(n.Values[i], rest)
		}
	case ast.MapNode:
		return findUnder(n, path)
	}
	if path != "" {
		return nil
	}
	return node
}

// findUnder goes on after a key that does not lead to the value, since a key may
// hold a dot and so begin with another.
func findUnder(mapping ast.MapNode, path string) ast.Node {
	if path == "" {
		return mapping.(ast.Node)
	}
	path = strings.TrimPrefix(path, ".")
	tried := ""
	for all := mapping.MapRange(); all.Next(); {
		name := key(all.KeyValue())
		rest, begins := strings.CutPrefix(path, name)
		if !begins || name == tried || rest != "" && rest[0] != '.' && rest[0] != '[' {
			continue
		}
		if found := findIn(all.Value(), rest); found != nil {
			return found
		}
		tried = name // Of a key that is here twice the first counts.
	}
	return nil
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	nodeType     = reflect.TypeFor[ast.Node]()
)

// decode puts the value of node into the variable that into is. A null leaves it
// as it was, like a key that is not there.
func (d *decoder) decode(node ast.Node, into reflect.Value, path string) {
	switch node.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		d.report(d.begin(node), "anchors (&), aliases (*) and tags (!) are not understood here: write the value out")
		return
	case *ast.NullNode:
		return
	}
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
			d.report(d.begin(node), "%s must be %s", last(path), want)
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
		d.report(d.begin(node), "%s must be a value, a list or a mapping", last(path))
		return
	}
	into.Set(value)
}

func (d *decoder) sequence(node ast.Node, into reflect.Value, path string) {
	list, ok := node.(*ast.SequenceNode)
	if !ok {
		d.report(d.begin(node), "%s must be a list", last(path))
		return
	}
	values := reflect.MakeSlice(into.Type(), len(list.Values), len(list.Values))
	for i, value := range list.Values {
		if value.Type() == ast.NullType && into.Type().Elem().Kind() != reflect.Interface {
			d.report(d.begin(value), "%s is empty", element(last(path), i))
		}
		d.decode(value, values.Index(i), element(path, i))
	}
	into.Set(values)
}

func (d *decoder) dictionary(node ast.Node, into reflect.Value, path string) {
	if !d.isMapping(node, path) {
		return
	}
	values := reflect.MakeMap(into.Type())
	for name, pair := range d.pairs(node) {
		value := reflect.New(into.Type().Elem()).Elem()
		d.decode(pair.Value, value, under(path, name))
		values.SetMapIndex(reflect.ValueOf(name), value)
	}
	into.Set(values)
}

func (d *decoder) mapping(node ast.Node, into reflect.Value, path string) {
	if !d.isMapping(node, path) {
		return
	}
	fields := fieldsOf(into.Type(), "yaml")
	given := make([]bool, len(fields))
	for name, pair := range d.pairs(node) {
		i := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
		if i < 0 {
			d.report(d.begin(pair), "unknown key %q%s", name, suggest(name, namesOf(fields)))
			continue
		}
		given[i] = pair.Value.Type() != ast.NullType
		d.decode(pair.Value, into.FieldByIndex(fields[i].index), under(path, name))
	}
	for i, f := range fields {
		if f.required && !given[i] {
			d.report(d.begin(node), "the key %q is missing", f.name)
		}
	}
}

func (d *decoder) isMapping(node ast.Node, path string) bool {
	_, is := node.(ast.MapNode)
	if !is {
		d.report(d.begin(node), "%s must be a mapping of keys to values", last(path))
	}
	return is
}

// pairs goes over the keys and values of a mapping, each key once.
func (d *decoder) pairs(node ast.Node) iter.Seq2[string, *ast.MappingValueNode] {
	return func(yield func(string, *ast.MappingValueNode) bool) {
		seen := map[string]bool{}
		for all := node.(ast.MapNode).MapRange(); all.Next(); {
			pair := all.KeyValue()
			name := key(pair)
			if seen[name] {
				d.report(d.begin(pair), "the key %q is here twice", name)
				continue
			}
			seen[name] = true
			if !yield(name, pair) {
				return
			}
		}
	}
}

func key(pair *ast.MappingValueNode) string { return pair.Key.GetToken().Value }

// element returns the path of an element of the list at path.
func element(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// under returns the path of what is called name inside the value at path.
func under(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// last returns how the value at path is called.
func last(path string) string {
	if path == "" {
		return "the file"
	}
	return path[strings.LastIndexByte(path, '.')+1:]
}
