package playbook

import (
	"cmp"
	"errors"
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/optimizer"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/types"
	"github.com/expr-lang/expr/vm"

	"boomerang/shared/fault"
)

// The bounds of an expression, of the program of a regular expression, whose run time
// is its size times the length of the text, and of how much of an alert an error quotes.
const (
	maxExpressionBytes = 4 << 10
	maxNodes           = 500
	maxPattern         = 500
	maxQuote           = 300
)

// builtins are the functions of expressions. Those that build large values (repeat,
// replace, join, split, reduce) and those that read a clock or files are left out.
var builtins = []string{
	"abs", "all", "any", "ceil", "count", "filter", "find", "findIndex", "findLast", "findLastIndex", "first", "float",
	"floor", "get", "hasPrefix", "hasSuffix", "indexOf", "int", "keys", "last", "lastIndexOf", "len", "lower", "map",
	"max", "min", "none", "one", "round", "string", "sum", "trim", "trimPrefix", "trimSuffix", "type", "upper", "values",
}

// ExpressionFunctions returns the names of the functions of expressions.
func ExpressionFunctions() []string { return slices.Clone(builtins) }

// expression is a compiled condition (https://expr-lang.org/docs/language-definition).
// A nil one always holds.
type expression struct {
	source  string
	program *vm.Program
	reads
}

// config returns the names of the scope with their types, and the bounds. A file that is
// deployed may name any field of a list's elements.
func (s *scope) config(checked bool) *conf.Config {
	if s.names == nil {
		s.names = conf.CreateNew()
		for _, option := range []expr.Option{expr.AsBool(), expr.MaxNodes(maxNodes), expr.Env(typeOf(s.root, checked)), expr.Function(callName, operate)} {
			option(s.names)
		}
	}
	return s.names
}

// compileExpression returns the expression, or its first mistake, and warnings.
func compileExpression(source string, s *scope, checks *Checks) (*expression, []Mistake) {
	if len(source) > maxExpressionBytes {
		return nil, []Mistake{{Text: "the expression is longer than 4 KiB: match less, or use several playbooks"}}
	}
	config := s.config(checks != nil)
	tree, err := parser.ParseWithConfig(source, config)
	if err != nil {
		return nil, []Mistake{mistakeOf(err)}
	}
	_, err = checker.Check(tree, config)
	find := &mistakeFinder{reader: reader{scope: s}, last: map[ast.Node][]string{}}
	ast.Walk(&tree.Node, find)
	mistakes := find.found()
	if len(mistakes) == 0 && checks != nil {
		mistakes = checks.Expression(tree.Node)
	}
	if slices.ContainsFunc(mistakes, func(m Mistake) bool { return !m.Warning }) {
		return nil, mistakes
	}
	if err != nil {
		return nil, []Mistake{mistakeOf(err)}
	}
	ast.Walk(&tree.Node, anyType{s})
	tree.Node = condition(tree.Node)
	if err := optimizer.Optimize(&tree.Node, config); err != nil {
		return nil, []Mistake{mistakeOf(err)}
	}
	program, err := compiler.Compile(tree, config)
	if err != nil {
		return nil, []Mistake{mistakeOf(err)}
	}
	return &expression{source, program, find.reads}, mistakes
}

func mistakeOf(err error) Mistake {
	if wrong, ok := errors.AsType[*file.Error](err); ok {
		return Mistake{At: wrong.From, Text: wrong.Message}
	}
	return Mistake{Text: firstLine(err)}
}

// typeOf returns the expression type of a shape, with or without that of elements.
func typeOf(shape any, elements bool) types.Type {
	switch shape := shape.(type) {
	case nil:
		return types.Any
	case []any:
		if elements && len(shape) > 0 {
			return types.Array(typeOf(shape[0], elements))
		}
	case map[string]any:
		if len(shape) == 0 {
			return types.Map{types.Extra: types.Any}
		}
		all := types.Map{}
		for name, inner := range shape {
			all[name] = typeOf(inner, elements)
		}
		return all
	}
	return types.TypeOf(shape)
}

// firstLine drops the picture of the position in an error of the language.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// holds evaluates the expression on a machine that may have evaluated others. The only
// errors are its bounds of time and memory, and count as false.
func (e *expression) holds(machine *vm.VM, env map[string]any) (bool, error) {
	if e == nil {
		return true, nil
	}
	out, err := machine.Run(e.program, env)
	if err != nil {
		return false, fault.NewRedacted(fault.Permanent, fmt.Sprintf("the expression %q: ", e.source), truncate(maxQuote, firstLine(err)), "", nil)
	}
	result, _ := out.(bool)
	return result, nil
}

// mistakeFinder visits the nodes of an expression, inner nodes first. It collects what the
// expression reads, and what the language allows and a playbook must not do.
type mistakeFinder struct {
	reader
	last       map[ast.Node][]string // the paths that no field follows
	constructs []Mistake             // what is unsupported, whose names are no further mistakes
}

// found returns each mistake once, and one at each place: others may come from it. One about a
// name comes before others there.
func (c *mistakeFinder) found() (all []Mistake) {
	if c.constructs != nil {
		return c.constructs
	}
	others := c.mistakes
	c.mistakes = nil
	for node, path := range c.last {
		c.paths = appendNew(c.paths, strings.Join(path, "."))
		if len(path) == 1 {
			c.read(node.Location().From, path)
		}
	}
	slices.Sort(c.paths)
	others = append(c.mistakes, others...)
	slices.SortStableFunc(others, func(a, b Mistake) int { return cmp.Compare(a.At, b.At) })
	for _, m := range others {
		if !slices.ContainsFunc(all, func(earlier Mistake) bool { return earlier.At == m.At || earlier.Text == m.Text }) {
			all = append(all, m)
		}
	}
	return all
}

func (c *mistakeFinder) refuse(node ast.Node, format string, args ...any) {
	c.reader.refuse(node.Location().From, format, args...)
}

func (c *mistakeFinder) unsupported(node ast.Node, text string) {
	c.constructs = append(c.constructs, Mistake{At: node.Location().From, Text: text})
}

// Visit implements ast.Visitor.
func (c *mistakeFinder) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		c.last[n] = FieldPath(n)
	case *ast.ChainNode:
		c.follow(n, n.Node)
	case *ast.MemberNode:
		c.member(n)
	case *ast.CallNode:
		if name, ok := n.Callee.(*ast.IdentifierNode); ok {
			delete(c.last, name)
			c.refuse(n, "unknown function %q%s", name.Value, Suggest(name.Value, builtins))
		} else {
			c.refuse(n, "values have no methods")
		}
	case *ast.BuiltinNode: // expr 1.17 cannot disable groupBy, sortBy and reduce.
		if !slices.Contains(builtins, n.Name) {
			c.refuse(n, "unknown function %q%s", n.Name, Suggest(n.Name, builtins))
		}
	case *ast.BinaryNode:
		switch n.Operator {
		case "..":
			c.unsupported(n, "ranges (..) are not supported")
		case "matches":
			c.pattern(n.Right)
		}
	case *ast.VariableDeclaratorNode:
		c.unsupported(n, "let is not supported: write the value where it is used")
	case *ast.SequenceNode:
		c.unsupported(n, "write one expression, without ;")
	}
}

// follow notes the path of a node, which takes the place of that of the node inside.
func (c *mistakeFinder) follow(node, inside ast.Node) (path []string) {
	if path = FieldPath(node); path != nil {
		delete(c.last, inside)
		c.last[node] = path
	}
	return path
}

func (c *mistakeFinder) member(n *ast.MemberNode) {
	path := c.follow(n, n.Node)
	if len(path) == 2 && path[0] != "steps" {
		c.read(n.Node.Location().From, path[:1])
	}
	if path != nil {
		c.read(n.Property.Location().From, path)
	}
}

// FieldPath returns the names of a node such as alert.tags.env, or nil for another.
func FieldPath(node ast.Node) []string {
	switch n := node.(type) {
	case *ast.IdentifierNode:
		return []string{n.Value}
	case *ast.ChainNode:
		return FieldPath(n.Node)
	case *ast.MemberNode:
		field, isConstant := n.Property.(*ast.StringNode)
		if path := FieldPath(n.Node); path != nil && isConstant {
			return append(path, field.Value)
		}
	}
	return nil
}

// pattern refuses a regular expression that an alert chooses, and one that is slow.
func (c *mistakeFinder) pattern(n ast.Node) {
	text, ok := n.(*ast.StringNode)
	if !ok {
		c.refuse(n, "the regular expression must be a quoted constant")
		return
	}
	parsed, err := syntax.Parse(text.Value, syntax.Perl)
	if err != nil {
		c.refuse(text, "%s", err)
		return
	}
	if program, err := syntax.Compile(parsed.Simplify()); err != nil || len(program.Inst) > maxPattern {
		c.refuse(text, "the regular expression repeats too much")
	}
}
