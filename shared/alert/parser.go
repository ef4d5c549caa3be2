package alert

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

var byteOrderMark = []byte("\ufeff")

// parseObject reads a body that is one JSON object, or can be repaired into one.
func parseObject(body []byte) (map[string]any, error) {
	v, err := parse(body)
	if err != nil {
		repaired, ok := parseRepaired(body)
		if !ok {
			return nil, err
		}
		v = repaired
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, &MalformedError{Reason: "it is " + kindOf(v) + "; send an object: {\"id\": \"$ID\", …}"}
	}
	return object, nil
}

// parse reads one JSON value into map[string]any, []any, string, json.Number, bool
// and nil.
func parse(body []byte) (any, error) {
	rest := bytes.TrimPrefix(bytes.TrimLeft(body, whiteSpace), byteOrderMark)
	if len(bytes.TrimLeft(rest, whiteSpace)) == 0 {
		return nil, &MalformedError{Reason: "it is empty"}
	}
	p := parser{text: string(rest)}
	if v, ok := p.document(); ok {
		return v, nil
	}
	start := len(body) - len(rest)
	if p.tooDeep {
		return nil, malformedAt(body, start+p.at, "it is nested more than 64 deep", "")
	}
	return nil, syntaxError(body, start)
}

// parseRepaired reads a body in which a variable that holds JSON stands unescaped
// between quotes: "logs_sample": "{"columns": […]}". Datadog does not document
// whether it escapes such values, and it does not resend a rejected alert.
func parseRepaired(body []byte) (any, bool) {
	rest := bytes.TrimPrefix(bytes.TrimLeft(body, whiteSpace), byteOrderMark)
	p := parser{text: string(rest), repair: true, maxRepairs: 8 * len(rest)}
	return p.document()
}

// parser reads JSON like encoding/json, which FuzzParse compares it with. It takes
// less than half the time, because its strings share the text's memory, and it bounds
// the depth.
type parser struct {
	text       string
	at         int
	tooDeep    bool // The bracket at the parser nests deeper than maxDepth.
	repair     bool // Read unescaped JSON between quotes.
	maxRepairs int  // How many bytes the search for the end of truncated JSON may read.
}

func (p *parser) document() (any, bool) {
	v, ok := p.value(0)
	p.skipSpace()
	return v, ok && p.at == len(p.text)
}

func (p *parser) value(level int) (any, bool) {
	p.skipSpace()
	switch p.peek() {
	case '{':
		return p.object(level + 1)
	case '[':
		return p.list(level + 1)
	case '"':
		if p.repair {
			return p.repairedString(level)
		}
		return p.string()
	case 't':
		return true, p.word("true")
	case 'f':
		return false, p.word("false")
	case 'n':
		return nil, p.word("null")
	default:
		return p.number()
	}
}

func (p *parser) object(level int) (any, bool) {
	if p.tooDeep = level > maxDepth; p.tooDeep {
		return nil, false
	}
	p.at++
	size := 0
	if level <= 2 {
		size = 28 // Go's maps hold 28 keys without growing, and the usual payload has as many.
	}
	object := make(map[string]any, size)
	return object, p.members(object, level)
}

// members reads the rest of an object, with its closing brace.
func (p *parser) members(object map[string]any, level int) bool {
	for !p.take('}') {
		if len(object) > 0 && !p.take(',') {
			return false
		}
		p.skipSpace()
		key, ok := p.string()
		if !ok || !p.take(':') {
			return false
		}
		v, ok := p.value(level)
		if !ok {
			return false
		}
		object[key] = v
	}
	return true
}

func (p *parser) list(level int) (any, bool) {
	if p.tooDeep = level > maxDepth; p.tooDeep {
		return nil, false
	}
	list := []any{}
	for p.at++; !p.take(']'); {
		if len(list) > 0 && !p.take(',') {
			return nil, false
		}
		v, ok := p.value(level)
		if !ok {
			return nil, false
		}
		list = append(list, v)
	}
	return list, true
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
	for p.at < len(p.text) && strings.IndexByte(whiteSpace, p.text[p.at]) >= 0 {
		p.at++
	}
}

func (p *parser) word(w string) bool {
	if !strings.HasPrefix(p.text[p.at:], w) {
		return false
	}
	p.at += len(w)
	return true
}

// number keeps the spelling, which the digest depends on.
func (p *parser) number() (json.Number, bool) {
	start := p.at
	for p.at < len(p.text) && strings.IndexByte("+-.0123456789Ee", p.text[p.at]) >= 0 {
		p.at++
	}
	number := p.text[start:p.at]
	return json.Number(number), json.Valid([]byte(number))
}

// string copies only a string that has escapes or invalid UTF-8.
func (p *parser) string() (s string, ok bool) {
	if p.peek() != '"' {
		return "", false
	}
	rest := p.text[p.at+1:]
	end, escaped := plainBytes(rest), false
	for end < len(rest) && rest[end] == '\\' {
		escaped = true
		end = min(end+2, len(rest))
		end += plainBytes(rest[end:])
	}
	if end == len(rest) || rest[end] != '"' {
		p.at += 1 + end
		return "", false
	}
	p.at += end + 2
	if escaped {
		return unescape(rest[:end])
	}
	return validText(rest[:end]), true
}

// validText replaces each invalid byte by U+FFFD.
func validText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}

// plainBytes returns how many bytes at the start of s stand for themselves in a string.
func plainBytes(s string) int {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' {
			return i
		}
	}
	return len(s)
}

// unescape leaves strings with Unicode escapes to encoding/json, which pairs surrogates.
func unescape(s string) (string, bool) {
	if strings.Contains(s, `\u`) {
		var plain string
		err := json.Unmarshal([]byte(`"`+s+`"`), &plain)
		return plain, err == nil
	}
	var b strings.Builder
	b.Grow(len(s))
	for {
		plain, rest, found := strings.Cut(s, `\`)
		b.WriteString(plain)
		if !found {
			return validText(b.String()), true
		}
		i := strings.IndexByte(`"\/bfnrt`, rest[0])
		if i < 0 {
			return "", false
		}
		b.WriteByte("\"\\/\b\f\n\r\t"[i])
		s = rest[1:]
	}
}
