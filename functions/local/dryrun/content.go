package dryrun

import (
	"boomerang/shared/event"
	"boomerang/shared/playbook"
)

// Content is what an event of either API says.
type Content struct {
	API       string   `json:"api"`
	Title     string   `json:"title"`
	AlertType string   `json:"status"` // error, warning, success or info; of v2 error, warn or ok
	Priority  string   `json:"priority,omitempty"`
	Host      string   `json:"host,omitempty"`
	Source    string   `json:"-"`
	Device    string   `json:"-"`
	Text      string   `json:"-"` // with its Markdown fence
	Tags      []string `json:"tags"`
}

// ContentOf returns the content of an event of either API.
func ContentOf(e event.Request) Content {
	switch e := e.(type) {
	case event.Event:
		return Content{playbook.APIv1, e.Title, e.AlertType, e.Priority, e.Host, e.SourceTypeName, e.DeviceName, e.Text, e.Tags}
	case event.AlertEvent:
		a := e.Data.Attributes
		return Content{API: playbook.APIv2, Title: a.Title, AlertType: a.Attributes.Status, Priority: a.Attributes.Priority, Host: a.Host, Text: a.Message, Tags: a.Tags}
	}
	return Content{}
}
