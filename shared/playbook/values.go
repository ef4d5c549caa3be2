package playbook

import (
	"errors"
	"fmt"
	"strings"

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

// checkValues reports the texts without a template that Datadog does not know. The API is
// that of the first playbook that matches, so that one that sets none may post to v2.
func (l *loader) checkValues(file document) {
	anyV2 := false
	for _, d := range file.Playbooks {
		anyV2 = anyV2 || d.Event.API == APIv2
	}
	for i, d := range file.Playbooks {
		path := element("playbooks", i) + ".event"
		if text, ok := literal(d.Event.AlertType); ok && !event.IsAlertType(text) {
			l.Report(path+".alert_type", "alert_type must be %s", alertTypes)
		}
		text, ok := literal(d.Event.Priority)
		isLevel, isPriority := event.IsLevel(text), event.IsPriority(text)
		switch {
		case !ok:
		case d.Event.API == APIv2 && !isLevel:
			l.Report(path+".priority", "priority must be %s", levels)
		case !isPriority && !(isLevel && (d.Event.API == APIv2 || d.Event.API == "" && anyV2)):
			l.Report(path+".priority", "priority must be %s", priorities)
		}
	}
}

// literal returns a text that is not empty and no template.
func literal(text string) (string, bool) {
	text = strings.TrimSpace(text)
	return text, text != "" && !strings.Contains(text, "{{")
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
