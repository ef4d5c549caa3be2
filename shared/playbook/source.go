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
	checks   *Checks         // nil in a function
	unknown  map[string]bool // the paths of mappings with unknown keys
	// fill replaces each template in the texts of a Config, until its first error.
	fill    func(path, template string) (string, error)
	fillErr error
}

// Read decodes a YAML document into a pointer to a struct with yaml tags. Err returns the
// problems. With checks, it also refuses values that readers of YAML take for different
// things.
func Read(name string, content []byte, into any, checks *Checks) *Source {
	s := &Source{name: name, nodes: map[string]*yaml.Node{}, unknown: map[string]bool{}, checks: checks}
	if root := s.parse(content); root != nil {
		s.decode(root, reflect.ValueOf(into).Elem(), "")
	}
	return s
}

// Err returns all Problems in the order of the file, or nil.
func (s *Source) Err() error {
	if problems := s.found(false); len(problems) > 0 {
		return problems
	}
	return nil
}

// Warnings returns what is probably not meant, in the order of the file.
func (s *Source) Warnings() Problems { return s.found(true) }

func (s *Source) found(warnings bool) Problems {
	var found Problems
	for _, p := range s.problems {
		if p.Warning == warnings {
			found = append(found, p)
		}
	}
	slices.SortStableFunc(found, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return found
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
		s.invalidYAML(position{min(wrong.Mark.Line, len(s.lines)), wrong.Mark.Column}, wrong.Message)
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

// invalidYAML reports an error of the YAML library.
func (s *Source) invalidYAML(at position, message string) {
	text, before := strings.Join(s.lines, "\n"), 0
	for _, line := range s.lines[:max(0, at.line-1)] {
		before += utf8.RuneCountInString(line) + 1
	}
	m := s.checks.advise(YAML, text, Mistake{At: before + max(0, at.column-1), Text: "invalid YAML: " + message})
	all := []rune(text)
	lines := strings.Split(string(all[:min(m.At, len(all))]), "\n")
	s.report(position{len(lines), utf8.RuneCountInString(lines[len(lines)-1]) + 1}, "%s", m.Text)
}

// position is a line and a column, from 1.
type position struct{ line, column int }

func positionOf(node *yaml.Node) position { return position{node.Line, node.Column} }

func (s *Source) report(at position, format string, args ...any) {
	s.add(at, fmt.Sprintf(format, args...), false)
}

// add adds a problem, unless it is the last one again.
func (s *Source) add(at position, text string, warning bool) {
	if at.line > 0 && at.line <= len(s.lines) {
		text = s.checks.advise(Value, s.lines[at.line-1], Mistake{At: at.column - 1, Text: text}).Text
	}
	p := Problem{File: s.name, Line: at.line, Column: at.column, Text: text, Warning: warning}
	if n := len(s.problems); n == 0 || s.problems[n-1] != p {
		s.problems = append(s.problems, p)
	}
}

// Report adds a problem with the value at a path, such as "cases[0].event", or with
// the nearest value around it.
func (s *Source) Report(path, format string, args ...any) {
	s.report(s.positionAt(path), format, args...)
}

// Warn adds a warning about the value at a path.
func (s *Source) Warn(path, format string, args ...any) {
	s.add(s.positionAt(path), fmt.Sprintf(format, args...), true)
}

// positionAt returns the position of the value at a path, or of the nearest value around it.
func (s *Source) positionAt(path string) position {
	node, ok := s.nodes[path]
	for !ok && path != "" {
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
		node, ok = s.nodes[path]
	}
	if !ok {
		return position{}
	}
	return positionOf(node)
}

// IsWhole reports whether no problem lies in the value at a path. One may be why something of the
// value is missing.
func (s *Source) IsWhole(path string) bool {
	node := s.nodes[path]
	return node == nil || !slices.ContainsFunc(s.found(false), func(p Problem) bool { return holds(node, position{p.Line, p.Column}) })
}

// holds reports whether a node, or one in it, is at a position.
func holds(node *yaml.Node, at position) bool {
	return positionOf(node) == at || slices.ContainsFunc(node.Content, func(inner *yaml.Node) bool { return holds(inner, at) })
}

func (s *Source) has(path string) bool { return s.nodes[path] != nil }

// reportIn reports mistakes in a source that is a part of the text at a path.
func (s *Source) reportIn(path string, l Language, source string, mistakes []Mistake) {
	for _, m := range mistakes {
		m = s.checks.advise(l, source, m)
		at := s.positionAt(path)
		if node, ok := s.nodes[path]; ok {
			before, _, _ := strings.Cut(node.Value, source)
			at = s.locate(node, utf8.RuneCountInString(before)+m.At)
		}
		s.add(at, m.Text, m.Warning)
	}
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
