package httpapi

import (
	"fmt"
	"strings"
	"text/template/parse"

	"boomerang/shared/enrich"
)

// piece is a part of a text: plain, or one template that is complete in itself.
type piece struct {
	text string
	// escape is set for a template, and escapes its value for its place.
	escape func(value string) string
}

var parseErrorPlace = enrich.Pattern(`^template: :\d+: `)

// split separates the templates of a text from the text around them. From {{ if … }}
// to its {{ end }} is one template. escapeAfter returns the escape function of a
// template by the plain text before it.
func split(text string, escapeAfter func(before string) (func(string) string, error)) ([]piece, error) {
	tree := parse.New("")
	tree.Mode = parse.ParseComments | parse.SkipFuncCheck // Package playbook checks the functions.
	if _, err := tree.Parse(text, "", "", map[string]*parse.Tree{}); err != nil {
		return nil, fmt.Errorf("invalid template: %s", parseErrorPlace().ReplaceAllString(err.Error(), ""))
	}
	var pieces []piece
	before := ""
	for i, node := range tree.Root.Nodes {
		if plain, ok := node.(*parse.TextNode); ok {
			pieces = append(pieces, piece{text: string(plain.Text)})
			before += string(plain.Text)
			continue
		}
		escape, err := escapeAfter(before)
		if err != nil {
			return nil, err
		}
		end := len(text)
		if i+1 < len(tree.Root.Nodes) {
			end = start(text, tree.Root.Nodes[i+1])
		}
		pieces = append(pieces, piece{text: text[start(text, node):end], escape: escape})
	}
	return pieces, nil
}

// start returns where a node's source starts. A template's position is that of the
// first word inside its braces.
func start(text string, node parse.Node) int {
	at := int(node.Position())
	if node.Type() == parse.NodeText {
		return at
	}
	return strings.LastIndex(text[:at], "{{")
}

// fill joins the pieces and replaces each template with its escaped value.
func fill(pieces []piece, value func(template string) (string, error)) (string, error) {
	var b strings.Builder
	for _, p := range pieces {
		text := p.text
		if p.escape != nil {
			v, err := value(p.text)
			if err != nil {
				return "", err
			}
			text = p.escape(v)
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

func isTemplate(s string) bool { return strings.Contains(s, "{{") }
