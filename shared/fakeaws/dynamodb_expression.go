package fakeaws

import (
	_ "embed"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// The words that no attribute may have for a name in an expression
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ReservedWords.html).
//
//go:embed dynamodb_reserved.txt
var reservedText string

var reservedWords = strings.Fields(reservedText)

// expressions reads the expressions of one request. What it knows of the language
// is what the ledger says in it; anything else is an error.
type expressions struct {
	names  map[string]string
	values map[string]value
	used   map[string]bool
	// err is what was found wrong while a condition was evaluated.
	err error
}

// parser goes through one expression, token by token.
type parser struct {
	*expressions
	what   string // the expression's parameter
	tokens []string
}

var expressionToken = regexp.MustCompile(`^\s*([:#]?[A-Za-z0-9_]+|<=|>=|<>|[^\s])`)

func (x *expressions) parse(what, text string) *parser {
	p := &parser{expressions: x, what: what}
	for rest := strings.TrimSpace(text); rest != ""; {
		token := expressionToken.FindStringSubmatch(rest)
		p.tokens = append(p.tokens, token[1])
		rest = strings.TrimSpace(rest[len(token[0]):])
	}
	return p
}

// next returns the next token, which is empty at the end.
func (p *parser) next() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0]
}

func (p *parser) take() string {
	token := p.next()
	if token != "" {
		p.tokens = p.tokens[1:]
	}
	return token
}

// takes takes the next token if it is this one; keywords are known in any case.
func (p *parser) takes(token string) bool {
	if !strings.EqualFold(p.next(), token) {
		return false
	}
	p.take()
	return true
}

func (p *parser) expect(token string) error {
	if !p.takes(token) {
		return p.unexpected()
	}
	return nil
}

func (p *parser) unexpected() error {
	token := p.next()
	if token == "" {
		token = "<EOF>"
	}
	return p.wrong("Syntax error, or what the stand-in does not know; token: %q", token)
}

func (p *parser) wrong(format string, args ...any) error {
	return fmt.Errorf("Invalid %s: %s", p.what, fmt.Sprintf(format, args...))
}

var plainName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)

// name reads an attribute's name, or what stands for one.
func (p *parser) name() (string, error) {
	token := p.next()
	switch {
	case strings.HasPrefix(token, "#"):
		name, defined := p.names[token]
		if !defined {
			return "", p.wrong("An expression attribute name used in the document path is not defined; attribute name: %s", token)
		}
		p.use(token)
		p.take()
		return name, nil
	case !plainName.MatchString(token):
		return "", p.unexpected()
	case slices.Contains(reservedWords, strings.ToUpper(token)):
		return "", p.wrong("Attribute name is a reserved keyword; reserved keyword: %s", token)
	}
	return p.take(), nil
}

// value reads what stands for a value.
func (p *parser) value() (value, error) {
	token := p.next()
	if !strings.HasPrefix(token, ":") {
		return value{}, p.unexpected()
	}
	v, defined := p.values[token]
	if !defined {
		return value{}, p.wrong("An expression attribute value used in expression is not defined; attribute value: %s", token)
	}
	p.use(token)
	p.take()
	return v, nil
}

func (x *expressions) use(token string) {
	if x.used == nil {
		x.used = map[string]bool{}
	}
	x.used[token] = true
}

// allUsed refuses what no expression uses, as DynamoDB does.
func (x *expressions) allUsed() error {
	for _, name := range slices.Sorted(maps.Keys(x.names)) {
		if !x.used[name] {
			return fmt.Errorf("Value provided in ExpressionAttributeNames unused in expressions: keys: {%s}", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(x.values)) {
		if !x.used[name] {
			return fmt.Errorf("Value provided in ExpressionAttributeValues unused in expressions: keys: {%s}", name)
		}
	}
	return nil
}
