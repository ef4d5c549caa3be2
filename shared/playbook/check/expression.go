package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"boomerang/shared/playbook"
)

// finder visits the nodes of an expression, inner nodes first.
type finder struct {
	scope    *playbook.Scope
	elements map[ast.Node][]string // the path of what # stands for, by its node; nil if it is unknown
	mistakes []playbook.Mistake
}

// expression returns what an expression can never mean, and what it probably does not mean.
func expression(root ast.Node, s *playbook.Scope) []playbook.Mistake {
	c := &finder{scope: s, elements: map[ast.Node][]string{}}
	ast.Walk(&root, binder{c})
	ast.Walk(&root, c)
	c.absentPriority(root)
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

// binder finds what # stands for in each loop.
type binder struct{ *finder }

// Visit implements ast.Visitor.
func (b binder) Visit(node *ast.Node) {
	loop, ok := (*node).(*ast.BuiltinNode)
	if !ok || len(loop.Arguments) < 2 {
		return
	}
	var element []string
	if list := b.path(loop.Arguments[0]); list != nil {
		element = append(list, playbook.Element)
	}
	ast.Walk(&loop.Arguments[1], pointers{b.elements, element})
}

type pointers struct {
	elements map[ast.Node][]string
	path     []string
}

// Visit implements ast.Visitor.
func (p pointers) Visit(node *ast.Node) {
	pointer, ok := (*node).(*ast.PointerNode)
	if _, inner := p.elements[pointer]; ok && !inner && pointer.Name == "" {
		p.elements[pointer] = p.path
	}
}

// path returns the path of a node: of a field, also of an element of a list; nil for
// another node.
func (c *finder) path(node ast.Node) []string {
	if path := playbook.FieldPath(node); path != nil {
		return path
	}
	switch n := node.(type) {
	case *ast.PointerNode:
		return slices.Clone(c.elements[n])
	case *ast.ChainNode:
		return c.path(n.Node)
	case *ast.MemberNode:
		base := c.path(n.Node)
		switch property := n.Property.(type) {
		case *ast.StringNode:
			if base != nil {
				return append(base, property.Value)
			}
		case *ast.IntegerNode:
			if base != nil {
				return append(base, playbook.Element)
			}
		}
	case *ast.BuiltinNode:
		if len(n.Arguments) == 0 {
			return nil
		}
		base := c.path(n.Arguments[0])
		switch {
		case base == nil:
		case n.Name == "filter":
			return base
		case slices.Contains([]string{"find", "findLast", "first", "last"}, n.Name):
			return append(base, playbook.Element)
		}
	}
	return nil
}

// Visit implements ast.Visitor.
func (c *finder) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.MemberNode:
		c.member(n)
	case *ast.BinaryNode:
		c.comparison(n)
		c.order(n)
		c.recovery(n)
		c.junction(n)
	}
}

// member refuses fields of elements, which a deployed file may name, and tags with values.
func (c *finder) member(n *ast.MemberNode) {
	path := c.path(n)
	if len(path) < 2 {
		return
	}
	parent, name := path[:len(path)-1], path[len(path)-1]
	if slices.Equal(parent, []string{"alert", "tags"}) {
		c.tag(n.Property, name)
	}
	if !slices.Contains(parent, playbook.Element) {
		return // Loading refuses it.
	}
	if _, problem := c.scope.Resolve(parent); problem != "" {
		return
	}
	if _, problem := c.scope.Resolve(path); problem != "" {
		c.refuse(n.Property, "%s", problem)
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
	for _, p := range valuesOf([]string{"alert", "priority"}) {
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
	in := "write " + priority + " in [" + strings.Join(list, ", ") + "]"
	switch {
	case len(list) == 0:
		c.refuse(n, "%s holds for no priority: P1 is the highest and P5 the lowest", n)
	case absent:
		c.warn(n, "%s also holds for an alert without a priority, and P1 is the highest: %s", n, in)
	case len(list) < 5:
		c.warn(n, "P1 is the highest priority, so %s holds for the lower ones: %s if that is meant", n, in)
	}
}

// recovery warns of a condition that leaves out one of the two recoveries.
func (c *finder) recovery(n *ast.BinaryNode) {
	if n.Operator == "!=" && n.Left.String() == "alert.transition" && n.Right.String() == `"Recovered"` {
		c.warn(n, `%s also holds for "Warn Recovered": write not alert.recovered`, n)
	}
}

// absentPriority warns of conditions that also hold for an alert without a priority, unless
// the expression asks whether there is one.
func (c *finder) absentPriority(root ast.Node) {
	if text := root.String(); strings.Contains(text, priority+` == ""`) || strings.Contains(text, priority+` != ""`) || strings.Contains(text, "len("+priority+")") {
		return
	}
	warn := func(n ast.Node) {
		c.warn(n, `%s also holds for an alert without a priority: to leave those out, add && %s != ""`, n, priority)
	}
	ast.Walk(&root, visitor(func(node ast.Node) {
		switch n := node.(type) {
		case *ast.BinaryNode:
			if n.Operator == "!=" && (n.Left.String() == priority || n.Right.String() == priority) {
				warn(n)
			}
		case *ast.UnaryNode:
			inner, ok := n.Node.(*ast.BinaryNode)
			if ok && (inner.Operator == "in" || inner.Operator == "==") && inner.Left.String() == priority {
				warn(n)
			}
		}
	}))
}

type visitor func(ast.Node)

// Visit implements ast.Visitor.
func (v visitor) Visit(node *ast.Node) { v(*node) }

// junction refuses texts as conditions, and comparisons that exclude each other. It warns of
// comparisons that always leave one to hold.
func (c *finder) junction(n *ast.BinaryNode) {
	and := n.Operator == "&&" || n.Operator == "and"
	if !and && n.Operator != "||" && n.Operator != "or" {
		return
	}
	operator, all := "!=", playbook.Operands(n, "||", "or")
	if and {
		operator, all = "==", playbook.Operands(n, "&&", "and")
	}
	constants := map[string]string{}
	var last *ast.BinaryNode
	for _, one := range all {
		if text, ok := one.(*ast.StringNode); ok {
			if last != nil && last.Operator == "==" {
				c.refuse(text, "%s is a text and not a condition: write %s in [%s, %[1]s]", text, last.Left, last.Right)
			} else {
				c.refuse(text, "%s is a text and not a condition: compare a field with it", text)
			}
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
