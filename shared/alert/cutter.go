package alert

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// cutter cuts JSON into values that share the text's memory: map[string]any,
// []any, string, json.Number, bool and nil. It accepts what encoding/json accepts
// and reads it alike, which FuzzParse watches over, but without scanning twice and
// copying every string, and with a bound on the depth. What it refuses,
// encoding/json is asked to explain.
type cutter struct {
	text string
	at   int
	// tooDeep says that the bracket at the cutter nests deeper than maxDepth.
	tooDeep bool
	// loose and patience are those of parseLoose.
	loose    bool
	patience int
}

// whole reads the one value of the text.
func (c *cutter) whole() (any, bool) {
	v, ok := c.value(0)
	c.skipSpace()
	return v, ok && c.at == len(c.text)
}

func (c *cutter) value(level int) (any, bool) {
	c.skipSpace()
	switch c.peek() {
	case '{':
		return c.object(level + 1)
	case '[':
		return c.list(level + 1)
	case '"':
		if c.loose {
			return c.quotedLoosely(level)
		}
		return c.quoted()
	case 't':
		return true, c.word("true")
	case 'f':
		return false, c.word("false")
	case 'n':
		return nil, c.word("null")
	default:
		return c.number()
	}
}

func (c *cutter) object(level int) (any, bool) {
	if c.tooDeep = level > maxDepth; c.tooDeep {
		return nil, false
	}
	c.at++
	object := make(map[string]any, usualKeys(level))
	return object, c.members(object, level)
}

// members reads what is left of an object, its closing brace included.
func (c *cutter) members(object map[string]any, level int) bool {
	for !c.take('}') {
		if len(object) > 0 && !c.take(',') {
			return false
		}
		c.skipSpace()
		key, ok := c.quoted()
		if !ok || !c.take(':') {
			return false
		}
		v, ok := c.value(level)
		if !ok {
			return false
		}
		object[key] = v
	}
	return true
}

func (c *cutter) list(level int) (any, bool) {
	if c.tooDeep = level > maxDepth; c.tooDeep {
		return nil, false
	}
	list := []any{}
	for c.at++; !c.take(']'); {
		if len(list) > 0 && !c.take(',') {
			return nil, false
		}
		v, ok := c.value(level)
		if !ok {
			return nil, false
		}
		list = append(list, v)
	}
	return list, true
}

// usualKeys spares the large objects of a payload, the outermost two, from
// growing. 28 is what Go's maps hold in 32 slots, and what Torq's metadata has.
func usualKeys(level int) int {
	if level <= 2 {
		return 28
	}
	return 0
}

// peek returns the byte at the cutter, and 0 at the end.
func (c *cutter) peek() byte {
	if c.at < len(c.text) {
		return c.text[c.at]
	}
	return 0
}

// take steps over white space and then b, if it is there.
func (c *cutter) take(b byte) bool {
	c.skipSpace()
	if c.peek() != b {
		return false
	}
	c.at++
	return true
}

func (c *cutter) skipSpace() {
	for c.at < len(c.text) {
		switch c.text[c.at] {
		case ' ', '\t', '\r', '\n':
			c.at++
		default:
			return
		}
	}
}

func (c *cutter) word(w string) bool {
	if !strings.HasPrefix(c.text[c.at:], w) {
		return false
	}
	c.at += len(w)
	return true
}

// number reads -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)? as it is spelled.
func (c *cutter) number() (json.Number, bool) {
	start := c.at
	c.skipOne("-")
	leadingZero := c.peek() == '0'
	digits := c.digits()
	if digits == 0 || leadingZero && digits > 1 {
		return "", false
	}
	if c.skipOne(".") && c.digits() == 0 {
		return "", false
	}
	if c.skipOne("eE") {
		c.skipOne("+-")
		if c.digits() == 0 {
			return "", false
		}
	}
	return json.Number(c.text[start:c.at]), true
}

// skipOne steps over one byte of the set, if one is there.
func (c *cutter) skipOne(set string) bool {
	if c.at == len(c.text) || strings.IndexByte(set, c.text[c.at]) < 0 {
		return false
	}
	c.at++
	return true
}

// digits steps over digits and returns how many.
func (c *cutter) digits() int {
	start := c.at
	for c.at < len(c.text) && '0' <= c.text[c.at] && c.text[c.at] <= '9' {
		c.at++
	}
	return c.at - start
}

// quoted reads a string. Only one with escapes or broken UTF-8 has to be copied.
func (c *cutter) quoted() (s string, ok bool) {
	if c.peek() != '"' {
		return "", false
	}
	rest := c.text[c.at+1:]
	end, escaped := plainBytes(rest), false
	for end < len(rest) && rest[end] == '\\' {
		escaped = true
		end = min(end+2, len(rest))
		end += plainBytes(rest[end:])
	}
	if end == len(rest) || rest[end] != '"' {
		c.at += 1 + end
		return "", false
	}
	s, ok = rest[:end], true
	c.at += end + 2
	if escaped {
		s, ok = unescape(s)
	}
	return validText(s), ok
}

func validText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s)) // Each broken byte becomes U+FFFD.
}

// plainBytes returns how many bytes at the start of s stand for themselves in a string.
func plainBytes(s string) int {
	for i := range len(s) {
		if special[s[i]] {
			return i
		}
	}
	return len(s)
}

// special are the bytes that do not: the quote, the backslash and what is below the
// space. A payload is looked at byte by byte here, and a table is quicker than to ask.
var special = [256]bool{
	'"': true, '\\': true,
	0x00: true, 0x01: true, 0x02: true, 0x03: true, 0x04: true, 0x05: true, 0x06: true, 0x07: true,
	0x08: true, 0x09: true, 0x0a: true, 0x0b: true, 0x0c: true, 0x0d: true, 0x0e: true, 0x0f: true,
	0x10: true, 0x11: true, 0x12: true, 0x13: true, 0x14: true, 0x15: true, 0x16: true, 0x17: true,
	0x18: true, 0x19: true, 0x1a: true, 0x1b: true, 0x1c: true, 0x1d: true, 0x1e: true, 0x1f: true,
}

// unescape replaces the escapes of a string.
func unescape(s string) (string, bool) {
	var b strings.Builder
	b.Grow(len(s))
	for {
		plain, rest, found := strings.Cut(s, `\`)
		b.WriteString(plain)
		if !found {
			return b.String(), true
		}
		if strings.HasPrefix(rest, "u") {
			r, after, ok := unicodeEscape(rest[1:])
			if !ok {
				return "", false
			}
			b.WriteRune(r)
			s = after
			continue
		}
		i := strings.IndexByte(`"\/bfnrt`, rest[0])
		if i < 0 {
			return "", false
		}
		b.WriteByte("\"\\/\b\f\n\r\t"[i])
		s = rest[1:]
	}
}

// unicodeEscape reads the four digits at the start of s, and a second escape
// when the two are a surrogate pair. A surrogate alone is U+FFFD.
func unicodeEscape(s string) (r rune, rest string, ok bool) {
	r, ok = hexRune(s)
	if !ok || !utf16.IsSurrogate(r) {
		return r, s[min(4, len(s)):], ok
	}
	rest = s[4:]
	if second, found := strings.CutPrefix(rest, `\u`); found {
		if low, ok := hexRune(second); ok && utf16.DecodeRune(r, low) != utf8.RuneError {
			return utf16.DecodeRune(r, low), second[4:], true
		}
	}
	return utf8.RuneError, rest, true
}

func hexRune(s string) (rune, bool) {
	if len(s) < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(s[:4], 16, 32)
	return rune(n), err == nil
}
