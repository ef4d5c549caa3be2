package fakedatadog

import (
	"regexp"
	"slices"
	"strings"
)

// query reports whether something matches, by the values that it has for a key. The
// key "" stands for its texts, in which a word may be anywhere.
type query func(values func(key string) []string) bool

// queryToken is a parenthesis, a key with its colon, a quoted or a bare word; each may
// have a minus before it.
var queryToken = regexp.MustCompile(`^\s*(-?)(\(|\)|[\w.@-]+:|"(?:[^"\\]|\\.)*"|(?:[^\s"():\\]|\\.)+)`)

// parseQuery reads Datadog's search syntax as far as it is used here: words,
// key:value, key:(a OR b), AND, OR, NOT, - and parentheses. It refuses everything else
// and every key that is not known, because a filter that is ignored proves nothing
// (https://docs.datadoghq.com/logs/explorer/search_syntax/).
func parseQuery(text string, known func(key string) bool) (q query, ok bool) {
	text = strings.TrimSpace(text)
	if text == "" || text == "*" {
		return func(func(string) []string) bool { return true }, true
	}
	p := queryParser{rest: text, known: known}
	q = p.anyOf("")
	return q, !p.failed && strings.TrimSpace(p.rest) == ""
}

type queryParser struct {
	rest   string
	known  func(key string) bool
	failed bool
}

// peek returns the next token and its minus without taking it.
func (p *queryParser) peek() (minus bool, token string) {
	match := queryToken.FindStringSubmatch(p.rest)
	if match == nil {
		return false, ""
	}
	return match[1] == "-", match[2]
}

func (p *queryParser) take() { p.rest = p.rest[len(queryToken.FindString(p.rest)):] }

// anyOf reads terms joined by OR; key is that of the values in parentheses.
func (p *queryParser) anyOf(key string) query {
	alternatives := []query{p.allOf(key)}
	for _, token := p.peek(); token == "OR"; _, token = p.peek() {
		p.take()
		alternatives = append(alternatives, p.allOf(key))
	}
	return func(values func(string) []string) bool {
		return slices.ContainsFunc(alternatives, func(q query) bool { return q(values) })
	}
}

// allOf reads terms joined by AND, or by nothing.
func (p *queryParser) allOf(key string) query {
	var terms []query
	for {
		_, token := p.peek()
		joined := token == "AND" && len(terms) > 0
		if joined {
			p.take()
			_, token = p.peek()
		}
		if token == "" || token == ")" || token == "OR" {
			p.failed = p.failed || joined || len(terms) == 0
			break
		}
		terms = append(terms, p.term(key))
	}
	return func(values func(string) []string) bool {
		return !slices.ContainsFunc(terms, func(q query) bool { return !q(values) })
	}
}

func (p *queryParser) term(key string) query {
	minus, token := p.peek()
	p.take()
	var q query
	switch {
	case token == "NOT":
		minus, q = true, p.term(key)
	case token == "(":
		q = p.anyOf(key)
		p.close()
	case strings.HasSuffix(token, ":") && key == "":
		q = p.valueOf(strings.ToLower(strings.TrimSuffix(token, ":")))
	default:
		q = p.value(key, token)
	}
	if minus {
		return func(values func(string) []string) bool { return !q(values) }
	}
	return q
}

// valueOf reads what follows a key: one value, or several in parentheses.
func (p *queryParser) valueOf(key string) query {
	minus, token := p.peek()
	p.take()
	if token != "(" {
		return p.value(key, token)
	}
	p.failed = p.failed || minus
	q := p.anyOf(key)
	p.close()
	return q
}

func (p *queryParser) close() {
	_, token := p.peek()
	p.failed = p.failed || token != ")"
	p.take()
}

func (p *queryParser) value(key, token string) query {
	if !p.known(key) || token == "" || token == ")" || strings.HasSuffix(token, ":") {
		p.failed = true
	}
	pattern := glob(token, key == "")
	return func(values func(string) []string) bool { return slices.ContainsFunc(values(key), pattern.MatchString) }
}

var escaped = regexp.MustCompile(`\\(.)`)

// glob makes a pattern of a value, in which an unquoted * stands for anything. A word
// matches anywhere in a text.
func glob(token string, word bool) *regexp.Regexp {
	unquoted := strings.TrimSuffix(strings.TrimPrefix(token, `"`), `"`)
	pattern := regexp.QuoteMeta(escaped.ReplaceAllString(unquoted, "$1"))
	if !strings.HasPrefix(token, `"`) {
		pattern = strings.ReplaceAll(pattern, `\*`, `.*`)
	}
	switch {
	case !word:
		pattern = `^` + pattern + `$`
	case strings.HasSuffix(token, "*"):
		pattern = `\b` + pattern
	default:
		pattern = `\b` + pattern + `\b`
	}
	return regexp.MustCompile(`(?is)` + pattern)
}

// tagValues returns the values of the tags with a key.
func tagValues(tags []string, key string) (values []string) {
	for _, tag := range tags {
		if name, value, _ := strings.Cut(tag, ":"); strings.EqualFold(name, key) {
			values = append(values, value)
		}
	}
	return values
}
