package playbook

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"boomerang/shared/enrich"
)

// maxFileBytes bounds a file. A file of 200 playbooks has about 100 KiB.
const maxFileBytes = 1 << 20

// Source is a YAML file that is read strictly. It collects all problems with their
// positions, in words for people who write playbooks.
type Source struct {
	name     string
	lines    []string
	nodes    map[string]*yaml.Node // by path, such as playbooks[0].match
	problems Problems
	strict   bool // refuses values that have two readings, too
	// fill replaces each template in the texts of a Config, until its first error.
	fill    func(path, template string) (string, error)
	fillErr error
}

// Read decodes a YAML document into a pointer to a struct with yaml tags. Err
// returns the problems.
func Read(name string, content []byte, into any) *Source { return read(name, content, into, true) }

func read(name string, content []byte, into any, strict bool) *Source {
	s := &Source{name: name, nodes: map[string]*yaml.Node{}, strict: strict}
	if root := s.parse(content); root != nil {
		s.decode(root, reflect.ValueOf(into).Elem(), "")
	}
	return s
}

// Err returns all Problems in the order of the file, or nil.
func (s *Source) Err() error {
	if len(s.problems) == 0 {
		return nil
	}
	slices.SortStableFunc(s.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return s.problems
}

// lineBreaks converts the line breaks that the YAML library knows.
var lineBreaks = strings.NewReplacer("\ufeff", "", "\r\n", "\n", "\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")

// parse returns the document of the file, or nil and reports the problem.
func (s *Source) parse(content []byte) *yaml.Node {
	if len(content) > maxFileBytes {
		s.report(position{}, "the file is larger than 1 MiB")
		return nil
	}
	s.lines = strings.Split(lineBreaks.Replace(string(content)), "\n")
	var documents []yaml.Node
	err := yaml.Load(content, &documents, yaml.WithAllDocuments())
	documents = slices.DeleteFunc(documents, func(d yaml.Node) bool { return len(d.Content) == 0 || isNull(d.Content[0]) }) // Such as one behind a last "---".
	wrong, isSyntax := errors.AsType[*yaml.LoadError](err)
	switch {
	case isSyntax:
		s.report(position{min(wrong.Mark.Line, len(s.lines)), wrong.Mark.Column}, "invalid YAML: %s%s", wrong.Message, s.quoteHint(wrong.Mark.Line))
	case err != nil:
		s.report(position{}, "invalid YAML: %s", err)
	case len(documents) == 0:
		s.report(position{}, "the file is empty")
	case len(documents) > 1:
		s.report(positionOf(&documents[1]), "a second document starts here: use one document per file")
	default:
		return documents[0].Content[0]
	}
	return nil
}

// unquotedTemplate matches a template that YAML reads as a mapping.
var unquotedTemplate = enrich.Pattern(`(^|[:\-,\[{])\s*\{\{`)

func (s *Source) quoteHint(line int) string {
	if line > 0 && line <= len(s.lines) && unquotedTemplate().MatchString(s.lines[line-1]) {
		return "; quote a text that starts with {{"
	}
	return ""
}

// position is a line and a column, from 1.
type position struct{ line, column int }

func positionOf(node *yaml.Node) position { return position{node.Line, node.Column} }

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
		at = positionOf(node)
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
	before, _, _ := strings.Cut(node.Value, source)
	s.report(s.locate(node, utf8.RuneCountInString(before)+m.at), "%s", m.text)
}

// locate returns the position of a character of a text. It searches the lines of the file
// for the word there, because quotes, escapes, indentation and folding change the columns.
func (s *Source) locate(node *yaml.Node, offset int) position {
	text := []rune(strings.TrimRight(node.Value, " \t\n"))
	offset = min(offset, max(0, len(text)-1)) // The end of a text is behind its last word.
	for offset < len(text) && unicode.IsSpace(text[offset]) {
		offset++
	}
	word := wordAt(text[offset:])
	skip := strings.Count(string(text[:offset]), word)
	line, before := node.Line, node.Column-1
	switch {
	case node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		line, before = line+1, 0
	case node.Style != 0:
		before++
	}
	for ; word != "" && line <= len(s.lines); line, before = line+1, 0 {
		rest := []rune(s.lines[line-1])
		parts := strings.Split(string(rest[min(before, len(rest)):]), word)
		if skip < len(parts)-1 {
			return position{line, before + utf8.RuneCountInString(strings.Join(parts[:skip+1], word)) + 1}
		}
		skip -= len(parts) - 1
	}
	return positionOf(node)
}

// wordAt returns the first character of a text, with the letters and digits behind it.
func wordAt(text []rune) string {
	end := min(1, len(text))
	for end < len(text) && (text[end] == '_' || unicode.IsLetter(text[end]) || unicode.IsDigit(text[end])) {
		end++
	}
	return string(text[:end])
}
