// Package jsonvalue reads JSON that comes from people's templates: as encoding/json does,
// and with the mistakes that leave one reading. Its values are map[string]any, []any,
// string, json.Number, bool and nil. It writes JSON for people, too.
//
// No library reads all of them: hujson knows comments and trailing commas only, and
// jsonrepair takes quadratic time and completes truncated text.
package jsonvalue

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// maxDepth bounds the nesting of a payload. Datadog's object variables need less
// than ten.
const maxDepth = 64

// whiteSpace is what JSON allows between its tokens.
const whiteSpace = " \t\r\n"

// Parse reads text that is JSON, without repairing it.
func Parse(text string) (v any, ok bool) {
	p := parser{text: text}
	if v, ok = p.document(); !ok {
		return nil, false
	}
	return v, true
}

// ParseObject reads a body that is one JSON object, or can be repaired into one. The error
// is a *SyntaxError.
func ParseObject(body []byte) (map[string]any, error) {
	rest := bytes.TrimPrefix(bytes.TrimLeft(body, whiteSpace), []byte("\ufeff"))
	start := len(body) - len(rest)
	p := parser{text: string(rest), lenient: true, maxRepairs: 8 * len(rest)}
	v, ok := p.document()
	object, isObject := v.(map[string]any)
	switch {
	case ok && isObject:
		return object, nil
	case p.tooDeep:
		return nil, errorAt(body, start+p.at, "it is nested more than 64 deep")
	default:
		return nil, explain(body, start)
	}
}

// parser reads JSON like encoding/json, which FuzzParse compares it with. It takes
// less than half the time, because its strings share the text's memory, and it bounds
// the depth.
type parser struct {
	text       string
	at         int
	tooDeep    bool // The bracket at the parser nests deeper than maxDepth.
	lenient    bool // Read what repair.go describes.
	maxRepairs int  // How many bytes the search for the end of truncated JSON may read.
}

func (p *parser) document() (any, bool) {
	v, ok := p.value(0)
	p.skipSpace()
	return v, ok && p.at == len(p.text)
}

// value reads a value that is inside so many objects and lists.
func (p *parser) value(level int) (any, bool) {
	p.skipSpace()
	first := p.peek()
	p.tooDeep = level == maxDepth && (first == '{' || first == '[')
	switch {
	case p.tooDeep:
		return nil, false
	case first == '{':
		p.at++
		object := map[string]any{}
		return object, p.members(object, level+1)
	case first == '[':
		p.at++
		return p.list(level + 1)
	case first == '"' && p.lenient:
		return p.quoted(level)
	case first == '"':
		return p.string()
	default:
		return p.word()
	}
}

// members reads the rest of an object, with its closing brace.
func (p *parser) members(object map[string]any, level int) bool {
	for first := true; p.separated('}', first); first = false {
		if p.take('}') {
			return true
		}
		key, ok := p.string()
		if !ok || !p.take(':') {
			return false
		}
		if p.lenient && p.endsValue() {
			object[key] = nil
			continue
		}
		if object[key], ok = p.value(level); !ok {
			return false
		}
	}
	return false
}

// list reads the rest of a list, with its closing bracket.
func (p *parser) list(level int) (any, bool) {
	list := []any{}
	for first := true; p.separated(']', first); first = false {
		if p.take(']') {
			return list, true
		}
		v, ok := p.value(level)
		if !ok {
			return nil, false
		}
		list = append(list, v)
	}
	return nil, false
}

// separated moves over the comma before a value, which the first one and the end have not.
func (p *parser) separated(end byte, first bool) bool {
	commas := 0
	for p.take(',') {
		commas++
	}
	none := first || p.peek() == end
	return p.lenient || commas == 0 && none || commas == 1 && !none
}

// peek returns the next byte, and 0 at the end.
func (p *parser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

// take skips white space and then b, if it is next.
func (p *parser) take(b byte) bool {
	p.skipSpace()
	if p.peek() != b {
		return false
	}
	p.at++
	return true
}

func (p *parser) skipSpace() {
	for p.at < len(p.text) && p.text[p.at] <= ' ' && strings.IndexByte(whiteSpace, p.text[p.at]) >= 0 {
		p.at++
	}
}

// word reads a number, whose spelling the digest depends on, true, false or null.
// Lenient, it reads a word as text.
func (p *parser) word() (any, bool) {
	word := p.text[p.at:]
	if p.lenient && strings.HasPrefix(word, "$") {
		word = Variable(word) // $TAGS[team] has a bracket.
	} else if end := strings.IndexAny(word, whiteSpace+`"{[,]}`); end >= 0 {
		word = word[:end]
	}
	p.at += len(word)
	switch {
	case word == "true" || word == "false":
		return word == "true", true
	case word == "null":
		return nil, true
	case word != "" && strings.IndexByte("-0123456789", word[0]) >= 0 && json.Valid([]byte(word)):
		return json.Number(word), true
	default:
		return validText(word), p.lenient && word != "" && !strings.ContainsAny(word, "'`\\")
	}
}

// string copies only a string that has escapes or invalid UTF-8.
func (p *parser) string() (string, bool) {
	if p.peek() != '"' {
		return "", false
	}
	start := p.at + 1
	for p.at++; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == '\\':
			p.at++
		case c == '"':
			p.at++
			return unescape(p.text[start : p.at-1])
		case c < ' ' && !p.lenient:
			return "", false
		}
	}
	p.at = len(p.text)
	return "", false
}

// unescape returns the text of a string. A control character is what stands between two
// strings of JSON.
func unescape(s string) (string, bool) {
	if !strings.Contains(s, `\`) {
		return validText(s), true
	}
	var text strings.Builder
	for start, at := 0, 0; ; at++ {
		if at < len(s) && s[at] >= ' ' {
			continue
		}
		var part string
		if json.Unmarshal([]byte(`"`+s[start:at]+`"`), &part) != nil {
			return "", false
		}
		text.WriteString(part)
		if at == len(s) {
			return text.String(), true
		}
		text.WriteByte(s[at])
		start = at + 1
	}
}

// validText replaces each invalid byte by U+FFFD.
func validText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}
