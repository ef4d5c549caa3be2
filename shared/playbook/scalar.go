package playbook

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"boomerang/shared/enrich"
)

var durationType = reflect.TypeFor[time.Duration]()

// The numbers of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema), and what other
// readers take for another number, or for a text.
var (
	decimal     = enrich.Pattern(`^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)
	leadingZero = enrich.Pattern(`^[-+]?0[0-9_]+(\.[0-9_]*)?$`)
	underscored = enrich.Pattern(`^[-+]?([0-9]+_[0-9_]*(\.[0-9_]*)?|0[xo][0-9a-fA-F]*_[0-9a-fA-F_]*)$`)
	binary      = enrich.Pattern(`^[-+]?0b[01_]+$`)
)

// unclear returns how to write a number that has several readings, or "".
func unclear(node ast.Node) string {
	text := scalarText(node)
	switch {
	case !isPlain(node):
	case leadingZero().MatchString(text):
		return "write the number without leading zeros"
	case underscored().MatchString(text):
		return "write the number without _"
	case binary().MatchString(text):
		return "write a decimal number"
	}
	return ""
}

// isPlain reports whether a node is a text or a number without quotes.
func isPlain(node ast.Node) bool {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Token.Type == token.StringType
	case *ast.IntegerNode, *ast.FloatNode:
		return true
	}
	return false
}

func isNumber(v reflect.Value) bool {
	return (v.CanInt() || v.CanFloat()) && v.Type() != durationType
}

// scalarValue returns a bool, an int64, a float64 or a text.
func scalarValue(node ast.Node) any {
	text := scalarText(node)
	switch n := node.(type) {
	case *ast.BoolNode:
		return n.Value
	case *ast.IntegerNode:
		return exactNumber(json.Number(fmt.Sprint(n.Value)))
	}
	if number, err := strconv.ParseFloat(text, 64); err == nil && isPlain(node) && decimal().MatchString(text) {
		return number
	}
	return text
}

// setScalar puts a single value into a variable, or returns what it must be. A text
// variable takes the value as it is written.
func setScalar(node ast.Node, into reflect.Value) (want string) {
	if into.Kind() == reflect.String {
		if _, isScalar := node.(ast.ScalarNode); !isScalar {
			return "text"
		}
		into.SetString(scalarText(node))
		return ""
	}
	value, fits := reflect.ValueOf(scalarValue(node)), false
	switch {
	case into.Type() == durationType:
		d, err := time.ParseDuration(scalarText(node))
		want, fits, value = "a duration with its unit, such as 5s or 2m", err == nil && d >= 0, reflect.ValueOf(d)
	case into.Kind() == reflect.Bool:
		want, fits = "true or false", value.Kind() == reflect.Bool
	case into.CanInt():
		want, fits = "a whole number", value.CanInt() && !into.OverflowInt(value.Int())
	case into.CanFloat():
		want, fits = "a number", value.CanInt() || value.CanFloat()
	default:
		panic("cannot decode YAML into " + into.Type().String())
	}
	if !fits {
		return want
	}
	into.Set(value.Convert(into.Type()))
	return ""
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
