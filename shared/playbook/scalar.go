package playbook

import (
	"reflect"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// setScalar puts a single value, or returns what it must be.
func setScalar(node ast.Node, into reflect.Value) (want string) {
	switch kind := into.Kind(); {
	case kind == reflect.String:
		// YAML reads 1.10 as a number and true as a truth; where text is wanted, what
		// stands in the file is meant.
		if _, single := node.(ast.ScalarNode); !single {
			return "text"
		}
		into.SetString(scalarText(node))
	case kind == reflect.Bool:
		truth, ok := node.(*ast.BoolNode)
		if !ok {
			return "true or false"
		}
		into.SetBool(truth.Value)
	case into.CanInt():
		whole, ok := number(node).(int64)
		if !ok || into.OverflowInt(whole) {
			return "a whole number"
		}
		into.SetInt(whole)
	case into.CanFloat():
		switch n := number(node).(type) {
		case int64:
			into.SetFloat(float64(n))
		case float64:
			into.SetFloat(n)
		default:
			return "a number"
		}
	default:
		panic("a playbook cannot fill a " + into.Type().String())
	}
	return ""
}

// number returns an int64, a float64 or, of what is neither, nil.
func number(node ast.Node) any {
	switch n := node.(type) {
	case *ast.IntegerNode:
		switch whole := n.Value.(type) {
		case int64:
			return whole
		case uint64:
			if whole <= 1<<63-1 {
				return int64(whole)
			}
		}
	case *ast.FloatNode:
		return n.Value
	}
	return nil
}

func scalarText(node ast.Node) string {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value
	case *ast.LiteralNode:
		return n.Value.Value
	}
	return node.GetToken().Value
}

func (d *decoder) duration(node ast.Node, into reflect.Value, path string) {
	parsed, err := time.ParseDuration(scalarText(node))
	if err != nil || parsed < 0 {
		d.report(d.begin(node), "%s must be a duration with its unit, such as 5s or 2m", last(path))
		return
	}
	into.SetInt(int64(parsed))
}
