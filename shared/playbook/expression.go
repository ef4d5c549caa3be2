package playbook

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/checker/nature"
	"github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/optimizer"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/types"
	"github.com/expr-lang/expr/vm"

	"boomerang/shared/fault"
)

// The bounds of an expression's source, and of how much of an alert its errors quote.
const (
	maxExpressionBytes = 4 << 10
	maxNodes           = 500
	maxTold            = 300
)

// expression is a compiled expression that says true or false
// (https://expr-lang.org/docs/language-definition).
type expression struct {
	source  string
	program *vm.Program
	steps   []string // the steps it reads
}

// language compiles expressions. It is not safe for concurrent use, since the
// types that it knows remember what they were asked.
type language struct {
	base   conf.Config
	alert  types.Type
	kinds  map[string]types.Type   // of the steps of a kind
	scopes map[string]*conf.Config // by their keys
}

func newLanguage() *language {
	base := conf.CreateNew()
	for _, set := range []expr.Option{
		expr.AsBool(), expr.MaxNodes(maxNodes),
		expr.Function(turnName, turn, new(func(*deadline, bool) bool), new(func(*deadline, any) any)),
	} {
		set(base)
	}
	for name := range base.Builtins {
		if !slices.Contains(builtins, name) {
			base.Disabled[name] = true
			delete(base.Builtins, name)
		}
	}
	return &language{
		base: *base, alert: known(typeOf(alertShape())),
		kinds: map[string]types.Type{}, scopes: map[string]*conf.Config{},
	}
}

// in returns the language with the names of a scope.
func (l *language) in(s *scope) *conf.Config {
	key := s.key()
	if known, ok := l.scopes[key]; ok {
		return known
	}
	names := types.Map{deadlineName: types.TypeOf((*deadline)(nil))}
	for name, shape := range s.names() {
		switch name {
		case "alert":
			names[name] = l.alert
		case "steps":
			names[name] = l.steps(s.steps)
		default:
			names[name] = typeOf(shape)
		}
	}
	config := l.base
	config.WithEnv(names)
	l.scopes[key] = &config
	return &config
}

func (l *language) steps(steps []*step) types.Type {
	all := types.Map{}
	for _, s := range steps {
		if _, ok := l.kinds[s.kind.Name]; !ok {
			l.kinds[s.kind.Name] = known(typeOf(s.shape))
		}
		all[s.name] = l.kinds[s.kind.Name]
	}
	return all
}

// knownType is a type whose nature, which takes long to find out, is known.
type knownType struct {
	types.Type
	nature nature.Nature
}

func known(t types.Type) types.Type { return knownType{t, t.Nature()} }

// Nature is what the checker asks of a type.
func (t knownType) Nature() nature.Nature { return t.nature }

// typeOf returns the type of what has this shape.
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

const turnName = "turn"

// turn is what every loop and every regular expression of an expression calls
// with its result.
func turn(params ...any) (any, error) {
	until, _ := params[0].(*deadline)
	return params[1], until.turn()
}

// compile returns the expression, or what is wrong with it and where.
func (l *language) compile(source string, s *scope) (*expression, []mistake) {
	if len(source) > maxExpressionBytes {
		return nil, []mistake{mistakef(0, "it is longer than 4 KiB: match on less, or in several playbooks")}
	}
	config := l.in(s)
	tree, err := parser.ParseWithConfig(source, config)
	if err != nil {
		return nil, wrong(err)
	}
	steps, found := inspect(&tree.Node, s)
	if len(found) > 0 {
		return nil, found
	}
	program, err := program(tree, config)
	if err != nil {
		return nil, wrong(err)
	}
	return &expression{source, program, steps}, nil
}

func program(tree *parser.Tree, config *conf.Config) (*vm.Program, error) {
	if _, err := checker.Check(tree, config); err != nil {
		return nil, err
	}
	if err := optimizer.Optimize(&tree.Node, config); err != nil {
		return nil, err
	}
	return compiler.Compile(tree, config)
}

// wrong tells a mistake that the language found.
func wrong(err error) []mistake {
	if at, ok := errors.AsType[*file.Error](err); ok {
		return []mistake{{at.From, at.Message}}
	}
	return []mistake{{0, firstLine(err)}}
}

// firstLine leaves out the drawing of the place that the language's errors hold.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// holds evaluates the expression on a machine that may have evaluated others. An
// error, such as a number compared with nothing, counts as false and is told.
func (e *expression) holds(machine *vm.VM, env map[string]any) (bool, error) {
	if e == nil {
		return true, nil
	}
	out, err := machine.Run(e.program, env)
	if err != nil {
		about, why := fmt.Sprintf("the expression %q: ", e.source), shorten(maxTold, firstLine(err))
		return false, &fault.Error{Kind: fault.Permanent, Public: about + why, Log: about + "it cannot be evaluated with what this alert says"}
	}
	is, _ := out.(bool) // The language sees to it that it is one.
	return is, nil
}

// falsePart returns the first of the parts that && joins which does not hold, for
// people who ask why the whole does not.
func (e *expression) falsePart(env map[string]any) string {
	tree, err := parser.Parse(e.source)
	if err != nil {
		return e.source
	}
	l := newLanguage()
	for _, node := range conjuncts(tree.Node) {
		part, mistakes := l.compile(node.String(), matching())
		if holds, _ := part.holds(new(vm.VM), env); len(mistakes) == 0 && !holds {
			return part.source
		}
	}
	return e.source
}

// conjuncts returns what && joins at the top of an expression.
func conjuncts(node ast.Node) []ast.Node {
	both, ok := node.(*ast.BinaryNode)
	if !ok || both.Operator != "&&" && both.Operator != "and" {
		return []ast.Node{node}
	}
	return append(conjuncts(both.Left), conjuncts(both.Right)...)
}
