package check

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"text/template/parse"
	"time"

	"github.com/expr-lang/expr/parser"
	"go.yaml.in/yaml/v4"

	"boomerang/shared/alert"
	"boomerang/shared/playbook"
)

// place is a playbook in a file.
type place struct {
	*playbook.Source
	path string
	playbook.Definition
	conditions []string // what must hold for match to hold
}

func (p place) report(key, format string, args ...any) { p.Report(p.path+"."+key, format, args...) }

func (p place) warn(key, format string, args ...any) { p.Warn(p.path+"."+key, format, args...) }

// texts reports the texts that Datadog does not know, as far as they do not depend on
// values. The API is that of the first playbook that matches, so that one that sets none may
// post to v2, and so may one that sets an unknown API, which is reported already.
func (p place) texts(anyV2 bool) {
	apis := []string{p.Event.API}
	if p.Event.API != playbook.APIv1 && p.Event.API != playbook.APIv2 {
		apis = []string{playbook.APIv1}
		if anyV2 || p.Event.API != "" {
			apis = append(apis, playbook.APIv2)
		}
	}
	for field, texts := range map[string][]string{
		"alert_type": outputs(p.Event.AlertType), "priority": outputs(p.Event.Priority), "source": {p.Event.Source}, "device_name": {p.Event.Device},
	} {
		for _, text := range texts {
			knows := func(api string) bool { known, _ := playbook.Known(field, api, text); return known }
			if !slices.ContainsFunc(apis, knows) {
				_, others := playbook.Known(field, apis[0], text)
				p.report("event."+field, "Datadog does not know the %s %q with api: %s: use %s", field, text, apis[0], others)
				break
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

// followUps warns of a playbook that asks for follow-ups, and whose alerts never have one.
func (p place) followUps(book *playbook.Book, i int) {
	if len(p.After) == 0 {
		return
	}
	isFailure := func(alertType string) bool { return slices.Contains([]string{"", "error", "warning"}, alertType) }
	if texts := outputs(p.Event.AlertType); len(texts) > 0 && !slices.ContainsFunc(texts, isFailure) {
		p.warn("after", "after makes no follow-up here: the playbook's alert_type is never error or warning")
	}
	if !book.MatchesFailure(i) {
		p.warn("after", "after makes no follow-up here: the playbook matches no alert that begins or goes on, such as one with alert.transition == \"Triggered\"")
	}
}

// hidden warns of a playbook that no alert reaches, because one above it ends the matching
// for each alert that matches it.
func (p place) hidden(above []place, isLast bool) {
	isOwn := func(condition string) bool { return slices.Contains(p.conditions, condition) }
	switch {
	case isOwn("false"):
		p.warn("match", "%q matches no alert: its condition is always false", p.Name)
	case len(p.conditions) == 0 && !p.Continue && !isLast:
		p.warn("name", "%q matches every alert and does not continue, so no alert reaches the playbooks below it: move it to the end, or set continue: true", p.Name)
	default:
		for _, other := range above {
			if all := other.conditions; !other.Continue && len(all) > 0 && !slices.ContainsFunc(all, func(c string) bool { return !isOwn(c) }) {
				p.warn("name", "no alert reaches %q: %q above it matches every alert that this one matches, and does not continue; move this one above it, or set continue: true there", p.Name, other.Name)
				return
			}
		}
	}
}

// conditions returns what must hold for an expression to hold; nothing for one that always
// holds.
func conditions(match string) (all []string) {
	tree, err := parser.Parse(match)
	if err != nil { // An empty one.
		return nil
	}
	for _, one := range operands(tree.Node, "&&", "and") {
		if text := one.String(); text != "true" {
			all = append(all, text)
		}
	}
	return all
}

// placeholder matches what other tools replace in a text, and variable what Datadog and a
// shell replace.
var (
	placeholder = alert.Pattern(variablePattern + `|\$\{[^}]*\}|\{%.*?%\}|<%.*?%>|(?:^|[^{])(\{ ?\.?(?:alert|steps|memory|cycle)\.[^{}]*\})(?:[^}]|$)`)
	variable    = alert.Pattern(variablePattern)
)

const variablePattern = `\$\{?[A-Z][A-Z_]+\b\}?`

// mention matches whom Datadog would notify.
var mention = alert.Pattern(`(?:^\s*|[^{\s]\s+|\()(@[a-zA-Z][\w.@-]*)`)

// placeholders warns of texts that look like a template and are none, and of mentions.
func (p place) placeholders() {
	warn := func(key string, pattern *regexp.Regexp, text string) {
		if match := pattern.FindStringSubmatch(text); match != nil {
			p.warn(key, "%s stays as it is written: write a template, such as {{ .alert.title }}", cmp.Or(match[len(match)-1], match[0]))
		}
	}
	for key, text := range map[string]string{"event.title": p.Event.Title, "event.text": p.Event.Text, "event.tags": strings.Join(p.Event.Tags, "\n")} {
		warn(key, placeholder(), text)
		if match := mention().FindStringSubmatch(text); match != nil {
			p.warn(key, "%s notifies no one: an event's mentions are escaped; mention it in the monitor's message", match[1])
		}
	}
	for i, s := range p.Steps {
		warn(fmt.Sprintf("steps[%d].with", i), variable(), textIn(s.With))
	}
	for i, s := range p.Then {
		warn(fmt.Sprintf("then[%d].with", i), variable(), textIn(s.With))
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
func (p place) times() {
	for i, s := range p.Steps {
		if s.Timeout > stepsTime {
			p.warn(fmt.Sprintf("steps[%d].timeout", i), "a timeout of %s has no effect: all steps of an alert together have %s, unless the stack's EnrichBudget is longer", s.Timeout, stepsTime)
		}
	}
}
