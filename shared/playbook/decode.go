package playbook

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"boomerang/shared/alert"
)

var (
	nodeType     = reflect.TypeFor[*yaml.Node]()
	durationType = reflect.TypeFor[time.Duration]()
	jsonType     = reflect.TypeFor[jsonText]()
)

// jsonText is a text that a playbook can also write as a mapping or a list.
type jsonText interface{ SetJSON(value any) }

// Value returns the value of a node at a path: texts, numbers, booleans, lists and maps.
func (s *Source) Value(node *yaml.Node, path string) (value any) {
	s.decode(node, reflect.ValueOf(&value).Elem(), path)
	return value
}

// decode puts the value of a node into a variable. A null leaves it as it is, like
// a missing key.
func (s *Source) decode(node *yaml.Node, into reflect.Value, path string) {
	if s.refuse(node) || isNull(node) {
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
		if s.checks != nil && isUnclear(node) {
			s.report(positionOf(node), "%s: %s, or quote a text", node.Value, clearForm)
			return
		}
		value := reflect.New(typeOfNode(node)).Elem()
		s.decode(node, value, path)
		into.Set(value)
	case node.Kind != yaml.ScalarNode && reflect.PointerTo(into.Type()).Implements(jsonType):
		into.Addr().Interface().(jsonText).SetJSON(s.Value(node, path))
	case into.Kind() == reflect.Struct:
		s.decodeStruct(node, into, path)
	case into.Kind() == reflect.Slice:
		s.decodeSlice(node, into, path)
	case into.Kind() == reflect.Map:
		into.Set(reflect.MakeMap(into.Type()))
		for key, child := range s.pairs(node, path) {
			value := reflect.New(into.Type().Elem()).Elem()
			s.decode(child, value, under(path, key.Value))
			into.SetMapIndex(reflect.ValueOf(key.Value), value)
		}
	default:
		want := setScalar(node, into)
		if s.checks != nil && isUnclear(node) && (into.CanInt() || into.CanFloat()) && into.Type() != durationType {
			want = "a number with one reading: " + clearForm
		}
		if want != "" {
			s.report(positionOf(node), "%s must be %s", lastOf(path), want)
		} else if into.Kind() == reflect.String {
			s.fillText(into, path)
			if s.checks != nil && cutText().MatchString(node.LineComment) {
				s.add(positionOf(node), lastOf(path)+" ends before "+node.LineComment+", because # starts a comment: quote the text", true)
			}
		}
	}
}

// refuse reports a node that would make a playbook hard to read, or that readers of YAML
// take for different things.
func (s *Source) refuse(node *yaml.Node) bool {
	problem := ""
	switch {
	case node.Kind == yaml.AliasNode, node.Anchor != "", node.Style&yaml.TaggedStyle != 0, node.Tag == "!!merge":
		problem = "anchors (&), aliases (*), tags (!) and merges (<<) are not supported: write out the value"
	case s.checks != nil && isPlain(node) && strings.Contains(node.Value, "\t"):
		problem = "there is a tab in the text: quote the text, or use spaces"
	}
	if problem != "" {
		s.report(positionOf(node), "%s", problem)
	}
	return problem != ""
}

func (s *Source) decodeStruct(node *yaml.Node, into reflect.Value, path string) {
	fields := fieldsOf(into.Type(), "yaml")
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	given := make([]bool, len(fields))
	var unknown []*yaml.Node
	for key, value := range s.pairs(node, path) {
		i := slices.Index(names, key.Value)
		if i < 0 {
			unknown = append(unknown, key)
			i = slices.Index(names, Closest(key.Value, names))
			if len(names) == 1 && len(node.Content) == 2 { // It stands for the only key that there can be.
				i = 0
			}
			if i >= 0 {
				given[i] = true // One mistake has one problem.
			}
			continue
		}
		given[i] = !isNull(value)
		if s.checks != nil && value.Value == "" && isNull(value) {
			switch {
			case strings.HasPrefix(strings.TrimSpace(s.behind(key)), ": #"):
				s.add(positionOf(key), key.Value+" is empty, because # starts a comment: quote a text that starts with #", true)
			case key.Value == "match" || key.Value == "when":
				s.add(positionOf(key), key.Value+" is empty, so it always holds: write an expression, or true", true)
			}
		}
		before := len(s.problems)
		s.decode(value, into.FieldByIndex(fields[i].index), under(path, key.Value))
		if given[i] && len(s.problems) == before {
			if problem := fields[i].misfit(into.FieldByIndex(fields[i].index), s.checks != nil); problem != "" {
				s.report(positionOf(value), "%s %s", key.Value, problem)
			}
		}
	}
	for i, f := range fields {
		if node.Kind == yaml.MappingNode && f.required && !given[i] {
			s.report(positionOf(node), "missing key %q", f.name)
			unknown = nil // One of them may be meant.
		}
	}
	if len(unknown) > 0 && s.unknown != nil {
		s.unknown[path] = true
	}
	for _, key := range unknown {
		s.report(positionOf(key), "unknown key %q%s", key.Value, Suggest(key.Value, names))
	}
}

// behind returns what is behind a key in its line.
func (s *Source) behind(key *yaml.Node) string {
	_, rest, _ := strings.Cut(s.lines[min(key.Line, len(s.lines))-1], key.Value)
	return rest
}

func (s *Source) decodeSlice(node *yaml.Node, into reflect.Value, path string) {
	if into.Type().Elem() == durationType && node.Kind == yaml.ScalarNode { // One stands for a list of one.
		one := reflect.New(durationType).Elem()
		s.decode(node, one, path)
		into.Set(reflect.Append(into, one))
		return
	}
	if node.Kind != yaml.SequenceNode {
		s.report(positionOf(node), "%s must be a list", lastOf(path))
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(node.Content), len(node.Content)))
	for i, value := range node.Content {
		if isNull(value) && into.Type().Elem().Kind() != reflect.Interface {
			s.report(positionOf(value), "%s is empty", element(lastOf(path), i))
		}
		s.decode(value, into.Index(i), element(path, i))
	}
}

// pairs yields the entries of a mapping, each key once, and reports any other node.
func (s *Source) pairs(node *yaml.Node, path string) func(yield func(key, value *yaml.Node) bool) {
	return func(yield func(key, value *yaml.Node) bool) {
		if node.Kind != yaml.MappingNode {
			s.report(positionOf(node), "%s must be a mapping of keys to values", lastOf(path))
			return
		}
		seen := map[string]bool{}
		for pair := range slices.Chunk(node.Content, 2) {
			switch key := pair[0]; {
			case s.refuse(key):
			case key.Kind != yaml.ScalarNode:
				s.report(positionOf(key), "a key must be a text")
			case seen[key.Value]:
				s.report(positionOf(key), "duplicate key %q", key.Value)
			default:
				seen[key.Value] = true
				yield(key, pair[1])
			}
		}
	}
}

// unclear matches numbers that readers of YAML take for other numbers, or for texts.
var unclear = alert.Pattern(`^[-+]?(0[0-9_]+|[0-9]+_[0-9_]*|0[xo][0-9a-fA-F]*_[0-9a-fA-F_]*|0b[01_]+)(\.[0-9_]*)?$`)

const clearForm = "write the number without leading zeros and without _"

func isUnclear(node *yaml.Node) bool { return isPlain(node) && unclear().MatchString(node.Value) }

// cutText matches a comment that is probably the end of a text.
var cutText = alert.Pattern(`^#(\w|.*\{\{)`)

// isPlain reports whether a node is a scalar without quotes.
func isPlain(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.Style == 0 }

func isNull(node *yaml.Node) bool { return isPlain(node) && node.Tag == "!!null" }

// typeOfNode returns the Go type for a value of any kind.
func typeOfNode(node *yaml.Node) reflect.Type {
	switch node.Kind {
	case yaml.SequenceNode:
		return reflect.TypeFor[[]any]()
	case yaml.MappingNode:
		return reflect.TypeFor[map[string]any]()
	}
	return reflect.TypeOf(scalarValue(node))
}

// scalarValue returns a bool, an int64, a float64 or a text.
func scalarValue(node *yaml.Node) any {
	switch {
	case isPlain(node) && node.Tag == "!!bool":
		return strings.EqualFold(node.Value, "true")
	case isPlain(node) && (node.Tag == "!!int" || node.Tag == "!!float"):
		if whole, err := strconv.ParseInt(node.Value, 0, 64); err == nil {
			return whole
		}
		if number, err := strconv.ParseFloat(node.Value, 64); err == nil {
			return number
		}
	}
	return node.Value
}

// setScalar puts a single value into a variable, or returns what it must be. A text
// variable takes the value as it is written.
func setScalar(node *yaml.Node, into reflect.Value) (want string) {
	value, fits := reflect.ValueOf(scalarValue(node)), false
	switch {
	case into.Kind() == reflect.String:
		want, fits, value = "text", node.Kind == yaml.ScalarNode, reflect.ValueOf(node.Value)
	case into.Type() == durationType:
		d, err := time.ParseDuration(node.Value)
		want, fits, value = "a duration with its unit, such as 5s or 2m", err == nil && d >= 0, reflect.ValueOf(d)
	case into.Kind() == reflect.Bool:
		want, fits = "true or false", value.Kind() == reflect.Bool
	case into.CanInt():
		want, fits = "a whole number", value.CanInt() && !into.OverflowInt(value.Int())
	case into.CanFloat():
		want, fits = "a number", value.CanInt() || value.CanFloat()
	default:
		panic("cannot decode YAML into " + into.Type().String())
	}
	if !fits {
		return want
	}
	into.Set(value.Convert(into.Type()))
	return ""
}

// element returns the path of an element of the list at a path.
func element(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// under returns the path of a key in the mapping at a path.
func under(path, name string) string { return strings.TrimPrefix(path+"."+name, ".") }

func lastOf(path string) string {
	if path == "" {
		return "the file"
	}
	return path[strings.LastIndexByte(path, '.')+1:]
}
