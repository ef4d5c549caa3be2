package playbook

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// place is a line and a column of a file, both from 1; zero is no one place.
type place struct{ line, column int }

func placeOf(t *token.Token) place {
	if t == nil || t.Position == nil {
		return place{}
	}
	return place{t.Position.Line, t.Position.Column}
}

// begin returns where a value begins.
func (d *decoder) begin(node ast.Node) place {
	// The token of a mapping is the colon behind its first key.
	switch n := node.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return d.begin(n.Values[0])
		}
	case *ast.MappingValueNode:
		return d.beginToken(n.Key.GetToken())
	}
	return d.beginToken(node.GetToken())
}

// beginToken trusts the place of what stands before a value: go-yaml 1.19 puts a
// text without quotes too far to the right when spaces follow it, and on its last
// line when that begins with a dash and ends the file.
func (d *decoder) beginToken(t *token.Token) place {
	if t == nil || t.Prev == nil || t.Type == token.ImplicitNullType {
		return placeOf(t)
	}
	at := cursor{lines: d.lines, place: placeOf(t.Prev)}
	switch t.Prev.Type {
	case token.MappingKeyType, token.MappingValueType, token.MappingStartType,
		token.SequenceEntryType, token.SequenceStartType, token.CollectEntryType:
		at.column++
	case token.CommentType:
		at.place = place{at.line + 1, 1}
	default:
		return placeOf(t)
	}
	if !at.skipBreak() {
		at.column += leadingSpaces(at.rest())
	}
	return at.place
}

// inside returns where the character at an offset of a text stands in the file:
// behind its quotes, its escapes and its indentation, and on the line to which it
// is folded.
func (d *decoder) inside(node ast.Node, offset int) place {
	start := d.begin(node)
	if start.line == 0 || start.line > len(d.lines) {
		return start
	}
	// A mistake at the end stands behind the last word, and not below the text.
	value := []rune(strings.TrimRight(scalarText(node), whiteSpace))
	offset = min(offset, len(value))
	at := cursor{lines: d.lines, place: start}
	switch node.(type) {
	case *ast.LiteralNode:
		at.place = place{start.line + 1, 1} // Below the | or >.
	default:
		switch t := node.GetToken(); t.Type {
		case token.SingleQuoteType, token.DoubleQuoteType:
			at.quote = at.next()
			at.column++
		}
	}
	for i := 0; i < offset; {
		i += at.pass(value[i:])
	}
	if offset < len(value) && !isSpace(value[offset]) {
		at.skipBreak()
	}
	return at.place
}

// cursor walks over a text as it is written in a file.
type cursor struct {
	lines []string
	quote rune // 0 of a text without quotes
	place

	current []rune // the line numbered read
	read    int
}

func (c *cursor) ended() bool { return c.line > len(c.lines) }

func (c *cursor) rest() []rune {
	if c.ended() {
		return nil
	}
	if c.read != c.line {
		c.current, c.read = []rune(c.lines[c.line-1]), c.line
	}
	return c.current[min(c.column-1, len(c.current)):]
}

func (c *cursor) next() rune {
	if rest := c.rest(); len(rest) > 0 {
		return rest[0]
	}
	return '\n'
}

// pass moves behind what stands for the first characters of a value, and returns
// how many these are.
func (c *cursor) pass(value []rune) int {
	if c.skipBreak() {
		return leadingSpaces(value)
	}
	switch next := c.next(); {
	case c.quote == '"' && next == '\\':
		c.column += escapeLength(c.rest())
	case c.quote == '\'' && next == '\'':
		c.column += len("''")
	default:
		c.column++
	}
	return 1
}

// skipBreak moves over the white space at the end of a line and all that follows
// it, which a value has as white space of another length, if at all.
func (c *cursor) skipBreak() bool {
	broken := false
	for !c.ended() {
		rest := c.rest()
		spaces := leadingSpaces(rest)
		switch after := rest[spaces:]; {
		case len(after) == 0, c.quote == '"' && len(after) == 1 && after[0] == '\\':
			c.place = place{c.line + 1, 1}
			broken = true
		case broken || c.column == 1 && spaces > 0:
			c.column += spaces
			return true
		default:
			return false
		}
	}
	return broken
}

// whiteSpace is YAML's, which is less than Unicode's
// (https://yaml.org/spec/1.2.2/#55-white-space-characters), with its line break.
const whiteSpace = " \t\n"

func isSpace(r rune) bool { return strings.ContainsRune(whiteSpace, r) }

func leadingSpaces(value []rune) int {
	if n := slices.IndexFunc(value, func(r rune) bool { return !isSpace(r) }); n >= 0 {
		return n
	}
	return len(value)
}

// escapeLength is how long the escape is that a text within double quotes starts
// with (https://yaml.org/spec/1.2.2/#57-escaped-characters).
func escapeLength(text []rune) int {
	if len(text) < 2 {
		return 1
	}
	switch text[1] {
	case 'x':
		return len(`\xNN`)
	case 'u':
		return len(`\uNNNN`)
	case 'U':
		return len(`\UNNNNNNNN`)
	}
	return len(`\n`)
}
