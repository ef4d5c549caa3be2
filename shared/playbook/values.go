package playbook

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"text/template/parse"

	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fault"
)

// allowed returns what Datadog knows in a field of an API's event.
func allowed(field, api string) (knows func(string) bool, texts string) {
	switch {
	case field == "alert_type":
		return event.IsAlertType, "error, warning, info or success"
	case api == APIv2:
		return event.IsLevel, "1 to 5"
	}
	return event.IsPriority, "normal or low"
}

// checkValues reports the texts that Datadog does not know, as far as they do not depend on
// values. The API is that of the first playbook that matches, so that one that sets none may
// post to v2.
func (l *loader) checkValues(file document) {
	anyV2 := slices.ContainsFunc(file.Playbooks, func(d definition) bool { return d.Event.API == APIv2 })
	for i, d := range file.Playbooks {
		apis := []string{cmp.Or(d.Event.API, APIv1)}
		if d.Event.API == "" && anyV2 {
			apis = append(apis, APIv2)
		}
		for field, source := range map[string]string{"alert_type": d.Event.AlertType, "priority": d.Event.Priority} {
			unknown := slices.DeleteFunc(outputs(source), func(text string) bool {
				return text == "" || slices.ContainsFunc(apis, func(api string) bool {
					knows, _ := allowed(field, api)
					return knows(text)
				})
			})
			if len(unknown) > 0 {
				_, texts := allowed(field, apis[0])
				l.Report(element("playbooks", i)+".event."+field, "%s must be %s (api: %s), not %q", field, texts, apis[0], unknown[0])
			}
		}
		for field, source := range map[string]string{"source": d.Event.Source, "device_name": d.Event.Device} {
			if source != "" && d.Event.API == APIv2 {
				l.Report(element("playbooks", i)+".event."+field, "%s is only for v1: events of the v2 API have no such field. Leave it out, or use api: v1", field)
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

// values are the texts that one playbook's templates came out as.
type values struct {
	playbook    string
	api, ownAPI string // of the event, which may be another playbook's, and of the playbook
	titleFailed bool
	warnings    []error
}

func (v *values) where(field string) string { return "playbook " + v.playbook + ", " + field + ": " }

const titleKey = "event.title"

// failed notes a template that cannot be rendered.
func (v *values) failed(path string, err error) {
	path, _, _ = strings.Cut(path, "[")
	v.titleFailed = v.titleFailed || path == titleKey
	if _, ok := errors.AsType[*fault.Error](err); !ok {
		err = fault.New(fault.Permanent, v.where(path)+err.Error(), nil)
	} else {
		err = fault.Wrap(v.where(path)+"the template", err)
	}
	v.warnings = append(v.warnings, err)
}

func (v *values) emptyTitle() error {
	return fault.New(fault.Permanent, v.where(titleKey)+"the template came out empty, so the event has the alert's title", nil)
}

// ofV1 returns the text of a field that only v1 has. It notes one in a playbook for v2.
func (v *values) ofV1(field, text string) string {
	text = strings.TrimSpace(text)
	if v.api != APIv2 {
		return text
	}
	if text != "" && v.ownAPI == APIv2 {
		v.warnings = append(v.warnings, fault.New(fault.Permanent, v.where("event."+field)+"events of the v2 API have no such field: use api: v1", nil))
	}
	return ""
}

// known returns a text that the event's API knows. It notes one that the playbook's own
// API does not know, either.
func (v *values) known(field, text string) string {
	const maxShown = 40
	text = strings.TrimSpace(text)
	knows, texts := allowed(field, v.api)
	if text == "" || knows(text) {
		return text
	}
	if own, _ := allowed(field, v.ownAPI); !own(text) {
		shown := enrich.Line(text, maxShown)
		v.warnings = append(v.warnings, fault.NewRedacted(fault.Permanent, v.where("event."+field)+`Datadog does not know "`, shown, `": use `+texts, nil))
	}
	return ""
}
