package playbook

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// Problem is one mistake in a file, its position, and how to correct it.
type Problem struct {
	File         string
	Line, Column int // from 1, in characters; 0 for the whole file
	Text         string
}

func (p Problem) String() string {
	if p.Line == 0 {
		return p.File + ": " + p.Text
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Text)
}

// Problems are all mistakes in a file. A file with any is not used.
type Problems []Problem

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}

// position is a line and a column, from 1.
type position struct{ line, column int }

func positionOf(t *token.Token) position {
	if t == nil || t.Position == nil {
		return position{}
	}
	return position{t.Position.Line, t.Position.Column}
}

func (s *Source) report(at position, format string, args ...any) {
	s.problems = append(s.problems, Problem{s.name, at.line, at.column, fmt.Sprintf(format, args...)})
}

// Report adds a problem with the value at a path, such as "cases[0].event", or with
// the nearest value around it.
func (s *Source) Report(path, format string, args ...any) {
	node, ok := s.nodes[path]
	for !ok && path != "" {
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
		node, ok = s.nodes[path]
	}
	at := position{}
	if ok {
		at = s.position(node)
	}
	s.report(at, format, args...)
}

func (s *Source) has(path string) bool { return s.nodes[path] != nil }

// mistake is a problem at a character of a text, from 0.
type mistake struct {
	at   int
	text string
}

// reportIn reports a mistake in a source that is a part of the text at a path.
func (s *Source) reportIn(path, source string, m mistake) {
	node, ok := s.nodes[path]
	if !ok {
		s.Report(path, "%s", m.text)
		return
	}
	before, _, _ := strings.Cut(scalarText(node), source)
	s.report(s.locate(node, utf8.RuneCountInString(before)+m.at), "%s", m.text)
}

// position returns where a value starts.
func (s *Source) position(node ast.Node) position {
	switch n := node.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return s.position(n.Values[0])
		}
	case *ast.MappingValueNode:
		return positionOf(n.Key.GetToken()) // The token of the node is the colon.
	case *ast.StringNode:
		if n.Token.Type == token.StringType {
			return s.locate(node, 0)
		}
	}
	return positionOf(node.GetToken())
}

// locate returns the position of a character of a text. It searches the lines of the
// file for the word there, because quotes, escapes, indentation and folding change the
// columns, and because go-yaml 1.19 misplaces a text without quotes that spaces follow.
func (s *Source) locate(node ast.Node, offset int) position {
	text := []rune(strings.TrimRight(scalarText(node), " \t\n"))
	offset = min(offset, max(0, len(text)-1)) // The end of a text is behind its last word.
	for offset < len(text) && unicode.IsSpace(text[offset]) {
		offset++
	}
	word := wordAt(text[offset:])
	skip := strings.Count(string(text[:offset]), word)
	start := searchStart(node)
	for i := start.line; word != "" && i > 0 && i <= len(s.lines); i++ {
		line := []rune(s.lines[i-1])
		before := 0
		if i == start.line {
			before = min(start.column-1, len(line))
		}
		parts := strings.Split(string(line[before:]), word)
		if skip < len(parts)-1 {
			return position{i, before + utf8.RuneCountInString(strings.Join(parts[:skip+1], word)) + 1}
		}
		skip -= len(parts) - 1
	}
	return positionOf(node.GetToken())
}

// searchStart returns a position in front of a text and behind any other.
func searchStart(node ast.Node) position {
	t := node.GetToken()
	at := positionOf(t)
	if _, isBlock := node.(*ast.LiteralNode); isBlock {
		return position{at.line + 1, 1}
	}
	if t.Type == token.SingleQuoteType || t.Type == token.DoubleQuoteType {
		return position{at.line, at.column + 1}
	}
	if t.Prev == nil {
		return at
	}
	if t.Prev.Type == token.CommentType {
		return position{t.Prev.Position.Line + 1, 1}
	}
	return positionOf(t.Prev)
}

// wordAt returns the first character of a text, with the letters and digits behind it.
func wordAt(text []rune) string {
	end := min(1, len(text))
	for end < len(text) && (text[end] == '_' || unicode.IsLetter(text[end]) || unicode.IsDigit(text[end])) {
		end++
	}
	return string(text[:end])
}

// suggest returns how to correct an unknown word: the closest known word, or all.
func suggest(word string, known []string) string {
	best, distance := "", max(1, len(word)/3)+1
	for _, candidate := range known {
		if d := editDistance(strings.ToLower(word), strings.ToLower(candidate)); d < distance {
			best, distance = candidate, d
		}
	}
	switch {
	case best != "":
		return fmt.Sprintf("; did you mean %q?", best)
	case len(known) == 0:
		return ""
	}
	return "; use one of " + strings.Join(known, ", ")
}

// editDistance counts the insertions, deletions, replacements and swaps of
// neighbours that make a into b.
func editDistance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = slices.Repeat([]int{i}, len(b)+1)
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			replaced := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				replaced++
			}
			rows[i][j] = min(replaced, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
