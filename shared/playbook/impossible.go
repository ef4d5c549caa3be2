package playbook

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"boomerang/shared/alert"
)

// operand is a field in a comparison, or lower or upper of one.
type operand struct {
	ast.Node
	path   []string
	shape  any
	fold   func(string) string // lower or upper, or nil
	values []string            // all that it can be, besides empty; nil for anything
}

// operand returns the field of a node, or false for another node.
func (c *mistakeFinder) operand(node ast.Node) (operand, bool) {
	o := operand{Node: node}
	if call, ok := node.(*ast.BuiltinNode); ok && len(call.Arguments) == 1 {
		o.fold = map[string]func(string) string{"lower": strings.ToLower, "upper": strings.ToUpper}[call.Name]
		if o.fold == nil {
			return o, false
		}
		node = call.Arguments[0]
	}
	if o.path = memberPath(node); o.path == nil {
		return o, false
	}
	var problem string
	o.shape, problem = c.scope.resolve(o.path)
	o.values = valuesOf(o.path)
	for i, v := range o.values {
		if o.fold != nil {
			o.values[i] = o.fold(v)
		}
	}
	return o, problem == ""
}

// valuesOf returns the documented values of a field of an alert.
func valuesOf(path []string) []string {
	if len(path) != 2 || path[0] != "alert" {
		return nil
	}
	return alert.Values(path[1])
}

// comparison refuses what can never hold, with what to write instead. The type checker
// of expr refuses the rest.
func (c *mistakeFinder) comparison(n *ast.BinaryNode) {
	left, isField := c.operand(n.Left)
	switch n.Operator {
	case "==", "!=":
		if isField {
			c.equality(n.Operator, left, n.Right)
		} else if right, ok := c.operand(n.Right); ok {
			c.equality(n.Operator, right, n.Left)
		}
	case "<", "<=", ">", ">=":
		if isField && isNumberNode(n.Right) {
			c.equality(n.Operator, left, n.Right)
		}
	case "in":
		if list, ok := n.Right.(*ast.ArrayNode); ok && isField {
			for _, one := range list.Nodes {
				c.equality("==", left, one)
			}
		}
		c.membership(n)
	case "??":
		if isField && c.neverNil(left) {
			c.refuse(n.Right, `%s is never nil, so ?? has no effect: write %[1]s != "" ? %[1]s : %s`, left, n.Right)
		}
	case "contains", "startsWith", "endsWith", "matches":
		if isField {
			c.part(n, left)
		}
	}
}

// equality checks a field against a constant.
func (c *mistakeFinder) equality(operator string, o operand, other ast.Node) {
	_, isText := o.shape.(string)
	switch constant := other.(type) {
	case *ast.NilNode:
		if c.neverNil(o) {
			c.refuse(other, "%s is never nil: an absent one is %s", o, emptyForm(operator, o))
		}
	case *ast.StringNode:
		switch problem := o.never(constant.Value); o.shape.(type) {
		case bool:
			c.refuse(other, "%s is true or false: write %[1]s, or not %[1]s", o)
		case string:
			if problem != "" {
				c.refuse(other, "%s is %s", o, problem)
			}
		case []string:
			c.refuse(other, "%s is a list: write %q in %[1]s", o, constant.Value)
		case map[string]string:
			c.refuse(other, "%s is a map by name: write %q in alert.tag_list", o, constant.Value)
		}
	case *ast.IntegerNode, *ast.FloatNode:
		switch {
		case !isText:
		case o.values != nil:
			c.refuse(other, "%s is %s", o, o.never(other.String()))
		default:
			c.refuse(other, "%s is a text: write float(%[1]s) %s %s to compare numbers, or quote the value", o, operator, other)
		}
	case *ast.BoolNode:
		if isText {
			c.refuse(other, "%s is a text: write %[1]s %s %q", o, operator, other.String())
		}
	}
}

// emptyForm says what an absent field is, and how to compare with it.
func emptyForm(operator string, o operand) string {
	switch o.shape.(type) {
	case string:
		return fmt.Sprintf(`an empty text, so write %s %s ""`, o, operator)
	case bool:
		return fmt.Sprintf("false, so write %s, or not %[1]s", o)
	}
	return fmt.Sprintf("empty, so write len(%s) %s 0", o, operator)
}

// never says why the field is never a text, or returns "" if it can be.
func (o operand) never(text string) string {
	if o.fold != nil && o.fold(text) != text {
		return fmt.Sprintf("never %q: write %q", text, o.fold(text))
	}
	if o.values == nil || text == "" || slices.Contains(o.values, text) {
		return ""
	}
	return fmt.Sprintf("never %q%s", text, suggest(text, o.values))
}

// neverNil reports whether an alert without the field has an empty value.
func (c *mistakeFinder) neverNil(o operand) bool {
	if len(o.path) < 2 || o.path[0] != "steps" {
		return o.shape != nil
	}
	for _, s := range c.scope.steps {
		if s.Name != o.path[1] {
			continue
		}
		var zero any = s.zero
		for _, name := range o.path[2:] {
			zero = index(zero, name)
		}
		return zero == ""
	}
	return false
}

// membership refuses texts that are not in a collection of the kind.
func (c *mistakeFinder) membership(n *ast.BinaryNode) {
	right, isField := c.operand(n.Right)
	if !isField {
		return
	}
	switch right.shape.(type) {
	case map[string]string:
		text, isConstant := n.Left.(*ast.StringNode)
		if !isConstant {
			return
		}
		if key, value, hasValue := strings.Cut(text.Value, ":"); hasValue {
			c.refuse(n.Left, "%s is a map by name: write %[2]q in alert.tag_list, or %[1]s[%[3]q] == %[4]q", right, text.Value, key, value)
		}
	case string:
		c.refuse(n.Right, "%s is a text: write %[1]s contains %s", right, n.Left)
	}
}

// tagName refuses the name of a tag with its value.
func (c *mistakeFinder) tagName(node ast.Node, path []string) {
	parent, name := path[:len(path)-1], path[len(path)-1]
	if tag, value, hasValue := strings.Cut(name, ":"); hasValue && slices.Equal(parent, []string{"alert", "tags"}) {
		c.refuse(node, "alert.tags is a map by name: write alert.tags[%q] == %q", tag, value)
	}
}

// part refuses a part of a text that no value of the field has.
func (c *mistakeFinder) part(n *ast.BinaryNode, o operand) {
	text, isConstant := n.Right.(*ast.StringNode)
	switch o.shape.(type) {
	case []string, map[string]string:
		c.refuse(n.Left, "%s is not a text: write any(alert.tag_list, # %s %s)", o, n.Operator, n.Right)
		return
	}
	if !isConstant || o.values == nil {
		return
	}
	has := map[string]func(value, part string) bool{
		"contains": strings.Contains, "startsWith": strings.HasPrefix, "endsWith": strings.HasSuffix,
		"matches": func(value, pattern string) bool {
			matched, err := regexp.MatchString(pattern, value)
			return matched || err != nil // pattern refuses it.
		},
	}[n.Operator]
	if !slices.ContainsFunc(append(o.values, ""), func(value string) bool { return has(value, text.Value) }) {
		c.refuse(text, "%s is never a text that %s %q; its values are %s", o, n.Operator, text.Value, strings.Join(o.values, ", "))
	}
}

func isNumberNode(node ast.Node) bool {
	switch node.(type) {
	case *ast.IntegerNode, *ast.FloatNode:
		return true
	}
	return false
}
