package fakeaws

import (
	"math/big"
	"slices"
	"strings"
)

// condition says whether an item meets it; no item is nil.
type condition func(item) bool

// condition reads a ConditionExpression, of which none is always met
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html).
//
//	either     = all { OR all }
//	all        = one { AND one }
//	one        = "(" either ")" | function | operand ( "=" | "<" ) operand
//	function   = attribute_exists "(" name ")" | attribute_not_exists "(" name ")"
//	           | begins_with "(" name "," value ")" | contains "(" name "," value ")"
//	operand    = name | value | size "(" name ")"
func (x *expressions) condition(text string) (condition, error) {
	if text == "" {
		return func(item) bool { return true }, nil
	}
	p := x.parse("ConditionExpression", text)
	holds, err := p.either()
	if err == nil && p.next() != "" {
		err = p.unexpected()
	}
	return holds, err
}

func (p *parser) either() (condition, error) {
	first, err := p.all()
	for err == nil && p.takes("OR") {
		var second condition
		before := first
		second, err = p.all()
		first = func(i item) bool { return before(i) || second(i) }
	}
	return first, err
}

func (p *parser) all() (condition, error) {
	first, err := p.one()
	for err == nil && p.takes("AND") {
		var second condition
		before := first
		second, err = p.one()
		first = func(i item) bool { return before(i) && second(i) }
	}
	return first, err
}

func (p *parser) one() (condition, error) {
	if p.takes("(") {
		inner, err := p.either()
		if err == nil {
			err = p.expect(")")
		}
		return inner, err
	}
	if len(p.tokens) > 1 && p.tokens[1] == "(" {
		switch p.next() {
		case "attribute_exists":
			return p.exists(true)
		case "attribute_not_exists":
			return p.exists(false)
		case "begins_with":
			return p.finds(func(found, sought value) bool {
				return found.kind == kindText && strings.HasPrefix(found.text, sought.text)
			})
		case "contains":
			return p.finds(func(found, sought value) bool {
				return slices.Contains(found.texts, sought.text) || found.kind == kindText && strings.Contains(found.text, sought.text)
			})
		}
	}
	return p.comparison()
}

func (p *parser) exists(want bool) (condition, error) {
	name, err := p.argument()
	if err == nil {
		err = p.expect(")")
	}
	return func(i item) bool {
		_, has := i[name]
		return has == want
	}, err
}

// finds reads a function of an attribute and a text.
func (p *parser) finds(found func(found, sought value) bool) (condition, error) {
	name, err := p.argument()
	if err == nil {
		err = p.expect(",")
	}
	if err != nil {
		return nil, err
	}
	sought, err := p.value()
	if err == nil && sought.kind != kindText {
		err = p.wrong("Incorrect operand type for operator or function; operand type: %s", sought.kind)
	}
	if err == nil {
		err = p.expect(")")
	}
	return func(i item) bool {
		v, has := i[name]
		return has && found(v, sought)
	}, err
}

// argument reads the name of a function, which is known, and its first argument.
func (p *parser) argument() (string, error) {
	p.take()
	if err := p.expect("("); err != nil {
		return "", err
	}
	return p.name()
}

// operand finds a value in an item, which may lack it.
type operand func(item) (value, bool)

// comparison is false where an operand is missing or the types differ, as
// DynamoDB's is.
func (p *parser) comparison() (condition, error) {
	left, err := p.operand()
	if err != nil {
		return nil, err
	}
	operator := p.next()
	if operator != "=" && operator != "<" {
		return nil, p.unexpected()
	}
	p.take()
	right, err := p.operand()
	return func(i item) bool {
		a, hasA := left(i)
		b, hasB := right(i)
		switch {
		case !hasA || !hasB:
			return false
		case operator == "=":
			return a.equal(b)
		case !a.ordered() || !b.ordered():
			p.err = p.wrong("Incorrect operand type for operator or function; operator or function: <, operand types: %s and %s", a.kind, b.kind)
			return false
		default:
			return a.less(b)
		}
	}, err
}

func (p *parser) operand() (operand, error) {
	if strings.HasPrefix(p.next(), ":") {
		v, err := p.value()
		return func(item) (value, bool) { return v, true }, err
	}
	if len(p.tokens) > 1 && p.tokens[1] == "(" {
		return p.size()
	}
	name, err := p.name()
	return func(i item) (value, bool) {
		v, has := i[name]
		return v, has
	}, err
}

// size knows sets only, because that is all whose size anybody asks for.
func (p *parser) size() (operand, error) {
	if p.next() != "size" {
		return nil, p.unexpected()
	}
	name, err := p.argument()
	if err == nil {
		err = p.expect(")")
	}
	return func(i item) (value, bool) {
		v, has := i[name]
		if has && v.kind != kindTexts {
			p.err = p.wrong("the stand-in knows the size of sets only, and %s is of type %s", name, v.kind)
		}
		return wholeNumber(big.NewInt(int64(len(v.texts)))), has
	}, err
}
