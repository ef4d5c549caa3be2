// Package changes is the step "changes": what was deployed, configured, built or
// otherwise changed in the hour before the alert, by whom, and where to read about
// it. It needs the permission events_read.
package changes

import (
	"context"
	"errors"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
)

// Name is the step's name in playbooks, answers and events.
const Name = "changes"

// Permission is what the application key needs.
const Permission = "events_read"

// Source is where events are searched.
type Source interface {
	SearchEvents(ctx context.Context, search datadog.EventSearch) ([]datadog.FoundEvent, error)
}

var _ Source = (*datadog.Client)(nil)

// Config is what a playbook may say.
type Config struct {
	Window  time.Duration `yaml:"window" doc:"How long before the alert to look; an hour when it is empty, and at most a week."`
	Sources []string      `yaml:"sources" doc:"Count everything from these sources as a change, and nothing from others; their names are those of the tag source, such as github."`
	Query   string        `yaml:"query" doc:"Search the events by this query, and count all of them as changes; empty means by the alert's own tags."`
}

const (
	defaultWindow = time.Hour
	maxWindow     = 7 * 24 * time.Hour
	// maxFound bounds what one search returns.
	maxFound = 200
)

// Validate returns an error for a time that is none.
func (c Config) Validate() error {
	if c.Window < 0 || c.Window > maxWindow {
		return errors.New("window: it is a time from 1s to 168h, such as 30m or 2h")
	}
	return nil
}

func (c Config) window() time.Duration {
	if c.Window == 0 {
		return defaultWindow
	}
	return c.Window
}

// chosen reports whether the playbook says itself which events are changes.
func (c Config) chosen() bool { return c.Query != "" || len(c.Sources) > 0 }

// Data is what playbooks and machines see. Times are UTC.
type Data struct {
	Query string    `json:"query"`
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
	// Count is how many changes there were, AtLeast true when there may be more.
	Count   int  `json:"count"`
	AtLeast bool `json:"at_least"`
	// How many there are of each kind.
	Deploys        int `json:"deploys"`
	Flags          int `json:"flags"`
	Configs        int `json:"configs"`
	CI             int `json:"ci"`
	Infrastructure int `json:"infrastructure"`
	Others         int `json:"others"`
	// Last is the newest change, zero when there was none.
	Last Change `json:"last"`
	// Changes are the newest of them, the newest first.
	Changes []Change `json:"changes,omitempty"`
}

// Change is a change, or several with the same title.
type Change struct {
	Kind    Kind      `json:"kind"`
	Title   string    `json:"title"`
	Who     string    `json:"who"`
	Source  string    `json:"source"`
	Service string    `json:"service"`
	Time    time.Time `json:"time,omitzero"` // Of the newest.
	URL     string    `json:"url"`           // What the change links to, or else its event.
	Times   int       `json:"times"`
}

// New returns the step.
func New(source Source, c Config) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		if a.Date.IsZero() {
			a.Date = time.Now()
		}
		query := c.query(enrich.Tags(a))
		if query == "" {
			return enrich.Finding{}, enrich.Skip("the alert has no tag to find changes by")
		}
		d := Data{Query: query, From: a.Date.Add(-c.window()).UTC(), To: a.Date.UTC()}
		events, err := source.SearchEvents(ctx, datadog.EventSearch{Query: query, From: d.From, To: d.To, Limit: maxFound})
		if err != nil {
			return enrich.Finding{}, err
		}
		d.AtLeast = len(events) == maxFound
		d.take(events, enrich.Tags(a).All("env"), c.chosen())
		return found(d, c.window()), nil
	})
}
