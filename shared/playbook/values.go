package playbook

import (
	"errors"
	"strings"

	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fault"
)

// Allowed returns what Datadog knows in a field of an API's event.
func Allowed(field, api string) (knows func(string) bool, texts string) {
	switch {
	case field == "alert_type":
		return event.IsAlertType, "error, warning, info or success"
	case api == APIv2:
		return event.IsLevel, "1 to 5"
	}
	return event.IsPriority, "normal or low"
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
	knows, texts := Allowed(field, v.api)
	if text == "" || knows(text) {
		return text
	}
	if own, _ := Allowed(field, v.ownAPI); !own(text) {
		shown := enrich.Line(text, maxShown)
		v.warnings = append(v.warnings, fault.NewRedacted(fault.Permanent, v.where("event."+field)+`Datadog does not know "`, shown, `": use `+texts, nil))
	}
	return ""
}
