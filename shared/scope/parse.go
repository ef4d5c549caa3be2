package scope

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// maxLength is Datadog's limit, in characters.
const maxLength = 3000

// Parse reads a scope. With an error the scope is undecided about all tags.
func Parse(text string) (Scope, error) {
	if utf8.RuneCountInString(text) > maxLength {
		return unknown, fmt.Errorf("it has more than %d characters", maxLength)
	}
	p := parser{rest: text}
	p.next()
	s := p.terms("")
	if p.token != "" {
		p.fail()
	}
	if p.err != nil {
		return unknown, p.err
	}
	return s, nil
}

// token is a parenthesis, a word, which is an operator or one of several values of a key, or
// a key with a value or with the parenthesis before its values.
var token = regexp.MustCompile(`^(?:\)|(?:(\pL[\pL\pN_./-]*):)?(?:\(|\*|"[^"\\*?]+"|[\pL\pN_][\pL\pN_./-]*))`)

// parser reads a scope from left to right. After an error it is at the end.
type parser struct {
	rest       string
	token      string // empty at the end
	key, value string // of the token
	err        error
}

// fail refuses what begins with the token.
func (p *parser) fail() {
	if p.err == nil {
		p.err = fmt.Errorf("Datadog does not document the syntax at %.30q", p.token+p.rest)
	}
	p.rest, p.token, p.key, p.value = "", "", "", ""
}

// Other characters of white space are refused, inside as at the end.
const blanks = " \t\r\n"

// next reads a token, which a blank, a parenthesis or the end must follow.
func (p *parser) next() {
	p.rest = strings.Trim(p.rest, blanks)
	if p.token, p.key, p.value = "", "", ""; p.rest == "" {
		return
	}
	found := token.FindStringSubmatch(p.rest)
	if found == nil {
		p.fail()
		return
	}
	p.token, p.key = found[0], found[1]
	p.value, p.rest = strings.TrimPrefix(p.token, p.key+":"), p.rest[len(p.token):]
	if p.value != "(" && p.rest != "" && !strings.ContainsAny(p.rest[:1], blanks+"()") {
		p.fail()
	}
}

// terms reads terms up to a closing parenthesis or the end. They are values if there is a
// key.
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
	isValue := key != ""
	switch {
	case p.token == "NOT":
		p.next()
		return not(p.term(key))
	case p.value == "(" && (p.key == "" || !isValue):
		key += p.key
		p.next()
		s := p.terms(key)
		if p.token != ")" {
			p.fail()
		}
		p.next()
		return s
	case p.token == "", p.token == ")", p.token == "AND", p.token == "OR", (p.key == "") != isValue, p.token == "*":
		p.fail()
		return unknown
	}
	s := has(key+p.key, strings.Trim(p.value, `"`))
	p.next()
	return s
}
