package playbook

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/types"
	"github.com/expr-lang/expr/vm"
)

// The bounds of an expression: how long it may be, and how deep its predicates
// nest. What it walks through is bounded by View.
const (
	maxNodes      = 500
	maxPredicates = 2
)

// expression is a compiled expression that says true or false
// (https://expr-lang.org/docs/language-definition).
type expression struct {
	source  string
	program *vm.Program
	// parts are what && joins, so that it can be said which of them was false.
	parts []part
	steps []string // the steps it reads
}

type part struct {
	source  string
	program *vm.Program
}

// environment gives the names that expressions may use their types.
func environment() expr.Option {
	return expr.Env(types.Map{"alert": typesOf(sample), "steps": types.Map{types.Extra: types.Any}})
}

func typesOf(sample map[string]any) types.Map {
	known := types.Map{}
	for name, value := range sample {
		switch value.(type) {
		case nil, map[string]any:
			known[name] = types.Any
		default:
			known[name] = types.TypeOf(value)
		}
	}
	return known
}

// options of every compilation. repeat could make a text of any size.
func options() []expr.Option {
	return []expr.Option{environment(), expr.AsBool(), expr.MaxNodes(maxNodes), expr.DisableBuiltin("repeat")}
}

// compile returns the expression, or an error that says where and what.
func compile(source string) (*expression, *exprError) {
	tree, err := parser.Parse(source)
	if err != nil {
		return nil, wrong(err)
	}
	look := &inspection{}
	ast.Walk(&tree.Node, look)
	if look.problem != nil {
		return nil, look.problem
	}
	program, err := expr.Compile(source, options()...)
	if err != nil {
		return nil, wrong(err)
	}
	e := &expression{source: source, program: program, steps: look.steps}
	for _, node := range conjuncts(tree.Node) {
		text := node.String()
		if compiled, err := expr.Compile(text, options()...); err == nil {
			e.parts = append(e.parts, part{text, compiled})
		}
	}
	return e, nil
}

// exprError is a mistake in an expression, with its place in it.
type exprError struct {
	column int // from 0, on the first line
	text   string
}

func wrong(err error) *exprError {
	if at, ok := errors.AsType[*file.Error](err); ok {
		return &exprError{column: at.From, text: at.Message}
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	return &exprError{text: text}
}

// inspection looks for what the compiler lets pass.
type inspection struct {
	steps   []string
	problem *exprError
}

// Visit is called for each node, the leaves first.
func (i *inspection) Visit(node *ast.Node) {
	if i.problem != nil {
		return
	}
	switch n := (*node).(type) {
	case *ast.MemberNode:
		i.member(n)
	case *ast.BinaryNode:
		if n.Operator == ".." {
			i.problem = &exprError{n.Location().From, "ranges (..) are not allowed: an expression only looks at the alert"}
		}
	case *ast.PredicateNode:
		if depth(n.Node) >= maxPredicates {
			i.problem = &exprError{n.Location().From, fmt.Sprintf("more than %d predicates inside one another", maxPredicates)}
		}
	}
}

func (i *inspection) member(n *ast.MemberNode) {
	object, isName := n.Node.(*ast.IdentifierNode)
	field, isText := n.Property.(*ast.StringNode)
	if !isName || !isText {
		return
	}
	switch object.Value {
	case "steps":
		i.steps = append(i.steps, field.Value)
	case "alert":
		if _, ok := sample[field.Value]; !ok {
			known := slices.Sorted(maps.Keys(sample))
			i.problem = &exprError{field.Location().From, fmt.Sprintf("an alert has no %q%s", field.Value, suggest(field.Value, known))}
		}
	}
}

// depth counts the predicates inside a node.
func depth(node ast.Node) int {
	d := &deepest{}
	ast.Walk(&node, d)
	return d.predicates
}

type deepest struct{ predicates int }

func (d *deepest) Visit(node *ast.Node) {
	if _, ok := (*node).(*ast.PredicateNode); ok {
		d.predicates++
	}
}

// conjuncts returns what && joins at the top of an expression.
func conjuncts(node ast.Node) []ast.Node {
	both, ok := node.(*ast.BinaryNode)
	if !ok || both.Operator != "&&" && both.Operator != "and" {
		return []ast.Node{node}
	}
	return append(conjuncts(both.Left), conjuncts(both.Right)...)
}

// holds evaluates the expression. An error, such as a number compared with
// nothing, counts as false and is told.
func (e *expression) holds(env map[string]any) (bool, error) {
	if e == nil {
		return true, nil
	}
	out, err := expr.Run(e.program, env)
	if err != nil {
		text, _, _ := strings.Cut(err.Error(), "\n")
		return false, fmt.Errorf("the expression %q: %s", e.source, text)
	}
	is, _ := out.(bool)
	return is, nil
}

// falsePart returns the first part that is not true, for people who ask why.
func (e *expression) falsePart(env map[string]any) string {
	for _, p := range e.parts {
		if out, err := expr.Run(p.program, env); err != nil || out != true {
			return p.source
		}
	}
	return ""
}
