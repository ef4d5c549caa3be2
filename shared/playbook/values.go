package playbook

import (
	"errors"
	"strings"

	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fault"
)

// Known reports whether Datadog knows a text in a field of an API's event, and says what it knows.
func Known(field, api, text string) (known bool, others string) {
	switch {
	case field == "alert_type":
		known, others = event.IsAlertType(text), "error, warning, info or success"
	case field == "priority" && api == APIv2:
		known, others = event.IsLevel(text), "1 to 5"
	case field == "priority":
		known, others = event.IsPriority(text), "normal or low"
	default:
		known, others = api != APIv2, "api: v1, because events of v2 have no such field"
	}
	return known || text == "", others
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

// known returns a text that the event's API knows. It notes one that the playbook's own
// API does not know, either.
func (v *values) known(field, text string) string {
	const maxShown = 40
	text = strings.TrimSpace(text)
	if known, _ := Known(field, v.api, text); known {
		return text
	}
	if known, others := Known(field, v.ownAPI, text); !known {
		shown := enrich.Line(text, maxShown)
		v.warnings = append(v.warnings, fault.NewRedacted(fault.Permanent, v.where("event."+field)+`Datadog does not know "`, shown, `": use `+others, nil))
	}
	return ""
}
