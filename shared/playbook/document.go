package playbook

import (
	"errors"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"boomerang/shared/enrich"
)

// The bounds of a file. A book of 200 playbooks is about 100 KiB.
const (
	maxFileBytes = 1 << 20
	maxNesting   = 64
)

// open returns the one document of a YAML file, or nil when that is reported as
// wrong. It also remembers the file's lines, to find places in them.
func (d *decoder) open(source []byte) ast.Node {
	if len(source) > maxFileBytes {
		d.report(place{}, "it is larger than 1 MiB")
		return nil
	}
	text := strings.TrimPrefix(string(source), "\ufeff")
	if strings.Contains(text, "\r") {
		text = lineBreaks.Replace(text)
	}
	d.lines = strings.Split(text, "\n")
	tokens := lexer.Tokenize(text)
	if at := tooDeep(tokens); at != nil {
		d.report(placeOf(at), "it is nested more than %d deep", maxNesting)
		return nil
	}
	// Keys that are there twice are reported with all the rest.
	parsed, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	switch {
	case err != nil:
		d.syntax(err)
		return nil
	case len(parsed.Docs) == 0 || parsed.Docs[0].Body == nil:
		d.report(place{}, "it is empty")
		return nil
	case len(parsed.Docs) > 1:
		d.report(placeOf(parsed.Docs[1].Start), "it must hold one document: put everything above this line, or below it")
		return nil
	}
	d.root = parsed.Docs[0].Body
	return d.root
}

// lineBreaks makes all of YAML's one (https://yaml.org/spec/1.2.2/#54-line-break-characters).
var lineBreaks = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// syntax reports what is no YAML at all.
func (d *decoder) syntax(err error) {
	told, ok := errors.AsType[yaml.Error](err)
	if !ok {
		d.report(place{}, "not YAML: %s", err)
		return
	}
	at, hint := placeOf(told.GetToken()), ""
	if at.line > 0 && at.line <= len(d.lines) && bareTemplate().MatchString(d.lines[at.line-1]) {
		hint = "; put a text that starts with {{ between quotes"
	}
	d.report(at, "not YAML: %s%s", told.GetMessage(), hint)
}

// bareTemplate is a template where YAML sees a mapping inside a mapping.
var bareTemplate = enrich.Pattern(`(^|[:\-,\[{])\s*\{\{`)

// tooDeep returns the token at which values are inside one another so deep that
// the parser, which calls itself for each, would take long.
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
