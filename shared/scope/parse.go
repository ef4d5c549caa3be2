package scope

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// MaxLength is Datadog's limit, in characters.
const MaxLength = 3000

var (
	errUnclosed = errors.New("a parenthesis is not closed")
	errUnopened = errors.New("a parenthesis is closed that was not opened")
	errNoTag    = errors.New("a tag is missing after an operator or a parenthesis")
	errKey      = errors.New("a tag must have one key")
)

// Parse reads a scope.
func Parse(text string) (Scope, error) {
	if utf8.RuneCountInString(text) > MaxLength {
		return nil, fmt.Errorf("it has more than %d characters", MaxLength)
	}
	p := parser{rest: text}
	p.next()
	s := p.terms("")
	if p.token == ")" {
		p.fail(errUnopened)
	}
	if p.err != nil {
		return nil, p.err
	}
	return s, nil
}

// tokens are parentheses, words, which are operators or the values of a key in front of a
// parenthesis, and keys with a value or with such a parenthesis.
var tokens = regexp.MustCompile(`^(?:\)|(?:(\pL[\pL\pN_./-]*):)?(?:\(|\*|"[^"\\*?]+"|[\pL\pN_][\pL\pN_./-]*))`)

// parser reads a scope from left to right. After an error it is at its end.
type parser struct {
	rest       string
	token      string // empty at the end
	key, value string // of the token
	err        error
}

func (p *parser) fail(err error) {
	if p.err == nil {
		p.err = err
	}
	p.rest, p.token = "", ""
}

// next reads a token, which a blank, a parenthesis or the end must follow.
func (p *parser) next() {
	p.rest = strings.TrimSpace(p.rest)
	if p.token = ""; p.rest == "" {
		return
	}
	found := tokens.FindStringSubmatch(p.rest)
	if found == nil {
		p.fail(fmt.Errorf("Datadog does not document the syntax at %.20q", p.rest))
		return
	}
	p.token, p.key = found[0], found[1]
	p.value = strings.TrimPrefix(p.token, p.key+":")
	p.rest = p.rest[len(p.token):]
	if !strings.HasSuffix(p.token, "(") && !startsWithBoundary(p.rest) {
		p.fail(fmt.Errorf("Datadog does not document the syntax at %.20q", p.token+p.rest))
	}
}

func startsWithBoundary(rest string) bool {
	return rest == "" || strings.ContainsAny(rest[:1], " \t\r\n()")
}

// terms reads terms up to a closing parenthesis or the end. Values without a key have the
// one in front of their parenthesis.
func (p *parser) terms(key string) Scope {
	scopes, byOr := []Scope{p.term(key)}, []bool{false}
	for p.token != "" && p.token != ")" {
		isOr := p.token == "OR"
		if isOr || p.token == "AND" {
			p.next()
		}
		scopes, byOr = append(scopes, p.term(key)), append(byOr, isOr)
	}
	return join(scopes, byOr)
}

func (p *parser) term(key string) Scope {
	switch {
	case p.token == "":
		p.fail(errNoTag)
	case p.token == "NOT":
		p.next()
		return not(p.term(key))
	case p.value == "(":
		if p.key != "" {
			if key != "" {
				p.fail(errKey)
			}
			key = p.key
		}
		p.next()
		s := p.terms(key)
		if p.token != ")" {
			p.fail(errUnclosed)
		}
		p.next()
		return s
	case p.token == ")", p.token == "AND", p.token == "OR":
		p.fail(errNoTag)
	case (p.key == "") == (key == ""), p.value == "*" && p.key == "":
		p.fail(errKey)
	}
	key, value := key+p.key, strings.Trim(p.value, `"`)
	isAny := p.value == "*"
	p.next()
	if isAny {
		return anyValue(key)
	}
	return Tag(key + ":" + value)
}
