package check

import (
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"boomerang/shared/alert"
	"boomerang/shared/playbook"
)

// operand is a value in a comparison.
type operand struct {
	ast.Node
	path   []string            // of a field, also inside of lower or upper
	fold   func(string) string // lower or upper
	values []string            // all that it can be, besides empty; nil for anything
}

var folds = map[string]func(string) string{"lower": strings.ToLower, "upper": strings.ToUpper}

func operandOf(node ast.Node) operand {
	o := operand{Node: node, fold: func(text string) string { return text }}
	if call, ok := node.(*ast.BuiltinNode); ok && folds[call.Name] != nil && len(call.Arguments) == 1 {
		o.fold, node = folds[call.Name], call.Arguments[0]
	}
	o.path = playbook.FieldPath(node)
	for _, v := range valuesOf(o.path) {
		o.values = append(o.values, o.fold(v))
	}
	return o
}

// is reports whether the operand is a value of a kind, and no operation.
func (o operand) is(kind reflect.Kind) bool {
	_, isOperation := o.Node.(*ast.BinaryNode)
	return !isOperation && o.Nature().Kind == kind
}

// isNeverNil reports whether the operand is a field that is empty, and not nil, without a value.
func (o operand) isNeverNil() bool {
	if o.path != nil && o.path[0] == "steps" { // A step without a finding has its texts only.
		return len(o.path) == 3 && o.is(reflect.String)
	}
	return o.path != nil && !o.is(reflect.Invalid)
}

// isTags reports whether the operand is the list or the map of the alert's tags.
func (o operand) isTags() bool {
	return slices.Contains([]string{"alert.tags", "alert.tag_list"}, o.String())
}

// valuesOf returns the documented values of a field of an alert.
func valuesOf(path []string) []string {
	if len(path) != 2 || path[0] != "alert" {
		return nil
	}
	return alert.Values(path[1])
}

// never returns why the field is never a text, or "".
func (o operand) never(text string) string {
	switch {
	case o.fold(text) != text:
		return "; write " + `"` + o.fold(text) + `"`
	case o.values == nil, text == "", slices.Contains(o.values, text):
		return ""
	}
	return playbook.Suggest(text, o.values)
}

// comparison refuses what can never hold, with what to write instead. The type checker
// of expr refuses the rest.
func (c *finder) comparison(n *ast.BinaryNode) {
	left, right := operandOf(n.Left), operandOf(n.Right)
	switch n.Operator {
	case "==", "!=":
		c.equality(n.Operator, left, n.Right)
		c.equality(n.Operator, right, n.Left)
	case "<", "<=", ">", ">=":
		switch n.Right.(type) {
		case *ast.IntegerNode, *ast.FloatNode:
			c.equality(n.Operator, left, n.Right)
		}
	case "in":
		if list, ok := n.Right.(*ast.ArrayNode); ok {
			for _, one := range list.Nodes {
				c.equality("==", left, one)
			}
		}
		if text, isText := n.Left.(*ast.StringNode); isText && right.String() == "alert.tags" {
			c.tag(text, text.Value)
		} else if isText {
			c.wildcard(text, right.path)
		}
		if right.path != nil && right.is(reflect.String) {
			c.refuse(n.Right, "%s is a text: write %[1]s contains %s", right, n.Left)
		}
	case "??":
		if left.isNeverNil() {
			c.refuse(n.Right, `%s is never nil, so ?? has no effect: write %[1]s != "" ? %[1]s : %s`, left, n.Right)
		}
	case "contains", "startsWith", "endsWith", "matches":
		c.part(n, left)
	}
}

// equality checks a value against a constant.
func (c *finder) equality(operator string, o operand, other ast.Node) {
	isText, isBool := o.is(reflect.String), o.is(reflect.Bool)
	switch constant := other.(type) {
	case *ast.NilNode:
		switch {
		case !o.isNeverNil():
		case isText:
			c.refuse(other, `%s is never nil, but empty: write %[1]s %s ""`, o, operator)
		case isBool:
			c.refuse(other, "%s is never nil, but false: write %[1]s, or not %[1]s", o)
		default:
			c.refuse(other, "%s is never nil, but empty: write len(%[1]s) %s 0", o, operator)
		}
	case *ast.StringNode:
		if isBool {
			c.refuse(other, "%s is true or false: write %[1]s, or not %[1]s", o)
		} else if o.isTags() {
			c.refuse(other, "%s is not a text: write %q in alert.tag_list", o, constant.Value)
		} else if instead := o.never(constant.Value); isText && instead != "" {
			c.refuse(other, "%s is never %q%s", o, constant.Value, instead)
		} else if name, value, _ := strings.Cut(constant.Value, ":"); o.String() == "alert.tags."+name && value != "" {
			c.warn(other, "alert.tags.%s is the value of the tag alone: write %q", name, value)
		} else {
			c.wildcard(constant, o.path)
		}
	case *ast.IntegerNode, *ast.FloatNode:
		if o.values != nil {
			c.refuse(other, "%s is never %q%s", o, other.String(), o.never(other.String()))
		} else if isText {
			c.refuse(other, "%s is a text: write float(%[1]s) %s %s to compare numbers, or quote the value", o, operator, other)
		}
	case *ast.BoolNode:
		if isText {
			c.refuse(other, "%s is a text: write %[1]s %s %q", o, operator, other.String())
		}
	}
}

// wildcard warns of a * as in Datadog's searches, where such a text rarely has one.
func (c *finder) wildcard(text *ast.StringNode, path []string) {
	field := strings.Join(path[:min(2, len(path))], ".")
	if strings.Contains(text.Value, "*") && slices.Contains([]string{"alert.tags", "alert.tag_list", "alert.host", "alert.title"}, field) {
		c.warn(text, `* stands only for itself here: write startsWith, endsWith, contains, or matches "…" for a regular expression`)
	}
}

// tag refuses a tag with its value as the name of a tag.
func (c *finder) tag(node ast.Node, tag string) {
	if name, value, hasValue := strings.Cut(tag, ":"); hasValue {
		c.refuse(node, "alert.tags is a map by name: write alert.tags[%q] == %q, or %q in alert.tag_list", name, value, tag)
	}
}

// partOf reports whether a text has a part, by the operator.
var partOf = map[string]func(text, part string) bool{
	"contains": strings.Contains, "startsWith": strings.HasPrefix, "endsWith": strings.HasSuffix,
	"matches": func(text, pattern string) bool {
		matched, err := regexp.MatchString(pattern, text)
		return matched || err != nil // pattern refuses it.
	},
}

// part refuses a part of a text that no value of the field has.
func (c *finder) part(n *ast.BinaryNode, o operand) {
	text, isConstant := n.Right.(*ast.StringNode)
	if o.isTags() {
		c.refuse(n.Left, "%s is not a text: write any(alert.tag_list, # %s %s)", o, n.Operator, n.Right)
		return
	}
	if isConstant && n.Operator != "matches" {
		c.wildcard(text, o.path)
		if o.fold(text.Value) != text.Value {
			c.refuse(text, "%s is never a text that %s %q; write %q", o, n.Operator, text.Value, o.fold(text.Value))
		}
	}
	if isConstant && o.values != nil {
		has := func(value string) bool { return partOf[n.Operator](value, text.Value) }
		if !slices.ContainsFunc(append(o.values, ""), has) {
			c.refuse(text, "%s is never a text that %s %q; its values are %s", o, n.Operator, text.Value, strings.Join(o.values, ", "))
		}
	}
}
