package functions_test

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// expression reads the expressions of a call about an item. See
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html.
type expression struct {
	names  map[string]string
	values attributes
	item   attributes
	rest   []string
}

var token = regexp.MustCompile(`[:#]?\w+|<=|>=|<>|[<>=(),]`)

func (e *expression) peek() string {
	if len(e.rest) == 0 {
		return ""
	}
	return e.rest[0]
}

func (e *expression) next() string {
	word := e.peek()
	e.rest = e.rest[min(1, len(e.rest)):]
	return word
}

// skip reports whether the next token is that, and then passes it.
func (e *expression) skip(word string) bool {
	if e.peek() != word {
		return false
	}
	e.next()
	return true
}

func (e *expression) holds(condition string) bool {
	e.rest = token.FindAllString(condition, -1)
	return e.any()
}

func (e *expression) any() bool {
	holds := e.all()
	for e.skip("OR") {
		holds = e.all() || holds
	}
	return holds
}

func (e *expression) all() bool {
	holds := e.one()
	for e.skip("AND") {
		holds = e.one() && holds
	}
	return holds
}

func (e *expression) one() bool {
	if e.skip("NOT") {
		return !e.one()
	}
	if e.skip("(") {
		holds := e.any()
		e.skip(")")
		return holds
	}
	switch function := e.peek(); function {
	case "attribute_exists", "attribute_not_exists":
		e.next()
		return (e.arguments()[0] != nil) == (function == "attribute_exists")
	case "begins_with":
		e.next()
		in := e.arguments()
		return in[0] != nil && strings.HasPrefix(in[0].text(), in[1].text())
	case "contains":
		e.next()
		in := e.arguments()
		return slices.Contains(in[0].set(), in[1].text())
	}
	left := e.operand()
	if e.skip("BETWEEN") {
		low := e.operand()
		e.skip("AND")
		high := e.operand()
		return left != nil && left.compare(low) >= 0 && left.compare(high) <= 0
	}
	operator, right := e.next(), e.operand()
	if left == nil || right == nil {
		return false
	}
	switch order := left.compare(right); operator {
	case "=":
		return order == 0
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	case ">=":
		return order >= 0
	}
	panic("the double of DynamoDB does not know the operator " + operator)
}

// arguments are the operands in parentheses.
func (e *expression) arguments() (all []value) {
	for e.next(); ; {
		all = append(all, e.operand())
		if !e.skip(",") {
			e.skip(")")
			return all
		}
	}
}

// operand is a value, or nil if the item has no such attribute.
func (e *expression) operand() value {
	switch word := e.next(); {
	case strings.HasPrefix(word, ":"):
		return e.values[word]
	case word == "size":
		in := e.arguments()[0]
		return value{"N": strconv.Itoa(len(in.set()))}
	case word == "if_not_exists":
		in := e.arguments()
		if in[0] != nil {
			return in[0]
		}
		return in[1]
	default:
		return e.item[cmp.Or(e.names[word], word)]
	}
}

// updated is the item after an update.
func (e *expression) updated(update string, key attributes) attributes {
	item := maps.Clone(e.item)
	if item == nil {
		item = maps.Clone(key)
	}
	e.rest = token.FindAllString(update, -1)
	for clause := e.next(); clause != ""; clause = e.next() {
		for {
			name := e.next()
			name = cmp.Or(e.names[name], name)
			switch clause {
			case "SET":
				e.skip("=")
				item[name] = e.operand()
			case "REMOVE":
				delete(item, name)
			case "ADD":
				item[name] = item[name].plus(e.operand())
			case "DELETE":
				gone := e.operand().set()
				left := slices.DeleteFunc(item[name].set(), func(s string) bool { return slices.Contains(gone, s) })
				if delete(item, name); len(left) > 0 {
					item[name] = value{"SS": left}
				}
			default:
				panic("the double of DynamoDB does not know the clause " + clause)
			}
			if !e.skip(",") {
				break
			}
		}
	}
	return item
}

func (v value) text() string { return fmt.Sprint(v["S"]) }

// set returns the members of a set.
func (v value) set() (members []string) {
	switch all := v["SS"].(type) {
	case []string:
		return slices.Clone(all)
	case []any:
		for _, one := range all {
			members = append(members, fmt.Sprint(one))
		}
	}
	return members
}

// plus adds a number, or the members of a set.
func (v value) plus(w value) value {
	if w["N"] != nil {
		return value{"N": strconv.FormatInt(v.number()+w.number(), 10)}
	}
	all := v.set()
	for _, s := range w.set() {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return value{"SS": all}
}

func (v value) number() int64 {
	n, _ := strconv.ParseInt(fmt.Sprint(v["N"]), 10, 64) // No attribute counts as zero.
	return n
}

func (v value) compare(w value) int {
	if w["N"] != nil {
		return cmp.Compare(v.number(), w.number())
	}
	return cmp.Compare(fmt.Sprint(v), fmt.Sprint(w))
}
