package fakeaws

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// update reads an UpdateExpression and returns what changes an item by it
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html).
//
//	update = clause { clause }, each kind once
//	clause = SET name "=" value {"," …} | ADD name value {"," …}
//	       | DELETE name value {"," …} | REMOVE name {"," …}
func (x *expressions) update(text string) (func(item) (item, error), error) {
	p := x.parse("UpdateExpression", text)
	u := updater{parser: p, changed: map[string]bool{}}
	clauses := map[string]bool{}
	for first := true; first || p.next() != ""; first = false {
		clause := strings.ToUpper(p.take())
		if clauses[clause] {
			return nil, p.wrong("The %q section can only be used once in an update expression;", clause)
		}
		clauses[clause] = true
		read, known := map[string]func() error{"SET": u.set, "ADD": u.add, "DELETE": u.delete, "REMOVE": u.remove}[clause]
		if !known {
			return nil, p.wrong("Syntax error; token: %q", clause)
		}
		for more := true; more; more = p.takes(",") {
			if err := read(); err != nil {
				return nil, err
			}
		}
	}
	return u.apply, nil
}

// updater collects the changes of an update.
type updater struct {
	*parser
	changed map[string]bool
	changes []func(item) error
}

func (u *updater) apply(i item) (item, error) {
	for _, change := range u.changes {
		if err := change(i); err != nil {
			return nil, err
		}
	}
	return i, nil
}

// target reads the name of an attribute that is to be changed.
func (u *updater) target() (string, error) {
	name, err := u.name()
	switch {
	case err != nil:
		return "", err
	case name == keyAttribute:
		return "", fmt.Errorf("One or more parameter values were invalid: Cannot update attribute %s. This attribute is part of the key", name)
	case u.changed[name]:
		return "", u.wrong("Two document paths overlap with each other; must remove or rewrite one of these paths; path: %s", name)
	}
	u.changed[name] = true
	return name, nil
}

func (u *updater) set() error {
	name, err := u.target()
	if err != nil {
		return err
	}
	if err := u.expect("="); err != nil {
		return err
	}
	v, err := u.value()
	u.changes = append(u.changes, func(i item) error {
		i[name] = v
		return nil
	})
	return err
}

func (u *updater) add() error {
	return u.operate(func(i item, name string, v value) error {
		old, has := i[name]
		switch {
		case !has:
			i[name] = v
		case old.kind != v.kind:
			return errOperandType
		case v.kind == kindTexts:
			i[name] = old.with(v)
		default:
			i[name] = wholeNumber(new(big.Int).Add(old.number(), v.number()))
		}
		return nil
	}, kindNumber, kindTexts)
}

// delete takes members out of a set; a set without members is no attribute.
func (u *updater) delete() error {
	return u.operate(func(i item, name string, v value) error {
		old, has := i[name]
		switch {
		case !has:
			return nil
		case old.kind != v.kind:
			return errOperandType
		}
		if i[name] = old.without(v); len(i[name].texts) == 0 {
			delete(i, name)
		}
		return nil
	}, kindTexts)
}

var errOperandType = errors.New("An operand in the update expression has an incorrect data type")

// operate reads a name and a value of one of the kinds.
func (u *updater) operate(do func(item, string, value) error, kinds ...string) error {
	name, err := u.target()
	if err != nil {
		return err
	}
	v, err := u.value()
	if err != nil {
		return err
	}
	if !slices.Contains(kinds, v.kind) {
		return u.wrong("Incorrect operand type for operator or function; operand type: %s", v.kind)
	}
	u.changes = append(u.changes, func(i item) error { return do(i, name, v) })
	return nil
}

func (u *updater) remove() error {
	name, err := u.target()
	u.changes = append(u.changes, func(i item) error {
		delete(i, name)
		return nil
	})
	return err
}
