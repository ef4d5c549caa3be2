package playbook

import (
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"
)

// answer is whether a condition holds. In this order "and" is the smallest of some answers,
// and "or" the largest.
type answer int

const (
	no answer = iota
	open
	yes
)

// part is a part of a match expression: an operation on other parts, or a value.
type part struct {
	operator string // "and", "or", "not", "?:", or "" for a value
	parts    []*part
	value    *expression
	reads    []string // all paths, also those of the parts
}

// newPart returns nil for an expression that always holds.
func newPart(e *expression, config *conf.Config) *part {
	if e == nil {
		return nil
	}
	tree, err := parser.Parse(e.source)
	if err != nil { // It was parsed before.
		return &part{value: e}
	}
	c := partIn(tree.Node, config)
	c.value = e // The whole needs no parts unless a value is unknown.
	return c
}

func partIn(node ast.Node, config *conf.Config) *part {
	c := &part{reads: pathsIn(node)}
	of := func(operator string, nodes ...ast.Node) *part {
		c.operator = operator
		for _, n := range nodes {
			c.parts = append(c.parts, partIn(n, config))
		}
		return c
	}
	switch n := node.(type) {
	case *ast.BinaryNode:
		switch n.Operator {
		case "&&", "and":
			return of("and", n.Left, n.Right)
		case "||", "or":
			return of("or", n.Left, n.Right)
		}
	case *ast.UnaryNode:
		if n.Operator == "!" || n.Operator == "not" {
			return of("not", n.Node)
		}
	case *ast.ConditionalNode:
		return of("?:", n.Cond, n.Exp1, n.Exp2)
	}
	c.value, _ = compileExpression(node.String(), matchScope(), config, nil) // Without a value it stays open.
	return c
}

// pathsIn returns the paths that an expression reads, without those that lead to others.
func pathsIn(node ast.Node) []string {
	found := pathFinder{}
	ast.Walk(&node, &found)
	var paths []string
	for _, n := range found.order {
		if path, isLast := found.paths[n]; isLast {
			paths = appendNew(paths, strings.Join(path, "."))
		}
	}
	return paths
}

// pathFinder visits inner nodes first.
type pathFinder struct {
	paths map[ast.Node][]string
	order []ast.Node
}

// Visit implements ast.Visitor.
func (f *pathFinder) Visit(node *ast.Node) {
	path := FieldPath(*node)
	if path == nil {
		return
	}
	switch n := (*node).(type) {
	case *ast.MemberNode:
		delete(f.paths, n.Node)
	case *ast.ChainNode:
		delete(f.paths, n.Node)
	}
	if f.paths == nil {
		f.paths = map[ast.Node][]string{}
	}
	f.paths[*node], f.order = path, append(f.order, *node)
}

// evaluation evaluates conditions with what is known.
type evaluation struct {
	env     map[string]any
	unknown Unknown
	machine vm.VM
	needs   []string // the unknown values that were needed
}

func (e *evaluation) answer(c *part) answer {
	if c == nil {
		return yes
	}
	needs := e.unknown.among(c.reads)
	switch {
	case len(needs) == 0 && c.value != nil:
		if holds, _ := c.value.holds(&e.machine, withDeadline(e.env)); holds {
			return yes
		}
		return no
	case c.operator == "":
		e.needs = appendNew(e.needs, needs...)
		return open
	}
	before := e.needs
	result := e.combined(c)
	if result != open {
		e.needs = before
	}
	return result
}

func (e *evaluation) combined(c *part) answer {
	first := e.answer(c.parts[0])
	switch c.operator {
	case "not":
		return yes - first
	case "and":
		if first == no {
			return no
		}
		return min(first, e.answer(c.parts[1]))
	case "or":
		if first == yes {
			return yes
		}
		return max(first, e.answer(c.parts[1]))
	}
	then, otherwise := e.answer(c.parts[1]), e.answer(c.parts[2])
	switch {
	case first == yes, first == open && then == otherwise:
		return then
	case first == no:
		return otherwise
	}
	return open
}
