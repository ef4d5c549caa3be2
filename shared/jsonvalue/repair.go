package jsonvalue

import (
	"regexp"
	"strings"
	"sync"
)

// A lenient parser repairs what templates and their variables do to JSON, where it can be
// read in one way only, because Datadog does not resend a rejected alert:
//
//   - a missing or superfluous comma;
//   - a value that is missing or has no quotes: "logs": $LOGS_SAMPLE, "priority": P2;
//   - a line break or another control character in a string;
//   - a variable that holds JSON between quotes: "logs": "{"columns": […]}".

// quoted reads a string, or the object or list between the quotes as if the
// quotes were not there. Truncated or invalid JSON between quotes is text up to the
// first quote after which the rest of the body can be read.
func (p *parser) quoted(level int) (any, bool) {
	start := p.at
	s, ok := p.string()
	if ok && p.endsValue() {
		return s, true
	}
	inner := parser{text: p.text, at: start + 1}
	inner.skipSpace()
	holdsJSON := inner.peek() == '{' || inner.peek() == '['
	if v, valid := inner.value(level); valid && holdsJSON && inner.take('"') && inner.endsValue() {
		p.at = inner.at
		return v, true
	}
	if next := ok && p.startsNext(); next || !holdsJSON {
		return s, next
	}
	p.at = max(p.at, inner.at) // How far was read, for completes.
	for end := start + 1; p.maxRepairs > 0 && end < len(p.text); end++ {
		switch p.text[end] {
		case '\\':
			end++
		case '"':
			if p.completes(end+1, level) {
				p.at = end + 1
				return validText(p.text[start+1 : end]), true
			}
		}
	}
	return nil, false
}

// endsValue reports whether the next byte may follow a value in an object or a list.
func (p *parser) endsValue() bool {
	p.skipSpace()
	b := p.peek()
	return b == ',' || b == '}' || b == ']'
}

// startsNext reports whether a string starts after white space, another value on a new
// line, or a key at once, so that only a comma is missing. Any other quote belongs to the
// text before it.
func (p *parser) startsNext() bool {
	space := p.text[strings.LastIndexByte(p.text[:p.at], '"')+1 : p.at]
	if p.peek() != '"' {
		return strings.Contains(space, "\n") && strings.IndexByte("-0123456789tfn[{", p.peek()) >= 0
	}
	next := *p
	_, isString := next.string()
	return space != "" || isString && next.take(':')
}

// completes reports whether the body from at on is the rest of that many objects. Only
// one value of a body may be truncated, so that rest needs no search of its own.
func (p *parser) completes(at, objects int) bool {
	rest := parser{text: p.text, at: at, lenient: true}
	ok := true
	for ; ok && objects > 0; objects-- {
		ok = rest.members(map[string]any{}, objects)
	}
	rest.skipSpace()
	p.maxRepairs -= rest.at - at + 1
	return ok && rest.at == len(p.text)
}

// variable matches $HOSTNAME and $TAGS[service]. Tags have at most 200 characters.
var variable = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\$[A-Z][A-Z0-9_]*(\[[^\]]{0,200}\])?`)
})

// Variable returns the name of Datadog's variable at the start of a text, or "".
func Variable(text string) string {
	const longest = 300 // Bytes, so that the rest of the text costs no time.
	return variable().FindString(text[:min(len(text), longest)])
}
