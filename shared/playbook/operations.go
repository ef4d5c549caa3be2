package playbook

import (
	"math"
	"reflect"
	"slices"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/checker/nature"
	"github.com/expr-lang/expr/vm/runtime"
)

// callName is the function that takes the place of expr's operations. Its first argument
// names the operation. No playbook can call it.
const callName = "operation"

// operation is one of expr's operations besides its functions. One of a single operand gets
// it twice.
type operation struct {
	run       func(a, b any) any
	otherwise any // the result for values of another type
}

var operations = map[string]operation{
	"bool":   {func(a, _ any) any { return a == true }, false},
	"text":   {func(a, _ any) any { return a.(string) }, nil},
	"number": {func(a, _ any) any { _ = runtime.ToFloat64(a); return a }, 0},
	"[]":     {runtime.Fetch, nil},
	"list": {func(a, _ any) any {
		if reflect.ValueOf(a).Kind() == reflect.Slice {
			return a
		}
		return []any{}
	}, nil},
	"neg": {func(a, _ any) any { return runtime.Negate(a) }, nil},
	"in": {func(a, b any) any {
		// A map takes nil for the empty key.
		return (a != nil || reflect.ValueOf(b).Kind() == reflect.Slice) && runtime.In(a, b)
	}, false},
	"<":  {func(a, b any) any { return runtime.Less(a, b) }, false},
	">":  {func(a, b any) any { return runtime.More(a, b) }, false},
	"<=": {func(a, b any) any { return runtime.LessOrEqual(a, b) }, false},
	">=": {func(a, b any) any { return runtime.MoreOrEqual(a, b) }, false},
	"+":  {runtime.Add, nil},
	"-":  {func(a, b any) any { return runtime.Subtract(a, b) }, nil},
	"*":  {func(a, b any) any { return runtime.Multiply(a, b) }, nil},
	"/":  {func(a, b any) any { return runtime.Divide(a, b) }, nil},
	"%":  {func(a, b any) any { return runtime.Modulo(a, b) }, nil},
	"**": {func(a, b any) any { return runtime.Exponent(a, b) }, nil},
	"^":  {func(a, b any) any { return runtime.Exponent(a, b) }, nil},
}

// operate runs an operation. The only error is a deadline.
func operate(params ...any) (result any, err error) {
	name, args := params[0].(string), params[1:]
	if name == iterationName {
		d, _ := args[0].(*deadline)
		return args[1], d.check()
	}
	known, isOperation := operations[name]
	defer func() {
		if recover() != nil {
			result = known.otherwise
		}
	}()
	if isOperation {
		return known.run(args[0], args[len(args)-1]), nil
	}
	if name == "slice" {
		return runtime.Slice(args[0], args[1], args[2]), nil
	}
	f := builtin.Builtins[builtin.Index[name]]
	switch {
	case f.Fast != nil:
		result = f.Fast(args[0])
	case f.Func != nil:
		result, err = f.Func(args...)
	default:
		result, _, err = f.Safe(args...)
	}
	if err != nil {
		result = nil // int("x"), for example.
	}
	return result, nil
}

// anyType makes the operations of a checked expression take values of any type: a
// condition is then false and any other result nil, where expr's own operation ends the
// whole expression with an error. It also makes each loop and each regular expression
// check the deadline.
type anyType struct{ scope *scope }

// Visit implements ast.Visitor.
func (v anyType) Visit(node *ast.Node) {
	switch (*node).(type) {
	case *ast.MemberNode, *ast.StringNode:
	default:
		(*node).SetNature(nature.Nature{}) // The result may be nil.
	}
	switch n := (*node).(type) {
	case *ast.ChainNode:
		*node = n.Node // All fields are optional.
	case *ast.UnaryNode:
		if n.Operator == "-" {
			*node = call("neg", n.Node)
		} else if n.Operator != "+" {
			n.Node = condition(n.Node)
		}
	case *ast.BinaryNode:
		*node = binary(n)
	case *ast.ConditionalNode:
		n.Cond = condition(n.Cond)
	case *ast.MemberNode:
		if !v.isField(n) {
			*node = call("[]", n.Node, n.Property)
		}
	case *ast.SliceNode:
		from, to := n.From, n.To
		if from == nil {
			from = &ast.IntegerNode{}
		}
		if to == nil {
			to = &ast.IntegerNode{Value: math.MaxInt}
		}
		*node = call("slice", n.Node, from, to)
	case *ast.BuiltinNode:
		if slices.Contains(loops, n.Name) {
			loop(n)
		} else {
			*node = call(n.Name, n.Arguments...)
		}
	}
}

func binary(n *ast.BinaryNode) ast.Node {
	switch n.Operator {
	case "==", "!=", "??": // They take any values.
	case "&&", "||", "and", "or":
		n.Left, n.Right = condition(n.Left), condition(n.Right)
	case "matches":
		n.Left = call("text", n.Left)
		return withDeadlineCheck(n)
	case "contains", "startsWith", "endsWith": // They are false for nil.
		n.Left, n.Right = call("text", n.Left), call("text", n.Right)
	default:
		return call(n.Operator, n.Left, n.Right)
	}
	return n
}

// loops are the functions that run a predicate for each element of a list.
var loops = []string{
	"all", "any", "count", "filter", "find", "findIndex", "findLast", "findLastIndex", "map", "none", "one", "sum",
}

func loop(n *ast.BuiltinNode) {
	n.Arguments[0] = call("list", n.Arguments[0])
	if len(n.Arguments) == 1 { // of count and sum
		n.Arguments = append(n.Arguments, &ast.PredicateNode{Node: &ast.PointerNode{}})
	}
	predicate := n.Arguments[1].(*ast.PredicateNode)
	switch n.Name {
	case "map":
	case "sum":
		predicate.Node = call("number", predicate.Node)
	default:
		predicate.Node = condition(predicate.Node)
	}
	predicate.Node = withDeadlineCheck(predicate.Node)
}

// isField reports whether a node is a field of a map that every alert has.
func (v anyType) isField(n *ast.MemberNode) bool {
	path := FieldPath(n)
	if path == nil || path[0] != "alert" {
		return false
	}
	switch parent, _ := v.scope.resolve(path[:len(path)-1]); parent.(type) {
	case map[string]any, map[string]string:
		return true
	}
	return false
}

// condition returns a node that is true or false.
func condition(node ast.Node) ast.Node {
	switch n := node.(type) {
	case *ast.BinaryNode: // One that binary keeps.
		if n.Operator != "??" {
			return node
		}
	case *ast.CallNode:
		if operations[n.Arguments[0].(*ast.StringNode).Value].otherwise == false {
			return node
		}
	}
	return call("bool", node)
}

// withDeadlineCheck checks the deadline behind a node.
func withDeadlineCheck(node ast.Node) ast.Node {
	return call(iterationName, &ast.IdentifierNode{Value: deadlineName}, node)
}

func call(operation string, args ...ast.Node) ast.Node {
	return &ast.CallNode{
		Callee:    &ast.IdentifierNode{Value: callName},
		Arguments: append([]ast.Node{&ast.StringNode{Value: operation}}, args...),
	}
}
