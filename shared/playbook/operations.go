package playbook

import (
	"math"
	"reflect"
	"slices"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/vm/runtime"
)

// The functions that take the place of expr's operations, by what they return. Their
// first argument names the operation. No playbook can call them.
const (
	valueName = "value" // the result, or nil for values of another type
	holdsName = "holds" // whether the result is true
)

// value runs an operation. The only error is a deadline.
func value(params ...any) (result any, err error) {
	defer func() {
		if recover() != nil {
			result = nil // A value has another type.
		}
	}()
	name, args := params[0].(string), params[1:]
	switch name {
	case iterationName:
		d, _ := args[0].(*deadline)
		return args[1], d.check()
	case "slice":
		return runtime.Slice(args[0], args[1], args[2]), nil
	}
	if operation, ok := operations[name]; ok {
		return operation(args[0], args[len(args)-1]), nil
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

func holds(params ...any) (any, error) {
	result, err := value(params...)
	return result == true, err
}

// operations are the operations besides the functions of expr. One of a single operand
// gets it twice.
var operations = map[string]func(a, b any) any{
	"bool": func(a, _ any) any { return a == true },
	"text": func(a, _ any) any {
		if text, ok := a.(string); ok {
			return text
		}
		return nil
	},
	"list": func(a, _ any) any {
		if reflect.ValueOf(a).Kind() == reflect.Slice {
			return a
		}
		return []any{}
	},
	"number": func(a, _ any) any {
		if r := reflect.ValueOf(a); r.CanInt() || r.CanUint() || r.CanFloat() {
			return a
		}
		return 0
	},
	"in": func(a, b any) any {
		// A map takes nil for the empty key.
		return (a != nil || reflect.ValueOf(b).Kind() == reflect.Slice) && runtime.In(a, b)
	},
	"[]":  runtime.Fetch,
	"neg": func(a, _ any) any { return runtime.Negate(a) },
	"<":   func(a, b any) any { return runtime.Less(a, b) },
	">":   func(a, b any) any { return runtime.More(a, b) },
	"<=":  func(a, b any) any { return runtime.LessOrEqual(a, b) },
	">=":  func(a, b any) any { return runtime.MoreOrEqual(a, b) },
	"+":   runtime.Add,
	"-":   func(a, b any) any { return runtime.Subtract(a, b) },
	"*":   func(a, b any) any { return runtime.Multiply(a, b) },
	"/":   func(a, b any) any { return runtime.Divide(a, b) },
	"%":   func(a, b any) any { return runtime.Modulo(a, b) },
	"**":  func(a, b any) any { return runtime.Exponent(a, b) },
	"^":   func(a, b any) any { return runtime.Exponent(a, b) },
}

// anyType makes the operations of a checked expression take values of any type: a
// condition is then false and any other result nil, where expr's own operation ends the
// whole expression with an error. It also makes each loop and each regular expression
// check the deadline.
type anyType struct{ scope *scope }

// Visit implements ast.Visitor.
func (v anyType) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.ChainNode:
		*node = n.Node // All fields are optional.
	case *ast.UnaryNode:
		if n.Operator == "!" || n.Operator == "not" {
			n.Node = condition(n.Node)
		} else if n.Operator == "-" {
			*node = call(n, valueName, "neg", n.Node)
		}
	case *ast.BinaryNode:
		*node = v.binary(n)
	case *ast.ConditionalNode:
		n.Cond = condition(n.Cond)
	case *ast.MemberNode:
		if !v.isField(n) {
			*node = call(n, valueName, "[]", n.Node, n.Property)
		}
	case *ast.SliceNode:
		from, to := n.From, n.To
		if from == nil {
			from = &ast.IntegerNode{}
		}
		if to == nil {
			to = &ast.IntegerNode{Value: math.MaxInt}
		}
		*node = call(n, valueName, "slice", n.Node, from, to)
	case *ast.BuiltinNode:
		*node = v.builtin(n)
	}
}

func (v anyType) binary(n *ast.BinaryNode) ast.Node {
	switch n.Operator {
	case "==", "!=", "??": // They take any values.
	case "&&", "||", "and", "or":
		n.Left, n.Right = condition(n.Left), condition(n.Right)
	case "matches":
		n.Left = call(n.Left, valueName, "text", n.Left)
		return withDeadlineCheck(n)
	case "contains", "startsWith", "endsWith": // They are false for nil.
		n.Left, n.Right = call(n.Left, valueName, "text", n.Left), call(n.Right, valueName, "text", n.Right)
	case "in", "<", ">", "<=", ">=":
		return call(n, holdsName, n.Operator, n.Left, n.Right)
	default:
		return call(n, valueName, n.Operator, n.Left, n.Right)
	}
	return n
}

// loops are the functions that run a predicate for each element of a list.
var loops = []string{
	"all", "any", "count", "filter", "find", "findIndex", "findLast", "findLastIndex", "map", "none", "one", "sum",
}

func (v anyType) builtin(n *ast.BuiltinNode) ast.Node {
	if !slices.Contains(loops, n.Name) {
		return call(n, valueName, n.Name, n.Arguments...)
	}
	n.Arguments[0] = call(n.Arguments[0], valueName, "list", n.Arguments[0])
	if len(n.Arguments) == 1 { // of count and sum
		n.Arguments = append(n.Arguments, &ast.PredicateNode{Node: &ast.PointerNode{}})
	}
	predicate, ok := n.Arguments[1].(*ast.PredicateNode)
	if !ok {
		return n
	}
	switch n.Name {
	case "map":
	case "sum":
		predicate.Node = call(predicate.Node, valueName, "number", predicate.Node)
	default:
		predicate.Node = condition(predicate.Node)
	}
	predicate.Node = withDeadlineCheck(predicate.Node)
	return n
}

// isField reports whether a node is a field of a map that every alert has.
func (v anyType) isField(n *ast.MemberNode) bool {
	path := memberPath(n)
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
	if isCondition(node) {
		return node
	}
	return call(node, holdsName, "bool", node)
}

func isCondition(node ast.Node) bool {
	switch n := node.(type) {
	case *ast.BoolNode:
		return true
	case *ast.UnaryNode:
		return n.Operator == "!" || n.Operator == "not"
	case *ast.BinaryNode: // Those that binary keeps.
		return n.Operator != "??"
	case *ast.CallNode:
		return n.Callee.(*ast.IdentifierNode).Value == holdsName
	case *ast.BuiltinNode:
		return slices.Contains([]string{"all", "any", "none", "one"}, n.Name)
	}
	return false
}

// withDeadlineCheck checks the deadline behind a node.
func withDeadlineCheck(node ast.Node) ast.Node {
	result := valueName
	if isCondition(node) {
		result = holdsName
	}
	return call(node, result, iterationName, &ast.IdentifierNode{Value: deadlineName}, node)
}

// call returns a call of an operation in place of a node.
func call(replaced ast.Node, result, operation string, args ...ast.Node) ast.Node {
	node := &ast.CallNode{
		Callee:    &ast.IdentifierNode{Value: result},
		Arguments: append([]ast.Node{&ast.StringNode{Value: operation}}, args...),
	}
	node.SetLocation(replaced.Location())
	return node
}
