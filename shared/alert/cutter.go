package alert

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// cutter cuts text that is known to be valid JSON into values that share its
// memory: map[string]any, []any, string, json.Number, bool and nil. Of a key
// that comes twice the last value stays, as in encoding/json.
type cutter struct {
	text string
	at   int
}

// value reads the value at the cutter. It reports false, and stays where the
// bracket is, when that nests deeper than maxDepth.
func (c *cutter) value(level int) (any, bool) {
	c.skipSpace()
	switch c.text[c.at] {
	case '{':
		return c.object(level + 1)
	case '[':
		return c.list(level + 1)
	case '"':
		return c.quoted(), true
	case 't':
		c.at += len("true")
		return true, true
	case 'f':
		c.at += len("false")
		return false, true
	case 'n':
		c.at += len("null")
		return nil, true
	default:
		return c.number(), true
	}
}

func (c *cutter) object(level int) (any, bool) {
	if level > maxDepth {
		return nil, false
	}
	object := make(map[string]any, usualKeys(level))
	for c.more('}') {
		key := c.quoted()
		c.skipSpace()
		c.at++ // The colon.
		v, ok := c.value(level)
		if !ok {
			return nil, false
		}
		object[key] = v
	}
	return object, true
}

func (c *cutter) list(level int) (any, bool) {
	if level > maxDepth {
		return nil, false
	}
	list := []any{}
	for c.more(']') {
		v, ok := c.value(level)
		if !ok {
			return nil, false
		}
		list = append(list, v)
	}
	return list, true
}

// more steps over the opening bracket or the comma to the next member, and
// reports false behind the closing bracket.
func (c *cutter) more(closing byte) bool {
	c.skipSpace()
	if c.text[c.at] != closing {
		c.at++
		c.skipSpace()
	}
	if c.text[c.at] == closing {
		c.at++
		return false
	}
	return true
}

// skipSpace relies on valid JSON having no other control characters between tokens.
func (c *cutter) skipSpace() {
	for c.text[c.at] <= ' ' {
		c.at++
	}
}

func (c *cutter) number() json.Number {
	start := c.at
	for c.at < len(c.text) && strings.IndexByte(whiteSpace+",]}", c.text[c.at]) < 0 {
		c.at++
	}
	return json.Number(c.text[start:c.at])
}

// quoted reads a string. Only one with escapes or broken UTF-8 has to be copied.
func (c *cutter) quoted() string {
	rest := c.text[c.at+1:]
	end := strings.IndexByte(rest, '"')
	escaped := strings.IndexByte(rest[:end], '\\') >= 0
	if escaped {
		end = closingQuote(rest)
	}
	c.at += end + 2
	s := rest[:end]
	if escaped {
		s = unescape(s)
	}
	if !utf8.ValidString(s) {
		s = string([]rune(s)) // Each broken byte becomes U+FFFD.
	}
	return s
}

// closingQuote finds the quotation mark that no backslash escapes.
func closingQuote(s string) int {
	i := 0
	for s[i] != '"' {
		if s[i] == '\\' {
			i++
		}
		i++
	}
	return i
}

// usualKeys spares the large objects of a payload, the outermost two, from
// growing. 28 is what Go's maps hold in 32 slots, and what Torq's metadata has.
func usualKeys(level int) int {
	if level <= 2 {
		return 28
	}
	return 0
}

// unescape replaces the escapes of a valid JSON string.
func unescape(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for {
		plain, rest, found := strings.Cut(s, `\`)
		b.WriteString(plain)
		if !found {
			return b.String()
		}
		s = rest[1:]
		switch rest[0] {
		case 'b':
			b.WriteByte('\b')
		case 'f':
			b.WriteByte('\f')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case 'u':
			var r rune
			r, s = unicodeEscape(s)
			b.WriteRune(r)
		default: // A quotation mark, a backslash or a slash stands for itself.
			b.WriteByte(rest[0])
		}
	}
}

// unicodeEscape reads the four digits at the start of s, and a second escape
// when the two are a surrogate pair. A surrogate alone is U+FFFD.
func unicodeEscape(s string) (r rune, rest string) {
	r, rest = hexRune(s), s[4:]
	if !utf16.IsSurrogate(r) {
		return r, rest
	}
	if strings.HasPrefix(rest, `\u`) {
		if pair := utf16.DecodeRune(r, hexRune(rest[2:])); pair != utf8.RuneError {
			return pair, rest[6:]
		}
	}
	return utf8.RuneError, rest
}

func hexRune(s string) rune {
	n, _ := strconv.ParseUint(s[:4], 16, 32) // Valid JSON has four hexadecimal digits here.
	return rune(n)
}
