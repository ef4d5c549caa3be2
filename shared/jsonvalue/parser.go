// Package jsonvalue reads JSON that comes from people's templates: as encoding/json does,
// and with the mistakes that leave one reading. Its values are map[string]any, []any,
// string, json.Number, bool and nil.
//
// No library reads all of them: hujson knows comments and trailing commas only, and
// jsonrepair takes quadratic time and completes truncated text.
package jsonvalue

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds the nesting of a payload. Datadog's object variables need less
// than ten.
const maxDepth = 64

// whiteSpace is what JSON allows between its tokens.
const whiteSpace = " \t\r\n"

// Parse reads text that is JSON, without mending it.
func Parse(text string) (v any, ok bool) {
	p := parser{text: text}
	if v, ok = p.document(); !ok {
		return nil, false
	}
	return v, true
}

// ParseObject reads a body that is one JSON object, or can be mended into one. The error
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
		size := 0
		if level < 2 && strings.IndexByte(p.text[p.at:], '}') > 256 {
			size = 28 // Go's maps hold 28 keys without growing, and the usual payload has as many.
		}
		object := make(map[string]any, size)
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
func (p *parser) string() (s string, ok bool) {
	if p.peek() != '"' {
		return "", false
	}
	start := p.at + 1
	for end := start; ; end++ {
		quote := strings.IndexByte(p.text[end:], '"')
		if quote < 0 {
			p.at = len(p.text)
			return "", false
		}
		end += quote
		s = p.text[start:end]
		p.at = end + 1
		if backslashes := len(s) - len(strings.TrimRight(s, `\`)); backslashes%2 == 0 {
			break
		}
	}
	switch {
	case !p.lenient && strings.ContainsFunc(s, func(r rune) bool { return r < ' ' }):
		return "", false
	case strings.Contains(s, `\`):
		return unescape(s)
	default:
		return validText(s), true
	}
}

// validText replaces each invalid byte by U+FFFD.
func validText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}

// unescape returns the text of a string. A surrogate without its other half is U+FFFD.
func unescape(s string) (string, bool) {
	var b strings.Builder
	b.Grow(len(s))
	for {
		i := strings.IndexByte(s, '\\')
		if i < 0 {
			b.WriteString(s)
			return validText(b.String()), true
		}
		b.WriteString(s[:i])
		s = s[i:]
		if i := strings.IndexByte(`"\/bfnrt`, s[1]); i >= 0 {
			b.WriteByte("\"\\/\b\f\n\r\t"[i])
			s = s[2:]
			continue
		}
		r, ok := codeUnit(s)
		if !ok {
			return "", false
		}
		s = s[6:]
		if utf16.IsSurrogate(r) {
			low, _ := codeUnit(s)
			if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
				s = s[6:]
			}
		}
		b.WriteRune(r)
	}
}

// codeUnit reads the UTF-16 code unit of \uXXXX at the start of s.
func codeUnit(s string) (rune, bool) {
	if len(s) < 6 || s[:2] != `\u` {
		return 0, false
	}
	unit, err := strconv.ParseUint(s[2:6], 16, 16)
	return rune(unit), err == nil
}
