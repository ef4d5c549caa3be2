package dryrun

import (
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/playbook"
)

// Content is what an event of either API says.
type Content struct {
	Title, AlertType, Priority, Host, Source, Device string
	Text                                             string // with its Markdown fence
	Tags                                             []string
}

// ContentOf returns what an event says.
func ContentOf(e event.Request) Content {
	switch e := e.(type) {
	case event.Event:
		return Content{e.Title, e.AlertType, e.Priority, e.Host, e.SourceTypeName, e.DeviceName, e.Text, e.Tags}
	case event.AlertEvent:
		a := e.Data.Attributes
		return Content{Title: a.Title, AlertType: a.Attributes.Status, Priority: a.Attributes.Priority, Host: a.Host, Text: a.Message, Tags: a.Tags}
	}
	return Content{}
}

// Compose returns the event of an alert for an API (see package playbook).
func Compose(api string, a alert.Alert, d event.Draft, results []enrich.Result, at time.Time) event.Request {
	if api == playbook.APIv2 {
		return event.ComposeAlert(a, d, results, at)
	}
	return event.Compose(a, d, results, at)
}
