package playbook

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"
	"time"

	"boomerang/shared/event"
)

// maxRendered bounds what one template may write.
const maxRendered = 16 << 10

// maxLoops is how deep loops may nest.
const maxLoops = 2

// text templates are Go's (https://pkg.go.dev/text/template) less what could run
// away: loops go over lists of the data only, and templates define no others.
// Nothing reads the environment, files or secrets.
type textTemplate struct {
	tree  *template.Template
	steps []string // the steps it reads
}

// escaping says what the values in a template must not break.
type escaping string

const (
	escapeNothing escaping = ""
	escapeURL     escaping = "url"
)

// functions are what templates may call besides Go's own.
var functions = template.FuncMap{
	"default":  func(fallback, value any) any { return orElse(value, fallback) },
	"lower":    strings.ToLower,
	"upper":    strings.ToUpper,
	"trim":     strings.TrimSpace,
	"join":     join,
	"contains": func(part, text string) bool { return strings.Contains(text, part) },
	"replace":  func(old, with, text string) string { return strings.ReplaceAll(text, old, with) },
	"shorten":  shorten,
	"clock":    func(t time.Time) string { return t.UTC().Format("15:04 UTC") },
	"day":      func(t time.Time) string { return t.UTC().Format("2006-01-02") },
	"span":     func(seconds float64) string { return event.Span(time.Duration(seconds * float64(time.Second))) },
	"json":     toJSON,
	"url":      escapeForURL,
	"printf":   safePrintf,
}

func orElse(value, fallback any) any {
	if truth, ok := template.IsTrue(value); !ok || !truth {
		return fallback
	}
	return value
}

func join(separator string, list any) string {
	switch list := list.(type) {
	case []string:
		return strings.Join(list, separator)
	case []any:
		words := make([]string, len(list))
		for i, v := range list {
			words[i] = fmt.Sprint(v)
		}
		return strings.Join(words, separator)
	}
	return fmt.Sprint(list)
}

func shorten(limit int, text string) string {
	runes := []rune(text)
	if limit < 1 || len(runes) <= limit {
		return text
	}
	return string(runes[:limit-1]) + "…"
}

func toJSON(v any) (string, error) {
	raw, err := json.Marshal(v)
	return string(raw), err
}

// escapeForURL makes a value fit for one segment of a path or one value of a
// query, so that it can be neither more of the path nor another parameter.
func escapeForURL(v any) string {
	escaped := strings.ReplaceAll(url.QueryEscape(fmt.Sprint(v)), "+", "%20")
	if strings.Trim(escaped, ".") == "" {
		return strings.ReplaceAll(escaped, ".", "%2E")
	}
	return escaped
}

// wide would let one verb write any amount.
var wide = regexp.MustCompile(`%[-+# 0]*(\*|[0-9]{4,}|[0-9]*\.(\*|[0-9]{4,}))`)

func safePrintf(format string, args ...any) (string, error) {
	if wide.MatchString(format) {
		return "", errors.New("printf: the width is too large")
	}
	return fmt.Sprintf(format, args...), nil
}

// compileTemplate returns the template; the error's text names line and problem.
func compileTemplate(source string, escape escaping) (*textTemplate, error) {
	t, err := template.New("").Option("missingkey=zero").Funcs(functions).Parse(source)
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "template: :"))
	}
	if len(t.Templates()) > 1 {
		return nil, errors.New("define and block are not allowed")
	}
	out := &textTemplate{tree: t}
	if t.Tree == nil || t.Root == nil {
		return out, nil
	}
	return out, out.check(t.Root, 0, escape)
}

// check refuses what could run away, and notes which steps are read.
func (t *textTemplate) check(node parse.Node, loops int, escape escaping) error {
	switch n := node.(type) {
	case *parse.ListNode:
		if n == nil {
			return nil
		}
		for _, child := range n.Nodes {
			if err := t.check(child, loops, escape); err != nil {
				return err
			}
		}
	case *parse.ActionNode:
		t.note(n.Pipe)
		if escape == escapeURL && len(n.Pipe.Decl) == 0 {
			n.Pipe.Cmds = append(n.Pipe.Cmds, &parse.CommandNode{NodeType: parse.NodeCommand, Args: []parse.Node{parse.NewIdentifier("url").SetPos(n.Pos).SetTree(t.tree.Tree)}})
		}
	case *parse.IfNode:
		return t.branch(&n.BranchNode, loops, escape)
	case *parse.WithNode:
		return t.branch(&n.BranchNode, loops, escape)
	case *parse.RangeNode:
		if loops++; loops > maxLoops {
			return fmt.Errorf("more than %d loops inside one another", maxLoops)
		}
		if !overData(n.Pipe) {
			return errors.New("range goes over a list of the data only, such as .alert.tag_list")
		}
		return t.branch(&n.BranchNode, loops, escape)
	case *parse.TemplateNode:
		return errors.New("template is not allowed")
	}
	return nil
}

func (t *textTemplate) branch(n *parse.BranchNode, loops int, escape escaping) error {
	t.note(n.Pipe)
	if err := t.check(n.List, loops, escape); err != nil {
		return err
	}
	if n.ElseList == nil {
		return nil
	}
	return t.check(n.ElseList, loops, escape)
}

// overData reports whether a loop's list is a field: a number, which range would
// count to, is never one.
func overData(pipe *parse.PipeNode) bool {
	if len(pipe.Cmds) != 1 || len(pipe.Cmds[0].Args) != 1 {
		return false
	}
	switch n := pipe.Cmds[0].Args[0].(type) {
	case *parse.FieldNode:
		return true
	case *parse.VariableNode:
		return len(n.Ident) > 1
	}
	return false
}

func (t *textTemplate) note(pipe *parse.PipeNode) {
	if pipe == nil {
		return
	}
	for _, command := range pipe.Cmds {
		for _, arg := range command.Args {
			switch n := arg.(type) {
			case *parse.FieldNode:
				t.noteStep(n.Ident)
			case *parse.VariableNode:
				t.noteStep(n.Ident[1:])
			case *parse.PipeNode:
				t.note(n)
			}
		}
	}
}

func (t *textTemplate) noteStep(path []string) {
	if len(path) >= 2 && path[0] == "steps" && !slices.Contains(t.steps, path[1]) {
		t.steps = append(t.steps, path[1])
	}
}

// render writes the template. Absent values are written as nothing.
func (t *textTemplate) render(env map[string]any) (string, error) {
	out := &limited{left: maxRendered}
	if err := t.tree.Execute(out, env); err != nil {
		return "", fmt.Errorf("the template: %s", strings.TrimPrefix(err.Error(), "template: :"))
	}
	return strings.ReplaceAll(out.String(), "<no value>", ""), nil
}

// limited is a builder that refuses to grow without end.
type limited struct {
	strings.Builder
	left int
}

var errTooLong = errors.New("it writes too much")

func (l *limited) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 {
		return 0, errTooLong
	}
	return l.Builder.Write(p)
}
