package fakedatadog

import (
	"regexp"
	"slices"
	"strings"
)

// query is a search in Datadog's syntax, as far as it is used here: words, key:value,
// key:(a OR b), AND, OR, NOT, - and parentheses
// (https://docs.datadoghq.com/logs/explorer/search_syntax/). It reports whether something
// has the values that it wants for each key. The key "" stands for its texts, in which a
// word may be anywhere.
type query func(values func(key string) []string) bool

var token = regexp.MustCompile(`^(-|\(|\)|[\w.@-]+:|"(?:[^"\\]|\\.)*"|(?:[^\s"():\\]|\\.)+)`)

// parseQuery refuses what it does not know, because a filter that is ignored proves
// nothing.
func parseQuery(text string) (q query, ok bool) {
	var p queryParser
	for text = strings.TrimSpace(text); text != "" && text != "*"; text = strings.TrimSpace(text) {
		next := token.FindString(text)
		if next == "" {
			return nil, false
		}
		p.rest, text = append(p.rest, next), text[len(next):]
	}
	if len(p.rest) == 0 {
		return func(func(string) []string) bool { return true }, true
	}
	q = p.anyOf("")
	return q, !p.failed && len(p.rest) == 0
}

type queryParser struct {
	rest   []string
	failed bool
}

func (p *queryParser) next() (text string) {
	if len(p.rest) > 0 {
		text, p.rest = p.rest[0], p.rest[1:]
	}
	return text
}

// take takes the next token if it is one of those.
func (p *queryParser) take(texts ...string) bool {
	taken := len(p.rest) > 0 && slices.Contains(texts, p.rest[0])
	if taken {
		p.next()
	}
	return taken
}

// anyOf reads terms joined by OR; key is that of the values in parentheses.
func (p *queryParser) anyOf(key string) query {
	q := p.allOf(key)
	for p.take("OR") {
		left, right := q, p.allOf(key)
		q = func(values func(string) []string) bool { return left(values) || right(values) }
	}
	return q
}

// allOf reads terms joined by AND, or by nothing.
func (p *queryParser) allOf(key string) query {
	q := p.term(key)
	for p.take("AND") || len(p.rest) > 0 && p.rest[0] != "OR" && p.rest[0] != ")" {
		left, right := q, p.term(key)
		q = func(values func(string) []string) bool { return left(values) && right(values) }
	}
	return q
}

func (p *queryParser) term(key string) query {
	if p.take("NOT", "-") {
		q := p.term(key)
		return func(values func(string) []string) bool { return !q(values) }
	}
	text := p.next()
	if name, isKey := strings.CutSuffix(text, ":"); isKey && key == "" {
		key, text = strings.ToLower(name), p.next()
	}
	if text == "(" {
		q := p.anyOf(key)
		p.failed = !p.take(")") || p.failed
		return q
	}
	p.failed = p.failed || slices.Contains([]string{"", ")", "OR", "AND"}, text) || strings.HasSuffix(text, ":")
	wanted := escaped.ReplaceAllString(strings.Trim(text, `"`), "$1")
	return func(values func(string) []string) bool {
		return slices.ContainsFunc(values(key), func(value string) bool {
			return strings.EqualFold(value, wanted) || wanted == "*" || key == "" && strings.Contains(strings.ToLower(value), strings.ToLower(wanted))
		})
	}
}

var escaped = regexp.MustCompile(`\\(.)`)

// tagValues returns the values of the tags with a key.
func tagValues(tags []string, key string) (values []string) {
	for _, tag := range tags {
		if name, value, _ := strings.Cut(tag, ":"); strings.EqualFold(name, key) {
			values = append(values, value)
		}
	}
	return values
}
