package playbook

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/template"
	"text/template/parse"
	"time"
	"unicode/utf8"
)

// The bounds of a template's source, of the output of a template or a function, and of
// the time for all expressions of a match, or for all of one step or one event.
const (
	maxTemplateBytes = 16 << 10
	maxRendered      = 256 << 10
	maxTime          = 250 * time.Millisecond
)

var (
	errTooLong = errors.New("the output exceeds 256 KiB")
	errTooSlow = fmt.Errorf("the evaluation exceeds %s", maxTime)
)

// bounded returns text, unless it is too long.
func bounded(text string) (string, error) {
	if len(text) > maxRendered {
		return "", errTooLong
	}
	return text, nil
}

// deadline ends loops: each iteration checks it. One iteration takes a time that the
// length of the source and of the texts bounds.
type deadline struct{ at time.Time }

// deadlineName is the key of the deadline in an environment. No scope has it, so no
// playbook can name it.
const deadlineName = "deadline"

func withDeadline(env map[string]any) map[string]any {
	env[deadlineName] = &deadline{time.Now().Add(maxTime)}
	return env
}

func (d *deadline) check() error {
	if d == nil || time.Now().Before(d.at) {
		return nil
	}
	return errTooSlow
}

// textTemplate is a template of text/template with our functions only and without
// define and block. It looks fields up in maps and never calls them. It cannot read the
// environment, files or secrets.
type textTemplate struct {
	parsed *template.Template
	reads
}

// templates has the functions of all templates.
var templates = sync.OnceValue(func() *template.Template {
	return template.New("").Funcs(functions).Funcs(template.FuncMap{
		writeName: func(v any) (string, error) { return bounded(textOf(v)) },
		iterationName: func(env map[string]any) (string, error) {
			d, _ := env[deadlineName].(*deadline)
			return "", d.check()
		},
		itemsName: items,
	})
})

// Functions that the rewriter adds.
const (
	iterationName = "iteration" // in each loop
	writeName     = "write"     // behind each value of the output
	itemsName     = "items"     // behind each list of a loop
	indexName     = "index"     // for each field
)

// items returns a list or a map, and nil for a number, which range would count to.
func items(v any) any {
	switch v.(type) {
	case []any, []string, map[string]any, map[string]string:
		return v
	}
	return nil
}

// compileTemplate returns the template, or its mistakes, and warnings.
func compileTemplate(source string, s *scope, checks *Checks) (*textTemplate, []Mistake) {
	if len(source) > maxTemplateBytes {
		return nil, []Mistake{{Text: "the template is longer than 16 KiB"}}
	}
	tree, trees := parse.New("template"), map[string]*parse.Tree{}
	tree.Mode = parse.SkipFuncCheck
	if _, err := tree.Parse(source, "", "", trees); err != nil {
		return nil, []Mistake{parseError(source, err)}
	}
	r := &rewriter{reader: reader{scope: s}, checks: checks, variables: map[string][]string{}, tree: tree}
	if len(trees) > 1 {
		r.refuse(0, "define and block are not supported")
	} else {
		r.list(tree.Root, []string{})
	}
	for i, m := range r.mistakes {
		r.mistakes[i].At = utf8.RuneCountInString(source[:m.At])
	}
	if slices.ContainsFunc(r.mistakes, func(m Mistake) bool { return !m.Warning }) {
		return nil, r.mistakes
	}
	parsed, err := templates().AddParseTree(tree.Name, tree)
	if err != nil {
		return nil, []Mistake{{Text: err.Error()}}
	}
	return &textTemplate{parsed: parsed, reads: r.reads}, r.mistakes
}

// parseError returns an error of the parser, which knows the line only.
func parseError(source string, err error) Mistake {
	parts := strings.SplitN(err.Error(), ":", 4) // "template: name:line: text"
	if len(parts) < 4 {
		return Mistake{Text: err.Error()}
	}
	line, _ := strconv.Atoi(parts[2])
	lines := strings.SplitAfter(source, "\n")
	before := strings.Join(lines[:min(max(line-1, 0), len(lines))], "")
	return Mistake{At: utf8.RuneCountInString(before), Text: strings.TrimSpace(parts[3])}
}

// render executes the template. An absent value is empty.
func (t *textTemplate) render(env map[string]any) (string, error) {
	out := &boundedBuilder{left: maxRendered}
	if err := t.parsed.Execute(out, env); err != nil {
		return "", renderError(err)
	}
	return out.String(), nil
}

// renderError drops the text of text/template, which quotes the rewritten template.
func renderError(err error) error {
	if failed, ok := errors.AsType[template.ExecError](err); ok {
		err = cmp.Or(errors.Unwrap(failed.Err), err)
	}
	return fmt.Errorf("the template: %w", err)
}

type boundedBuilder struct {
	strings.Builder
	left int
}

func (b *boundedBuilder) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, errTooLong
	}
	return b.Builder.Write(p)
}
