// Package ownevent is the step "event": the alert's own event as Datadog keeps it,
// which knows what a webhook's payload may have left out: the monitor, the groups
// that fail, all tags, the text. It needs the permission events_read.
package ownevent

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
)

// Name is the step's name in playbooks, answers and events.
const Name = "event"

// Permission is what the application key needs.
const Permission = "events_read"

// Source is where events are read.
type Source interface {
	Event(ctx context.Context, id string) (datadog.Event, error)
}

var _ Source = (*datadog.Client)(nil)

// Config is what a playbook may say.
type Config struct {
	ID string `yaml:"id" doc:"Id of the event to get; empty means the alert's own event."`
}

// Validate returns an error for an event that no id can name.
func (c Config) Validate() error {
	if c.ID == "" || strings.Contains(c.ID, "{{") || isID(c.ID) {
		return nil
	}
	return fmt.Errorf("id: %q is no event's id; it is a whole number above zero", c.ID)
}

func isID(text string) bool {
	id, err := strconv.ParseInt(text, 10, 64)
	return err == nil && id > 0
}

// New returns the step.
func New(source Source, c Config) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		id := c.ID
		if id == "" {
			id = a.ID
		}
		if !isID(id) {
			return enrich.Finding{}, enrich.Skip("the alert names no event")
		}
		e, err := source.Event(ctx, id)
		if err != nil {
			return enrich.Finding{}, explained(id, err)
		}
		return found(a, e), nil
	})
}

func explained(id string, err error) error {
	if e, ok := errors.AsType[*datadog.Error](err); ok && e.Status == http.StatusNotFound {
		return fault.New(fault.Permanent, fmt.Sprintf("Datadog does not show the event %s: it does so some twenty seconds after it took the event, and never to another organisation", id), err)
	}
	return err
}

// Data is what playbooks and machines see. Times are UTC.
type Data struct {
	ID        string    `json:"id"`
	Title     string    `json:"title"`
	Text      string    `json:"text"`             // Datadog's markdown, without its %%% around it.
	AlertType string    `json:"alert_type"`       // "error", "warning", "success", "info", …
	Priority  string    `json:"priority"`         // "normal" or "low".
	Source    string    `json:"source"`           // "monitor alert", "my_apps", …
	MonitorID string    `json:"monitor_id"`       // Empty for an event that no monitor sent.
	Groups    []string  `json:"groups,omitempty"` // The monitor's groups that it is about.
	Tags      []string  `json:"tags,omitempty"`   // All of them.
	Host      string    `json:"host"`
	URL       string    `json:"url"`
	Happened  time.Time `json:"happened,omitzero"`
}

const (
	// maxGroups bounds the groups that are named; the rest is counted.
	maxGroups = 5
	// maxTags bounds the tags that are named.
	maxTags = 20
	// maxTextRunes leaves a text whole that its author meant to be read.
	maxTextRunes = 1000
	// maxValueRunes keeps one value fit for a line of an event.
	maxValueRunes = 300
)

func found(a alert.Alert, e datadog.Event) enrich.Finding {
	d := data(e)
	f := enrich.Finding{Title: "Event", Weight: enrich.Background, Blocks: []enrich.Block{facts(a, d)}, Data: d}
	// The alert's own words are in the event already.
	if text := enrich.Line(d.Text, maxTextRunes); text != "" && a.Message == "" && a.Text == "" {
		f.Weight = enrich.Important
		f.Blocks = append(f.Blocks, enrich.Paragraph(text))
	}
	if d.URL != "" {
		f.Blocks = append(f.Blocks, enrich.Links{{Kind: "resource", Title: "Event in Datadog", URL: d.URL}})
	}
	return f
}

func data(e datadog.Event) Data {
	d := Data{
		ID: e.ID, Title: e.Title, Text: unwrapped(e.Text), AlertType: e.AlertType, Priority: e.Priority, Source: e.Source,
		Groups: e.MonitorGroups, Tags: e.Tags, Host: e.Host, URL: e.URL, Happened: e.Happened,
	}
	if e.MonitorID != 0 {
		d.MonitorID = strconv.FormatInt(e.MonitorID, 10)
	}
	return d
}

// unwrapped takes off the signs that make a text markdown
// (https://docs.datadoghq.com/events/guides/dogstatsd/#markdown-events).
func unwrapped(text string) string {
	text = strings.TrimSpace(text)
	if inner, ok := strings.CutPrefix(text, "%%%"); ok {
		return strings.TrimSpace(strings.TrimSuffix(inner, "%%%"))
	}
	return text
}

// facts are what the alert's payload did not say.
func facts(a alert.Alert, d Data) enrich.Facts {
	all := enrich.Facts{{Name: "Id", Value: d.ID}}
	add := func(name, value string, known bool) {
		if value = enrich.Line(value, maxValueRunes); value != "" && !known {
			all = append(all, enrich.Fact{Name: name, Value: value})
		}
	}
	add("Title", d.Title, a.Title != "")
	add("Monitor", d.MonitorID, a.MonitorID == d.MonitorID)
	add("Groups", groupWords(d.Groups), len(d.Groups) == 1 && sameGroup(d.Groups[0], a.Scope))
	add("Host", d.Host, a.Hostname == d.Host)
	add("More tags", tagWords(d.Tags, enrich.Tags(a)), false)
	return all
}

// groupWords names the groups; "*" stands for a monitor without any.
func groupWords(groups []string) string {
	groups = slices.DeleteFunc(slices.Clone(groups), func(g string) bool { return g == "*" })
	words := strings.Join(groups[:min(len(groups), maxGroups)], "; ")
	if more := len(groups) - maxGroups; more > 0 {
		words += fmt.Sprintf(" and %d more", more)
	}
	return words
}

// sameGroup compares what Datadog writes in different orders.
func sameGroup(group, scope string) bool {
	tags := func(text string) []string {
		all := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
		slices.Sort(all)
		return all
	}
	return slices.Equal(tags(group), tags(scope))
}

func tagWords(tags []string, known alert.Tags) string {
	more := slices.DeleteFunc(slices.Clone(tags), func(tag string) bool {
		return slices.Contains(known, tag) || strings.HasPrefix(tag, "source:")
	})
	return strings.Join(more[:min(len(more), maxTags)], ", ")
}
