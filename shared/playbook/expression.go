package playbook

import (
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

// expression is a compiled condition (https://expr-lang.org/docs/language-definition).
// A nil one always holds.
type expression struct {
	source  string
	program *vm.Program
	reads
}

// newConfig returns the names of a scope with their types, and the bounds.
func newConfig(s *scope) *conf.Config {
	config := conf.CreateNew()
	for _, option := range []expr.Option{expr.AsBool(), expr.MaxNodes(maxNodes), expr.Env(typeOf(s.root)), expr.Function(callName, operate)} {
		option(config)
	}
	return config
}

func (l *loader) compileExpression(source string, s *scope) (*expression, []Mistake) {
	if l.configs[s.key] == nil {
		l.configs[s.key] = newConfig(s)
	}
	return compileExpression(source, s, l.configs[s.key], l.checks)
}

// compileExpression returns the expression, or its mistakes, and warnings.
func compileExpression(source string, s *scope, config *conf.Config, checks *Checks) (*expression, []Mistake) {
	if len(source) > maxExpressionBytes {
		return nil, []Mistake{{Text: "the expression is longer than 4 KiB: match less, or use several playbooks"}}
	}
	tree, err := parser.ParseWithConfig(source, config)
	if err != nil {
		return nil, []Mistake{mistakeOf(err)}
	}
	_, err = checker.Check(tree, config)
	find := &mistakeFinder{reader: reader{scope: s}, bare: map[ast.Node]string{}}
	ast.Walk(&tree.Node, find)
	mistakes := find.result()
	if checks != nil && checks.Expression != nil && find.unsupported == nil {
		mistakes = append(mistakes, checks.Expression(tree.Node, s)...)
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

// typeOf returns the expression type of a shape.
func typeOf(shape any) types.Type {
	fields, isMap := shape.(map[string]any)
	switch {
	case shape == nil:
		return types.Any
	case !isMap:
		return types.TypeOf(shape)
	case len(fields) == 0:
		return types.Map{types.Extra: types.Any}
	}
	all := types.Map{}
	for name, inner := range fields {
		all[name] = typeOf(inner)
	}
	return all
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
		subject, cause := fmt.Sprintf("the expression %q: ", e.source), truncate(maxQuote, firstLine(err))
		return false, &fault.Error{Kind: fault.Permanent, Public: subject + cause, Log: subject + "cannot be evaluated for this alert"}
	}
	result, _ := out.(bool)
	return result, nil
}

// clauses evaluates the operands of the top-level &&, or the whole expression if an operand
// cannot stand alone.
func (e *expression) clauses(env map[string]any) []Clause {
	if e == nil {
		return nil
	}
	tree, err := parser.Parse(e.source)
	if err != nil {
		return nil
	}
	var all []Clause
	config := newConfig(matchScope())
	for _, node := range Operands(tree.Node, "&&", "and") {
		part, mistakes := compileExpression(node.String(), matchScope(), config, nil)
		if len(mistakes) > 0 {
			return nil
		}
		holds, _ := part.holds(new(vm.VM), env)
		all = append(all, Clause{part.source, holds})
	}
	return all
}

// Operands returns the operands of a chain of one operator, which has several spellings.
func Operands(node ast.Node, operator ...string) []ast.Node {
	both, ok := node.(*ast.BinaryNode)
	if !ok || !slices.Contains(operator, both.Operator) {
		return []ast.Node{node}
	}
	return append(Operands(both.Left, operator...), Operands(both.Right, operator...)...)
}

// mistakeFinder visits the nodes of an expression, inner nodes first. It collects what
// the language allows and a playbook must not do.
type mistakeFinder struct {
	reader
	bare        map[ast.Node]string // names without a field behind them
	unsupported *Mistake            // a part of the language that playbooks do not have; the rest is not worth reading
}

func (c *mistakeFinder) result() []Mistake {
	if c.unsupported != nil {
		return []Mistake{*c.unsupported}
	}
	for node, name := range c.bare {
		c.read(node.Location().From, []string{name})
	}
	return c.mistakes
}

func (c *mistakeFinder) refuse(node ast.Node, format string, args ...any) {
	c.reader.refuse(node.Location().From, format, args...)
}

func (c *mistakeFinder) unsupport(node ast.Node, text string) {
	c.unsupported = &Mistake{At: node.Location().From, Text: text}
}

// Visit implements ast.Visitor.
func (c *mistakeFinder) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		c.bare[n] = n.Value
	case *ast.MemberNode:
		c.member(n)
	case *ast.CallNode:
		c.call(n)
	case *ast.BuiltinNode: // expr 1.17 cannot disable groupBy, sortBy and reduce.
		if !slices.Contains(builtins, n.Name) {
			c.refuse(n, "unknown function %q%s", n.Name, Suggest(n.Name, builtins))
		}
	case *ast.BinaryNode:
		switch n.Operator {
		case "..":
			c.unsupport(n, "ranges (..) are not supported")
		case "matches":
			c.pattern(n)
		}
	case *ast.VariableDeclaratorNode:
		c.unsupport(n, "let is not supported: write the value where it is used")
	case *ast.SequenceNode:
		c.unsupport(n, "write one expression, without ;")
	}
}

func (c *mistakeFinder) member(n *ast.MemberNode) {
	path := FieldPath(n)
	if path == nil {
		return
	}
	if parent := path[:len(path)-1]; len(parent) == 1 && parent[0] == "steps" {
		delete(c.bare, n.Node)
	} else if _, problem := c.scope.Resolve(parent); problem != "" {
		return // The visit of the parent reported it.
	}
	c.read(n.Property.Location().From, path)
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

func (c *mistakeFinder) call(n *ast.CallNode) {
	if name, ok := n.Callee.(*ast.IdentifierNode); ok {
		delete(c.bare, name)
		c.refuse(n, "unknown function %q%s", name.Value, Suggest(name.Value, builtins))
		return
	}
	method, _ := n.Callee.(*ast.MemberNode)
	if _, ofCall := method.Node.(*ast.CallNode); ofCall {
		return // That call is wrong already.
	}
	if _, problem := c.scope.Resolve(FieldPath(method)); problem == "" || FieldPath(method) == nil {
		c.refuse(n, "values have no methods")
	}
}

// pattern refuses a regular expression that an alert chooses, and one that is slow.
func (c *mistakeFinder) pattern(n *ast.BinaryNode) {
	text, ok := n.Right.(*ast.StringNode)
	if _, isName := c.bare[n.Right]; isName && FieldPath(n.Right)[0] != "alert" {
		return // The name is unknown.
	}
	if !ok {
		c.refuse(n.Right, "the regular expression must be a quoted constant")
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
