package playbook

import (
	"slices"

	"github.com/expr-lang/expr/ast"
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

// part is a condition and, if it combines others, these.
type part struct {
	value    *expression // nil for one that cannot stand alone, and stays open
	operator string      // "and", "or", "not", "?:", or ""
	parts    []*part
}

// newPart returns nil for a match that always holds.
func newPart(match *expression) *part {
	if match == nil {
		return nil
	}
	tree, err := parser.Parse(match.source)
	if err != nil { // It was parsed before.
		return &part{value: match}
	}
	return partOf(tree.Node, matchScope())
}

func partOf(node ast.Node, s *scope) *part {
	p := &part{}
	p.value, _ = compileExpression(node.String(), s, nil)
	combine := func(operator string, nodes ...ast.Node) {
		p.operator = operator
		for _, n := range nodes {
			p.parts = append(p.parts, partOf(n, s))
		}
	}
	switch n := node.(type) {
	case *ast.BinaryNode:
		switch n.Operator {
		case "&&", "and":
			combine("and", n.Left, n.Right)
		case "||", "or":
			combine("or", n.Left, n.Right)
		}
	case *ast.UnaryNode:
		if n.Operator == "!" || n.Operator == "not" {
			combine("not", n.Node)
		}
	case *ast.ConditionalNode:
		combine("?:", n.Cond, n.Exp1, n.Exp2)
	}
	return p
}

// clauses evaluates the operands of the first "and".
func (p *part) clauses(env map[string]any) []Clause {
	switch {
	case p == nil, p.value == nil:
		return nil
	case p.operator == "and":
		return append(p.parts[0].clauses(env), p.parts[1].clauses(env)...)
	}
	holds, _ := p.value.holds(new(vm.VM), withDeadline(env))
	return []Clause{{p.value.source, holds}}
}

// evaluation evaluates conditions with what is known.
type evaluation struct {
	env     map[string]any
	unknown Unknown
	machine vm.VM
	needs   []string // the unknown values that were needed
}

func (e *evaluation) answer(p *part) answer {
	switch {
	case p == nil:
		return yes
	case p.value == nil:
		return open
	}
	needs := e.unknown.among(p.value.paths)
	switch {
	case len(needs) == 0:
		if holds, _ := p.value.holds(&e.machine, withDeadline(e.env)); holds {
			return yes
		}
		return no
	case p.operator == "":
		e.needs = appendNew(e.needs, needs...)
		return open
	}
	before := e.needs
	result := e.combined(p)
	if result != open {
		e.needs = before
	}
	return result
}

func (e *evaluation) combined(p *part) answer {
	all := make([]answer, len(p.parts))
	for i, one := range p.parts {
		all[i] = e.answer(one)
	}
	switch {
	case p.operator == "not":
		return yes - all[0]
	case p.operator == "and":
		return slices.Min(all)
	case p.operator == "or":
		return slices.Max(all)
	case all[0] == yes, all[0] == open && all[1] == all[2]:
		return all[1]
	case all[0] == no:
		return all[2]
	}
	return open
}
