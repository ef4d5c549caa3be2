package playbook

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/template/parse"

	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fault"
)

// The values that Datadog knows.
const (
	alertTypes = "error, warning, info or success"
	priorities = "normal or low; with api: v2 1 to 5"
	levels     = "1 to 5, because api is v2"
)

// checkValues reports the texts that Datadog does not know, as far as they do not depend on
// values. The API is that of the first playbook that matches, so that one that sets none may
// post to v2.
func (l *loader) checkValues(file document) {
	anyV2 := slices.ContainsFunc(file.Playbooks, func(d definition) bool { return d.Event.API == APIv2 })
	for i, d := range file.Playbooks {
		path := element("playbooks", i) + ".event"
		isKnown, allowed := event.IsPriority, priorities
		switch {
		case d.Event.API == APIv2:
			isKnown, allowed = event.IsLevel, levels
		case d.Event.API == "" && anyV2:
			isKnown = func(text string) bool { return event.IsPriority(text) || event.IsLevel(text) }
		}
		l.checkValue(path+".priority", d.Event.Priority, isKnown, "priority must be "+allowed)
		l.checkValue(path+".alert_type", d.Event.AlertType, event.IsAlertType, "alert_type must be "+alertTypes)
	}
}

func (l *loader) checkValue(path, source string, isKnown func(string) bool, problem string) {
	for _, text := range outputs(source) {
		if text = strings.TrimSpace(text); text != "" && !isKnown(text) {
			l.Report(path, "%s, not %q", problem, text)
			return
		}
	}
}

// outputs returns what a template can come out as, if that are fixed texts with conditions.
func outputs(source string) []string {
	tree := parse.New("")
	tree.Mode = parse.SkipFuncCheck
	if _, err := tree.Parse(source, "", "", map[string]*parse.Tree{}); err != nil || tree.Root == nil {
		return nil // It is reported elsewhere.
	}
	return outputsOf(tree.Root)
}

// maxOutputs bounds the combinations of conditions.
const maxOutputs = 64

// outputsOf returns nil for a list with anything but texts and conditions.
func outputsOf(list *parse.ListNode) []string {
	all := []string{""}
	if list == nil {
		return all
	}
	for _, node := range list.Nodes {
		var more []string
		switch n := node.(type) {
		case *parse.TextNode:
			more = []string{string(n.Text)}
		case *parse.IfNode:
			then, other := outputsOf(n.List), outputsOf(n.ElseList)
			if then != nil && other != nil {
				more = slices.Concat(then, other)
			}
		}
		var joined []string
		for _, before := range all {
			for _, after := range more {
				joined = append(joined, before+after)
			}
		}
		if all = joined; len(all) > maxOutputs {
			return nil
		}
	}
	return all
}

// values are the texts that one playbook's templates came out as.
type values struct {
	playbook    string
	api, ownAPI string // of the event, which may be another playbook's, and of the playbook
	titleFailed bool
	warnings    []error
}

// failed notes a template that cannot be rendered.
func (v *values) failed(path string, err error) {
	path, _, _ = strings.Cut(path, "[")
	v.titleFailed = v.titleFailed || path == "event.title"
	where := fmt.Sprintf("playbook %s, %s", v.playbook, path)
	if _, ok := errors.AsType[*fault.Error](err); ok {
		v.warnings = append(v.warnings, fault.Wrap(where+": the template", err))
		return
	}
	v.warnings = append(v.warnings, fault.New(fault.Permanent, where+": "+err.Error(), nil))
}

func (v *values) emptyTitle() error {
	return fault.New(fault.Permanent, "playbook "+v.playbook+", event.title: the template came out empty, so the event has the alert's title", nil)
}

// priority returns a priority that the event's API knows. It notes one that the playbook's
// own API does not know.
func (v *values) priority(text string) string {
	text = strings.TrimSpace(text)
	isOwn := event.IsPriority
	if v.ownAPI == APIv2 {
		isOwn = event.IsLevel
	}
	if v.api != v.ownAPI && isOwn(text) {
		return ""
	}
	if v.api == APIv2 {
		return v.known("priority", text, event.IsLevel, "1 to 5")
	}
	return v.known("priority", text, event.IsPriority, "normal or low")
}

func (v *values) alertType(text string) string {
	return v.known("alert_type", text, event.IsAlertType, alertTypes)
}

// known returns a text that Datadog knows, and notes another.
func (v *values) known(field, text string, isKnown func(string) bool, allowed string) string {
	const maxShown = 40
	text = strings.TrimSpace(text)
	if text == "" || isKnown(text) {
		return text
	}
	where := fmt.Sprintf("playbook %s, event.%s: ", v.playbook, field)
	v.warnings = append(v.warnings, fault.NewRedacted(fault.Permanent, where+`Datadog does not know "`, enrich.Line(text, maxShown), `": use `+allowed, nil))
	return ""
}
