package check

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"boomerang/shared/alert"
	"boomerang/shared/playbook"
)

// finder visits the nodes of an expression, inner nodes first.
type finder struct {
	asks     bool // whether the alert has a priority
	mistakes []playbook.Mistake
}

// expression returns what an expression can never mean, and what it probably does not mean.
func expression(root ast.Node) []playbook.Mistake {
	text := root.String()
	asks := strings.Contains(text, priority+` == ""`) || strings.Contains(text, priority+` != ""`) || strings.Contains(text, "len("+priority+")")
	c := &finder{asks: asks}
	ast.Walk(&root, c)
	return c.mistakes
}

func (c *finder) refuse(node ast.Node, format string, args ...any) { c.add(false, node, format, args) }

func (c *finder) warn(node ast.Node, format string, args ...any) { c.add(true, node, format, args) }

// add adds a mistake, once for each place.
func (c *finder) add(warning bool, node ast.Node, format string, args []any) {
	m := playbook.Mistake{At: node.Location().From, Text: fmt.Sprintf(format, args...), Warning: warning}
	if !slices.Contains(c.mistakes, m) {
		c.mistakes = append(c.mistakes, m)
	}
}

// Visit implements ast.Visitor.
func (c *finder) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.MemberNode:
		c.member(n)
	case *ast.ConditionalNode:
		c.condition(n.Cond)
	case *ast.UnaryNode:
		if inner, ok := n.Node.(*ast.BinaryNode); ok && (inner.Operator == "in" || inner.Operator == "==") {
			c.absentPriority(n, inner)
		}
	case *ast.BinaryNode:
		if n.Operator == "!=" {
			c.absentPriority(n, n)
		}
		c.comparison(n)
		c.order(n)
		c.recovery(n)
		c.junction(n)
	}
}

// member refuses fields of elements, which a deployed file may name, and tags with values.
func (c *finder) member(n *ast.MemberNode) {
	name, isConstant := n.Property.(*ast.StringNode)
	switch element := n.Node.Nature(); {
	case !isConstant:
	case n.Node.String() == "alert.tags":
		c.tag(name, name.Value)
	case element.Strict && playbook.FieldPath(n) == nil: // Loading refuses others.
		if _, ok := element.Fields[name.Value]; !ok {
			c.refuse(name, "%s has no %q%s", strings.Replace(n.Node.String(), "#", "an element", 1), name.Value, playbook.Suggest(name.Value, slices.Sorted(maps.Keys(element.Fields))))
		}
	}
}

var mirrored = map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<="}

// priority is the field whose highest value is P1.
const priority = "alert.priority"

// priorities returns the priorities for which a comparison by order holds, and whether it
// holds for an alert without one.
func priorities(operator, than string) (list []string, absent bool) {
	if operator == "" {
		return nil, false
	}
	holds := func(p string) bool {
		d := strings.Compare(p, than)
		return d < 0 && operator[0] == '<' || d > 0 && operator[0] == '>' || d == 0 && len(operator) == 2
	}
	for _, p := range alert.Values("priority") {
		if holds(p) {
			list = append(list, fmt.Sprintf("%q", p))
		}
	}
	return list, holds("")
}

// order warns of an order of priorities, which is that of texts.
func (c *finder) order(n *ast.BinaryNode) {
	field, than, operator := n.Left, n.Right, n.Operator
	if _, isMirrored := field.(*ast.StringNode); isMirrored {
		field, than, operator = n.Right, n.Left, mirrored[operator]
	}
	text, isText := than.(*ast.StringNode)
	if mirrored[operator] == "" || !isText || field.String() != priority || len(text.Value) != 2 {
		return
	}
	list, absent := priorities(operator, text.Value)
	if len(list) == 0 {
		c.refuse(n, "%s holds for no priority: P1 is the highest and P5 the lowest", n)
	} else if warning := ofOrder(n.String(), list, absent, priority+" in ["+strings.Join(list, ", ")+"]"); warning != "" {
		c.warn(n, "%s", warning)
	}
}

// ofOrder says for what a comparison holds besides what one may think.
func ofOrder(comparison string, list []string, absent bool, instead string) string {
	switch {
	case absent:
		return comparison + " also holds for an alert without a priority, and P1 is the highest: write " + instead
	case len(list) < 5:
		return "P1 is the highest priority, so " + comparison + " holds for the lower ones: write " + instead + " if that is meant"
	}
	return ""
}

// recovery warns of a condition that leaves out one of the two recoveries.
func (c *finder) recovery(n *ast.BinaryNode) {
	if n.Operator == "!=" && n.Left.String() == "alert.transition" && n.Right.String() == `"Recovered"` {
		c.warn(n, `%s also holds for "Warn Recovered": write not alert.recovered`, n)
	}
}

// absentPriority warns of a condition that also holds for an alert without a priority, unless
// the expression asks whether there is one.
func (c *finder) absentPriority(n ast.Node, comparison *ast.BinaryNode) {
	if !c.asks && (comparison.Left.String() == priority || comparison.Right.String() == priority) {
		c.warn(n, `%s also holds for an alert without a priority: to leave those out, add && %s != ""`, n, priority)
	}
}

// junction refuses texts as conditions, and comparisons that exclude each other. It warns of
// comparisons that always leave one to hold.
func (c *finder) junction(n *ast.BinaryNode) {
	and := n.Operator == "&&" || n.Operator == "and"
	if !and && n.Operator != "||" && n.Operator != "or" {
		return
	}
	operator, all := "!=", operands(n, "||", "or")
	if and {
		operator, all = "==", operands(n, "&&", "and")
	}
	constants := map[string]string{}
	var last *ast.BinaryNode
	for _, one := range all {
		text, isConstant := one.(*ast.StringNode)
		switch {
		case isConstant && last != nil && last.Operator == "==":
			c.refuse(text, "%s is a text and not a condition: write %s in [%s, %[1]s]", text, last.Left, last.Right)
		case isConstant:
			c.refuse(text, "%s is a text and not a condition: compare a field with it", text)
		default:
			c.condition(one)
		}
		last, _ = one.(*ast.BinaryNode)
		if last == nil || last.Operator != operator {
			continue
		}
		text, isText := last.Right.(*ast.StringNode)
		field := last.Left.String()
		if other := constants[field]; isText && other != "" && other != text.String() {
			if and {
				c.refuse(last, "%s is never both %s and %s: write %[1]s in [%[2]s, %[3]s]", field, other, text)
			} else {
				c.warn(last, "one of %[1]s != %[2]s and %[1]s != %[3]s always holds: write %[1]s not in [%[2]s, %[3]s]", field, other, text)
			}
		}
		if isText {
			constants[field] = text.String()
		}
	}
}

// condition refuses a text, a number, a list or a map where an expression needs true or false.
func (c *finder) condition(node ast.Node) {
	switch o := operandOf(node); {
	case o.is(reflect.String):
		c.refuse(node, `%s is a text and not a condition: write %[1]s != ""`, node)
	case o.is(reflect.Int), o.is(reflect.Int64), o.is(reflect.Float64):
		c.refuse(node, "%s is a number and not a condition: write %[1]s > 0", node)
	case o.is(reflect.Slice), o.is(reflect.Map):
		c.refuse(node, "%s has elements and is not a condition: write len(%[1]s) > 0", node)
	}
}

// operands returns the operands of a chain of one operator, which has two spellings.
func operands(node ast.Node, operator ...string) []ast.Node {
	both, ok := node.(*ast.BinaryNode)
	if !ok || !slices.Contains(operator, both.Operator) {
		return []ast.Node{node}
	}
	return append(operands(both.Left, operator...), operands(both.Right, operator...)...)
}
