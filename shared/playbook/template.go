package playbook

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"text/template"
	"text/template/parse"
	"unicode/utf8"

	"boomerang/shared/enrich"
)

// maxTemplateBytes bounds a template's source.
const maxTemplateBytes = 16 << 10

// textTemplate is one of Go's templates (https://pkg.go.dev/text/template) less
// all that could run away or reach beyond its data: it defines no others, its
// loops are timed, its functions are ours, and the fields in it are looked up in
// maps, never called. Nothing reads the environment, files or secrets.
type textTemplate struct {
	tree  *template.Template // nil of a text without templates, which is plain
	plain string
	steps []string // the steps it reads
}

// escaping says what the values in a template must not break.
type escaping string

const (
	escapeNothing escaping = ""
	escapeURL     escaping = "url"
)

// templateCompiler compiles the templates of one file.
type templateCompiler struct {
	// set holds the functions, which take longer to set up than most templates.
	set   *template.Template
	count int
}

func newTemplates() *templateCompiler {
	set := template.New("").Funcs(functions).Funcs(template.FuncMap{
		writeName: writeText,
		turnName:  turnTemplate,
		itemsName: items,
	})
	return &templateCompiler{set: set}
}

// Functions that templates call where they do not say so.
const (
	writeName = "write" // behind each value that is written
	itemsName = "items" // behind each list that a loop goes over
	urlName   = "url"
	indexName = "index"
)

func writeText(v any) (string, error) { return within(textOf(v)) }

// turnTemplate is called at each turn of a loop, with the data of the template.
func turnTemplate(env any) (string, error) {
	known, _ := env.(map[string]any)
	until, _ := known[deadlineName].(*deadline)
	return "", until.turn()
}

// items returns a list or a map, and nothing for a number: a loop would count to it.
func items(v any) any {
	switch v.(type) {
	case []any, []string, map[string]any, map[string]string:
		return v
	}
	return nil
}

// compile returns the template, or what is wrong with it and where.
func (c *templateCompiler) compile(source string, s *scope, escape escaping) (*textTemplate, []mistake) {
	if !strings.Contains(source, "{{") {
		return &textTemplate{plain: source}, nil
	}
	if len(source) > maxTemplateBytes {
		return nil, []mistake{mistakef(0, "it is longer than 16 KiB")}
	}
	c.count++
	tree := parse.New("t" + strconv.Itoa(c.count))
	tree.Mode = parse.SkipFuncCheck
	trees := map[string]*parse.Tree{}
	if _, err := tree.Parse(source, "", "", trees); err != nil {
		return nil, []mistake{unparsed(source, err)}
	}
	if len(trees) > 1 {
		return nil, []mistake{mistakef(0, "define and block are not understood here")}
	}
	r := &rewriter{scope: s, escape: escape, tree: tree}
	if r.list(tree.Root, []string{}, 0); len(r.mistakes) > 0 {
		for i, m := range r.mistakes {
			r.mistakes[i].at = utf8.RuneCountInString(source[:m.at])
		}
		return nil, r.mistakes
	}
	built, err := c.set.AddParseTree(tree.Name, tree)
	if err != nil {
		return nil, []mistake{{0, err.Error()}}
	}
	return &textTemplate{tree: built, steps: r.steps}, nil
}

// parseError is how the language tells a mistake: template: name:line: what.
var parseError = enrich.Pattern(`^template: t\d+:(\d+): `)

// unparsed tells what the language found, at the beginning of the line.
func unparsed(source string, err error) mistake {
	found := parseError().FindStringSubmatch(err.Error())
	if found == nil {
		return mistake{0, err.Error()}
	}
	line, _ := strconv.Atoi(found[1])
	at := 0
	for i, l := range strings.SplitAfter(source, "\n") {
		if i+1 == line {
			at += len(l) - len(strings.TrimLeft(l, " \t"))
			break
		}
		at += len(l)
	}
	return mistake{utf8.RuneCountInString(source[:min(at, len(source))]), strings.TrimPrefix(err.Error(), found[0])}
}

// render writes the template. Absent values are written as nothing.
func (t *textTemplate) render(env map[string]any) (string, error) {
	if t.tree == nil {
		return t.plain, nil
	}
	out := &limited{left: maxRendered}
	if err := t.tree.Execute(out, env); err != nil {
		return "", unwritten(err)
	}
	return out.String(), nil
}

// unwritten tells what stopped a template, without the language's own words, which
// quote the template as it was rewritten.
func unwritten(err error) error {
	if stopped, ok := errors.AsType[template.ExecError](err); ok {
		err = cmp.Or(errors.Unwrap(stopped.Err), err)
	}
	return fmt.Errorf("the template: %w", err)
}

// limited is a builder that refuses to grow without end.
type limited struct {
	strings.Builder
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 {
		return 0, errTooLong
	}
	return l.Builder.Write(p)
}
