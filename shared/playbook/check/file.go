package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/template/parse"
	"time"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"
	"go.yaml.in/yaml/v4"

	"boomerang/shared/enrich"
	"boomerang/shared/playbook"
)

func at(i int, keys string) string { return fmt.Sprintf("playbooks[%d].%s", i, keys) }

// texts reports the texts that Datadog does not know, as far as they do not depend on
// values. The API is that of the first playbook that matches, so that one that sets none may
// post to v2.
func texts(source *playbook.Source, file playbook.Document) {
	anyV2 := false
	for _, d := range file.Playbooks {
		anyV2 = anyV2 || d.Event.API == playbook.APIv2
	}
	for i, d := range file.Playbooks {
		apis := []string{cmp.Or(d.Event.API, playbook.APIv1)}
		if d.Event.API == "" && anyV2 {
			apis = append(apis, playbook.APIv2)
		}
		for field, text := range map[string]string{"alert_type": d.Event.AlertType, "priority": d.Event.Priority} {
			unknown := slices.DeleteFunc(outputs(text), func(text string) bool {
				return text == "" || slices.ContainsFunc(apis, func(api string) bool {
					knows, _ := playbook.Allowed(field, api)
					return knows(text)
				})
			})
			if len(unknown) > 0 {
				_, texts := playbook.Allowed(field, apis[0])
				source.Report(at(i, "event."+field), "%s must be %s (api: %s), not %q", field, texts, apis[0], unknown[0])
			}
		}
		for field, text := range map[string]string{"source": d.Event.Source, "device_name": d.Event.Device} {
			if text != "" && d.Event.API == playbook.APIv2 {
				source.Report(at(i, "event."+field), "%s is only for v1: events of the v2 API have no such field. Leave it out, or use api: v1", field)
			}
		}
	}
}

// outputs returns the fixed texts that a template can come out as.
func outputs(source string) []string {
	tree := parse.New("")
	tree.Mode = parse.SkipFuncCheck
	_, _ = tree.Parse(strings.TrimSpace(source), "", "", map[string]*parse.Tree{}) // An error is reported elsewhere.
	return outputsOf(tree.Root)
}

func outputsOf(list *parse.ListNode) []string {
	if list == nil || len(list.Nodes) != 1 {
		return nil
	}
	switch n := list.Nodes[0].(type) {
	case *parse.TextNode:
		return []string{strings.TrimSpace(string(n.Text))}
	case *parse.IfNode:
		return append(outputsOf(n.List), outputsOf(n.ElseList)...)
	}
	return nil
}

// followUps warns of playbooks that ask for follow-ups, and whose alerts never have one.
func followUps(book *playbook.Book, source *playbook.Source, file playbook.Document) {
	isFailure := func(alertType string) bool { return slices.Contains([]string{"", "error", "warning"}, alertType) }
	for i, d := range file.Playbooks {
		if len(d.After) == 0 {
			continue
		}
		if texts := outputs(d.Event.AlertType); len(texts) > 0 && !slices.ContainsFunc(texts, isFailure) {
			source.Warn(at(i, "after"), "after makes no follow-up here: the playbook's alert_type is never error or warning")
		}
		if !book.MatchesFailure(i) {
			source.Warn(at(i, "after"), "after makes no follow-up here: the playbook matches no alert that begins or goes on, such as one with alert.transition == \"Triggered\"")
		}
	}
}

// hidden warns of playbooks that no alert reaches, because one above them ends the matching
// for each alert that matches them.
func hidden(source *playbook.Source, file playbook.Document) {
	type matcher struct {
		name       string
		conditions []string
	}
	var ending []matcher
	for i, d := range file.Playbooks {
		this := matcher{d.Name, conditions(d.Match)}
		if slices.Contains(this.conditions, "false") {
			source.Warn(at(i, "match"), "%q matches no alert: its condition is always false", d.Name)
			continue
		}
		if below := file.Playbooks[i+1:]; len(this.conditions) == 0 && !d.Continue && len(below) > 0 {
			source.Warn(at(i, "name"), "%q matches every alert and does not continue, so no alert reaches the playbooks below it: move it to the end, or set continue: true", d.Name)
			return
		}
		for _, above := range ending {
			isOpen := func(condition string) bool { return !slices.Contains(this.conditions, condition) }
			if above.name != this.name && !slices.ContainsFunc(above.conditions, isOpen) {
				source.Warn(at(i, "name"), "no alert reaches %q: %q above it matches every alert that this one matches, and does not continue; move this one above it, or set continue: true there", d.Name, above.name)
				break
			}
		}
		if !d.Continue {
			ending = append(ending, this)
		}
	}
}

// conditions returns what must hold for an expression to hold; nothing for one that always
// holds.
func conditions(match string) []string {
	tree, err := parser.Parse(match)
	if err != nil {
		if strings.TrimSpace(match) == "" {
			return nil
		}
		return []string{match}
	}
	var all []string
	for _, one := range operands(tree.Node, "&&", "and") {
		if constant, ok := one.(*ast.BoolNode); !ok || !constant.Value {
			all = append(all, one.String())
		}
	}
	return all
}

// placeholder matches what other tools replace in a text.
var placeholder = enrich.Pattern(variablePattern + `|\$\{[^}]*\}|\{%.*?%\}|<%.*?%>|(?:^|[^{])(\{ ?\.?(?:alert|steps|memory|cycle)\.[^{}]*\})(?:[^}]|$)`)

// variable matches Datadog's variables, and those of a shell.
var variable = enrich.Pattern(variablePattern)

const variablePattern = `\$\{?[A-Z][A-Z_]+\b\}?`

// placeholders warns of texts that look like a template and are none.
func placeholders(source *playbook.Source, file playbook.Document) {
	for i, d := range file.Playbooks {
		warn := func(keys, found string) {
			if found != "" {
				source.Warn(at(i, keys), "%s stays as it is written: write a template, such as {{ .alert.title }}", found)
			}
		}
		for keys, text := range map[string]string{"event.title": d.Event.Title, "event.text": d.Event.Text, "event.tags": strings.Join(d.Event.Tags, "\n")} {
			if match := placeholder().FindStringSubmatch(text); match != nil {
				warn(keys, cmp.Or(match[1], match[0]))
			}
		}
		for j, s := range d.Steps {
			warn(fmt.Sprintf("steps[%d].with", j), variable().FindString(textIn(s.With)))
		}
		for j, s := range d.Then {
			warn(fmt.Sprintf("then[%d].with", j), variable().FindString(textIn(s.With)))
		}
	}
}

// textIn returns all texts in a node.
func textIn(node *yaml.Node) string {
	if node == nil {
		return ""
	}
	text := node.Value
	for _, one := range node.Content {
		text += "\n" + textIn(one)
	}
	return text
}

// stepsTime is the time for all steps of an alert unless the stack's EnrichBudget, in the
// environment ENRICH_BUDGET, sets another.
const stepsTime = 5 * time.Second

// times warns of timeouts that never end a step.
func times(source *playbook.Source, file playbook.Document) {
	for i, d := range file.Playbooks {
		for j, s := range d.Steps {
			if s.Timeout > stepsTime {
				source.Warn(at(i, fmt.Sprintf("steps[%d].timeout", j)), "a timeout of %s has no effect: all steps of an alert together have %s, unless the stack's EnrichBudget is longer", s.Timeout, stepsTime)
			}
		}
	}
}
