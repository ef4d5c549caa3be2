package playbook

import (
	"regexp/syntax"
	"slices"

	"github.com/expr-lang/expr/ast"
)

// builtins are what expressions may call: what looks at a value and gives less
// than it takes. Left out is what makes more (repeat, replace, join, split, map
// to text and back), what carries a value from turn to turn and so could double
// it (reduce), and what looks elsewhere than at the alert, so that it would not
// decide the same each time: clocks (now, date) and files (timezone).
var builtins = []string{
	"abs", "all", "any", "ceil", "count", "filter", "find", "findIndex", "findLast", "findLastIndex", "first", "float",
	"floor", "get", "hasPrefix", "hasSuffix", "indexOf", "int", "keys", "last", "lastIndexOf", "len", "lower", "map",
	"max", "min", "none", "one", "round", "string", "sum", "trim", "trimPrefix", "trimSuffix", "type", "upper", "values",
}

// maxPattern bounds what a regular expression is compiled to. The time it takes
// is this times the length of the text.
const maxPattern = 500

// inspection looks for what the language lets pass and a playbook must not do,
// and puts the deadline into loops.
type inspection struct {
	scope *scope
	steps []string // the steps that are read
	// bare are the names that stand by themselves, with no field behind them.
	bare     map[ast.Node]string
	mistakes []mistake
}

// inspect returns the steps that a tree reads, or the mistakes in it.
func inspect(tree *ast.Node, s *scope) ([]string, []mistake) {
	i := &inspection{scope: s, bare: map[ast.Node]string{}}
	ast.Walk(tree, i)
	for node, name := range i.bare {
		i.check(node, []string{name})
	}
	return i.steps, i.mistakes
}

func (i *inspection) refuse(node ast.Node, format string, args ...any) {
	i.mistakes = append(i.mistakes, mistakef(node.Location().From, format, args...))
}

// check refuses a path that names nothing.
func (i *inspection) check(node ast.Node, path []string) {
	if text := i.scope.check(path); text != "" {
		i.refuse(node, "%s", text)
	}
}

// Visit is called for each node, those inside it before.
func (i *inspection) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		i.bare[n] = n.Value
	case *ast.MemberNode:
		i.member(n)
	case *ast.BuiltinNode:
		if !slices.Contains(builtins, n.Name) {
			i.refuse(n, "there is no function %q%s", n.Name, suggest(n.Name, builtins))
		}
	case *ast.CallNode:
		i.call(n)
	case *ast.BinaryNode:
		i.operator(node, n)
	case *ast.PredicateNode:
		n.Node = timed(n.Node)
	case *ast.VariableDeclaratorNode:
		i.refuse(n, "let is not understood here: write the value where it is used")
	case *ast.SequenceNode:
		i.refuse(n, "one expression, without ;")
	}
}

func (i *inspection) member(n *ast.MemberNode) {
	path := pathOf(n)
	if path == nil {
		return
	}
	before := path[:len(path)-1]
	if len(before) == 1 && before[0] == "steps" {
		delete(i.bare, n.Node)
	} else if i.scope.check(before) != "" {
		return // That has been told.
	}
	i.check(n.Property, path)
	i.steps = reads(i.steps, path)
}

// pathOf returns the names of a node such as alert.tags.env, or nil for another.
func pathOf(node ast.Node) []string {
	switch n := node.(type) {
	case *ast.IdentifierNode:
		return []string{n.Value}
	case *ast.ChainNode:
		return pathOf(n.Node)
	case *ast.MemberNode:
		field, isText := n.Property.(*ast.StringNode)
		if path := pathOf(n.Node); path != nil && isText {
			return append(path, field.Value)
		}
	}
	return nil
}

func (i *inspection) call(n *ast.CallNode) {
	if name, ok := n.Callee.(*ast.IdentifierNode); ok {
		delete(i.bare, name)
		i.refuse(n, "there is no function %q%s", name.Value, suggest(name.Value, builtins))
		return
	}
	if path := pathOf(n.Callee); path == nil || i.scope.check(path) == "" {
		i.refuse(n, "an alert holds nothing that can be called")
	}
}

func (i *inspection) operator(node *ast.Node, n *ast.BinaryNode) {
	switch n.Operator {
	case "..":
		i.refuse(n, "ranges (..) are not understood here: an expression only looks at the alert")
	case "matches":
		i.pattern(n)
		*node = timed(n)
	}
}

// pattern refuses a regular expression that an alert could choose, and one that
// takes long.
func (i *inspection) pattern(n *ast.BinaryNode) {
	text, ok := n.Right.(*ast.StringNode)
	if !ok {
		i.refuse(n.Right, "write the regular expression out, between quotes: an alert must not choose it")
		return
	}
	parsed, err := syntax.Parse(text.Value, syntax.Perl)
	if err != nil {
		i.refuse(text, "%s", err)
		return
	}
	if program, err := syntax.Compile(parsed.Simplify()); err != nil || len(program.Inst) > maxPattern {
		i.refuse(text, "the regular expression repeats too much")
	}
}

// timed has the deadline asked each time a node is evaluated.
func timed(node ast.Node) ast.Node {
	call := &ast.CallNode{
		Callee:    &ast.IdentifierNode{Value: turnName},
		Arguments: []ast.Node{&ast.IdentifierNode{Value: deadlineName}, node},
	}
	call.SetLocation(node.Location())
	return call
}
