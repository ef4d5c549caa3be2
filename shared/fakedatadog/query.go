package fakedatadog

import (
	"regexp"
	"slices"
	"strings"
)

// query is a search in Datadog's syntax, as far as it is used here: words, key:value,
// key:(a OR b), AND, OR, NOT, - and parentheses
// (https://docs.datadoghq.com/logs/explorer/search_syntax/).
type query []string

var token = regexp.MustCompile(`^(-|\(|\)|[\w.@-]+:|"(?:[^"\\]|\\.)*"|(?:[^\s"():\\]|\\.)+)`)

// parseQuery splits a query. It refuses everything else, because a filter that is
// ignored proves nothing.
func parseQuery(text string) (q query, ok bool) {
	for text = strings.TrimSpace(text); text != "" && text != "*"; text = strings.TrimSpace(text) {
		next := token.FindString(text)
		if next == "" {
			return nil, false
		}
		q, text = append(q, next), text[len(next):]
	}
	e := evaluation{rest: q, values: func(string) []string { return nil }}
	e.run()
	return q, !e.failed
}

// matches reports whether something has the values that the query wants for each key.
// The key "" stands for its texts, in which a word may be anywhere.
func (q query) matches(values func(key string) []string) bool {
	e := evaluation{rest: q, values: values}
	return e.run()
}

// evaluation reads a query from left to right.
type evaluation struct {
	rest   query
	values func(key string) []string
	failed bool
}

func (e *evaluation) run() bool {
	if len(e.rest) == 0 {
		return true
	}
	matches := e.anyOf("")
	e.failed = e.failed || len(e.rest) > 0
	return matches
}

func (e *evaluation) next() (text string) {
	if len(e.rest) > 0 {
		text, e.rest = e.rest[0], e.rest[1:]
	}
	return text
}

// take takes the next token if it is one of those.
func (e *evaluation) take(texts ...string) bool {
	taken := len(e.rest) > 0 && slices.Contains(texts, e.rest[0])
	if taken {
		e.next()
	}
	return taken
}

// anyOf reads terms joined by OR; key is that of the values in parentheses.
func (e *evaluation) anyOf(key string) bool {
	matches := e.allOf(key)
	for e.take("OR") {
		matches = e.allOf(key) || matches
	}
	return matches
}

// allOf reads terms joined by AND, or by nothing.
func (e *evaluation) allOf(key string) bool {
	matches := e.term(key)
	for e.take("AND") || len(e.rest) > 0 && e.rest[0] != "OR" && e.rest[0] != ")" {
		matches = e.term(key) && matches
	}
	return matches
}

func (e *evaluation) term(key string) bool {
	if e.take("NOT", "-") {
		return !e.term(key)
	}
	text := e.next()
	if name, isKey := strings.CutSuffix(text, ":"); isKey && key == "" {
		key, text = strings.ToLower(name), e.next()
	}
	if text == "(" {
		matches := e.anyOf(key)
		e.failed = !e.take(")") || e.failed
		return matches
	}
	e.failed = e.failed || slices.Contains([]string{"", ")", "OR", "AND"}, text) || strings.HasSuffix(text, ":")
	wanted := escaped.ReplaceAllString(strings.Trim(text, `"`), "$1")
	return slices.ContainsFunc(e.values(key), func(value string) bool { return has(value, wanted, key == "") })
}

var escaped = regexp.MustCompile(`\\(.)`)

// has reports whether a value is what a query wants, or for a word has it anywhere.
func has(value, wanted string, word bool) bool {
	return strings.EqualFold(value, wanted) || wanted == "*" || word && strings.Contains(strings.ToLower(value), strings.ToLower(wanted))
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
