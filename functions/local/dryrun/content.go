package dryrun

import "boomerang/shared/event"

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
