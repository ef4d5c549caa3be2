package httpapi

import (
	"fmt"
	"strings"
	"text/template/parse"

	"boomerang/shared/enrich"
)

// escaper returns how to escape a template's value by the plain text before it.
type escaper func(before string) (func(value string) string, error)

var parseErrorPlace = enrich.Pattern(`^template: :\d+: `)

// fill replaces each template of a text with its escaped value. From {{ if … }} to
// its {{ end }} is one template.
func fill(text string, escapeAfter escaper, value func(template string) (string, error)) (string, error) {
	tree := parse.New("")
	tree.Mode = parse.ParseComments | parse.SkipFuncCheck // Package playbook checks the functions.
	if _, err := tree.Parse(text, "", "", map[string]*parse.Tree{}); err != nil {
		return "", fmt.Errorf("invalid template: %s", parseErrorPlace().ReplaceAllString(err.Error(), ""))
	}
	var filled, before strings.Builder
	for i, node := range tree.Root.Nodes {
		if plain, ok := node.(*parse.TextNode); ok {
			filled.Write(plain.Text)
			before.Write(plain.Text)
			continue
		}
		escape, err := escapeAfter(before.String())
		if err != nil {
			return "", err
		}
		end := len(text)
		if i+1 < len(tree.Root.Nodes) {
			end = start(text, tree.Root.Nodes[i+1])
		}
		v, err := value(text[start(text, node):end])
		if err != nil {
			return "", err
		}
		filled.WriteString(escape(v))
	}
	return filled.String(), nil
}

// sample is a value for checking a text before an alert comes.
func sample(value string) func(string) (string, error) {
	return func(string) (string, error) { return value, nil }
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

func isTemplate(s string) bool { return strings.Contains(s, "{{") }
