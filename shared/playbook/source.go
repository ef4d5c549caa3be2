package playbook

import (
	"cmp"
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"boomerang/shared/enrich"
)

// The bounds of a file. A file of 200 playbooks has about 100 KiB.
const (
	maxFileBytes = 1 << 20
	maxNesting   = 64
)

// Source is a YAML file that is read strictly. It collects all problems with their
// positions. It decodes by itself, because go-yaml's strict mode stops at the first
// problem and reads 1.5 as the integer 1, "3" as the number 3, and 1.10 as the text 1.1.
type Source struct {
	name     string
	lines    []string
	nodes    map[string]ast.Node // by path, such as playbooks[0].match
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
	s := &Source{name: name, nodes: map[string]ast.Node{}, strict: strict}
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

// lineBreaks converts the line breaks of YAML
// (https://yaml.org/spec/1.2.2/#54-line-break-characters).
var lineBreaks = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// parse returns the document of the file, or nil and reports the problem.
func (s *Source) parse(content []byte) ast.Node {
	if len(content) > maxFileBytes {
		s.report(position{}, "the file is larger than 1 MiB")
		return nil
	}
	text := lineBreaks.Replace(strings.TrimPrefix(string(content), "\ufeff"))
	s.lines = strings.Split(text, "\n")
	tokens := lexer.Tokenize(text)
	if t := tooDeep(tokens); t != nil {
		s.report(positionOf(t), "nesting is deeper than %d", maxNesting)
		return nil
	}
	file, err := parseTokens(tokens)
	if err != nil {
		// go-yaml 1.19 refuses an empty line at the end of the file in a block with an
		// indentation indicator, unless a comment ends the block.
		if ended, stillWrong := parseTokens(lexer.Tokenize(text + "#")); stillWrong == nil {
			file, err = ended, nil
		}
	}
	switch {
	case err != nil:
		s.syntaxError(err)
	case len(file.Docs) == 0 || file.Docs[0].Body == nil:
		s.report(position{}, "the file is empty")
	case file.Docs[0].Body.Type() == ast.DirectiveType:
		s.report(position{1, 1}, "directives (%%) are not supported: remove the line")
	case len(file.Docs) > 1:
		s.report(positionOf(file.Docs[1].Start), "a second document starts here: use one document per file")
	default:
		return file.Docs[0].Body
	}
	return nil
}

func parseTokens(tokens token.Tokens) (*ast.File, error) {
	// The decoder reports duplicate keys with all other problems.
	return parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
}

// unquotedTemplate matches a template that YAML reads as a mapping.
var unquotedTemplate = enrich.Pattern(`(^|[:\-,\[{])\s*\{\{`)

func (s *Source) syntaxError(err error) {
	syntax, ok := errors.AsType[yaml.Error](err)
	if !ok {
		s.report(position{}, "invalid YAML: %s", err)
		return
	}
	at, hint := positionOf(syntax.GetToken()), ""
	if at.line > 0 && at.line <= len(s.lines) && unquotedTemplate().MatchString(s.lines[at.line-1]) {
		hint = "; quote a text that starts with {{"
	}
	s.report(at, "invalid YAML: %s%s", syntax.GetMessage(), hint)
}

// tooDeep returns the token that nests too deep for the recursive parser.
func tooDeep(tokens token.Tokens) *token.Token {
	flow, row := 0, 0
	for _, t := range tokens {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow = max(0, flow-1)
		case token.SequenceEntryType, token.MappingKeyType, token.TagType, token.AnchorType:
			row++
		default:
			row = 0
		}
		if flow > maxNesting || row > maxNesting {
			return t
		}
	}
	return nil
}
