package playbook

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

var nodeType = reflect.TypeFor[ast.Node]()

// Value returns the value of a node at a path: texts, numbers, booleans, lists and maps.
func (s *Source) Value(node ast.Node, path string) (value any) {
	s.decode(node, reflect.ValueOf(&value).Elem(), path)
	return value
}

// decode puts the value of a node into a variable. A null leaves it as it is, like
// a missing key.
func (s *Source) decode(node ast.Node, into reflect.Value, path string) {
	if s.refuse(node) || node.Type() == ast.NullType {
		return
	}
	if s.nodes != nil {
		s.nodes[path] = node
	}
	switch {
	case into.Type() == nodeType:
		into.Set(reflect.ValueOf(node))
	case into.Kind() == reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		s.decode(node, into.Elem(), path)
	case into.Kind() == reflect.Interface:
		if advice := unclear(node); s.strict && advice != "" {
			s.report(s.position(node), "%s: %s, or quote a text", scalarText(node), advice)
			return
		}
		value := reflect.New(typeOfNode(node)).Elem()
		s.decode(node, value, path)
		into.Set(value)
	case into.Kind() == reflect.Struct:
		s.decodeStruct(node, into, path)
	case into.Kind() == reflect.Slice:
		s.decodeSlice(node, into, path)
	case into.Kind() == reflect.Map:
		into.Set(reflect.MakeMap(into.Type()))
		for _, pair := range s.pairs(node, path) {
			value := reflect.New(into.Type().Elem()).Elem()
			s.decode(pair.Value, value, under(path, keyOf(pair)))
			into.SetMapIndex(reflect.ValueOf(keyOf(pair)), value)
		}
	default:
		want := setScalar(node, into)
		if advice := unclear(node); s.strict && advice != "" && isNumber(into) {
			want = "a number with one reading: " + advice
		}
		if want != "" {
			s.report(s.position(node), "%s must be %s", lastOf(path), want)
		} else if into.Kind() == reflect.String {
			s.fillText(into, path)
		}
	}
}

// refuse reports a node that this decoder does not read, or that YAML's versions or
// libraries read in different ways.
func (s *Source) refuse(node ast.Node) bool {
	problem := ""
	switch n := node.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.MergeKeyNode:
		problem = "anchors (&), aliases (*), tags (!) and merges (<<) are not supported: write out the value"
	case *ast.MappingKeyNode:
		problem = "a key with ? is not supported: write key: value"
	case *ast.StringNode:
		if s.strict && n.Token.Type == token.StringType && strings.Contains(strings.Trim(n.Token.Origin, " \t\n"), "\t") {
			problem = "there is a tab in the text: quote the text, or use spaces"
		}
	}
	if problem != "" {
		s.report(s.position(node), "%s", problem)
	}
	return problem != ""
}

func (s *Source) decodeStruct(node ast.Node, into reflect.Value, path string) {
	fields := fieldsOf(into.Type(), "yaml")
	pairs := s.pairs(node, path)
	given := make([]bool, len(fields))
	for _, pair := range pairs {
		name := keyOf(pair)
		i := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
		if i < 0 {
			s.report(s.position(pair), "unknown key %q%s", name, suggest(name, fieldNames(fields)))
			continue
		}
		given[i] = pair.Value.Type() != ast.NullType
		s.decode(pair.Value, into.FieldByIndex(fields[i].index), under(path, name))
	}
	for i, f := range fields {
		if _, isMapping := node.(ast.MapNode); isMapping && f.required && !given[i] {
			s.report(s.position(node), "missing key %q", f.name)
		}
	}
}

func (s *Source) decodeSlice(node ast.Node, into reflect.Value, path string) {
	list, ok := node.(*ast.SequenceNode)
	if !ok {
		s.report(s.position(node), "%s must be a list", lastOf(path))
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(list.Values), len(list.Values)))
	for i, value := range list.Values {
		if value.Type() == ast.NullType && into.Type().Elem().Kind() != reflect.Interface {
			s.report(s.position(value), "%s is empty", element(lastOf(path), i))
		}
		s.decode(value, into.Index(i), element(path, i))
	}
}

// pairs returns the entries of a mapping, each key once, and reports any other node.
func (s *Source) pairs(node ast.Node, path string) []*ast.MappingValueNode {
	mapping, ok := node.(ast.MapNode)
	if !ok {
		s.report(s.position(node), "%s must be a mapping of keys to values", lastOf(path))
		return nil
	}
	var pairs []*ast.MappingValueNode
	seen := map[string]bool{}
	for all := mapping.MapRange(); all.Next(); {
		pair := all.KeyValue()
		if s.refuse(pair.Key) {
			continue
		}
		if seen[keyOf(pair)] {
			s.report(s.position(pair), "duplicate key %q", keyOf(pair))
			continue
		}
		seen[keyOf(pair)] = true
		pairs = append(pairs, pair)
	}
	return pairs
}

// typeOfNode returns the Go type for a value of any kind.
func typeOfNode(node ast.Node) reflect.Type {
	switch node.(type) {
	case *ast.SequenceNode:
		return reflect.TypeFor[[]any]()
	case ast.MapNode:
		return reflect.TypeFor[map[string]any]()
	}
	return reflect.TypeOf(scalarValue(node))
}

func keyOf(pair *ast.MappingValueNode) string { return pair.Key.GetToken().Value }

// element returns the path of an element of the list at a path.
func element(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// under returns the path of a key in the mapping at a path.
func under(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func lastOf(path string) string {
	if path == "" {
		return "the file"
	}
	return path[strings.LastIndexByte(path, '.')+1:]
}

// field is a struct field by its YAML or JSON name.
type field struct {
	name     string
	index    []int
	required bool // in YAML
}

type fieldKey struct {
	of  reflect.Type
	tag string
}

var knownFields sync.Map // of []field by fieldKey

// fieldsOf returns the fields with a name in a tag ("yaml" or "json"), embedded ones
// included.
func fieldsOf(t reflect.Type, tag string) []field {
	key := fieldKey{t, tag}
	if known, ok := knownFields.Load(key); ok {
		return known.([]field)
	}
	var fields []field
	for _, f := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(f.Tag.Get(tag), ","); f.IsExported() && name != "" && name != "-" {
			fields = append(fields, field{name, f.Index, f.Tag.Get("required") == "true"})
		}
	}
	knownFields.Store(key, fields)
	return fields
}

func fieldNames(fields []field) []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return names
}
