package events

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/monitor"
)

type ChangesConfig struct {
	Window  time.Duration `yaml:"window" min:"1s" max:"168h" doc:"How long before the alert to look, at most 168h. Default: 1h."`
	Sources []string      `yaml:"sources" doc:"Count all events of these sources as changes, and no others. A source is a value of the tag source, such as github."`
	Query   string        `yaml:"query" doc:"Event search. All events it finds count as changes. Default: the alert's tags."`
}

const (
	defaultWindow = time.Hour
	maxWindow     = 7 * 24 * time.Hour
	maxFound      = 200 // Events that one search returns.
	maxShown      = 8
)

// Validate checks the window.
func (c ChangesConfig) Validate() error {
	if c.Window < 0 || c.Window > maxWindow {
		return errors.New("window: use a time from 1s to 168h, such as 30m or 2h")
	}
	return nil
}

// ChangesData is the finding for playbooks. Times are UTC.
type ChangesData struct {
	Query          string    `json:"query"`
	From           time.Time `json:"from"`
	To             time.Time `json:"to"`
	Count          int       `json:"count"`
	AtLeast        bool      `json:"at_least"` // There may be more.
	Deploys        int       `json:"deploys"`
	Flags          int       `json:"flags"`
	Configs        int       `json:"configs"`
	CI             int       `json:"ci"`
	Infrastructure int       `json:"infrastructure"`
	Others         int       `json:"others"`
	Last           Change    `json:"last"`              // The newest, zero when there is none.
	Changes        []Change  `json:"changes,omitempty"` // The newest.
}

func ChangesKind(client *datadog.Client) enrich.Kind {
	return enrich.KindOf(enrich.Kind{
		Name: "changes", Doc: "Deploys, feature flags, configuration changes and builds in the hour before, with authors.",
		Permissions: []string{"events_read", "monitors_read"}, Data: ChangesData{},
	}, func(c ChangesConfig, cache time.Duration) enrich.Step {
		cached := client.Cached(cache)
		lacks := func(a alert.Alert) bool { return c.Query == "" && !enrich.NamesSubject(a) }
		return monitor.Completed(cached.Monitor, lacks, newChanges(cached.SearchEvents, c))
	})
}

type searcher func(context.Context, datadog.SearchQuery) ([]datadog.Event, error)

func newChanges(search searcher, c ChangesConfig) enrich.Step {
	c.Window = cmp.Or(c.Window, defaultWindow)
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		if a.Date.IsZero() {
			a.Date = time.Now()
		}
		query := c.query(enrich.Tags(a))
		if query == "" {
			return enrich.Finding{}, enrich.Skip("the alert has no tag to find changes by")
		}
		d := ChangesData{Query: query, From: a.Date.Add(-c.Window).UTC(), To: a.Date.UTC()}
		events, err := search(ctx, datadog.SearchQuery{Query: query, From: d.From, To: d.To, Limit: maxFound})
		if err != nil {
			return enrich.Finding{}, err
		}
		d.AtLeast = len(events) == maxFound
		return changesFinding(d, c.changes(events, enrich.Tags(a).All("env")), c.Window), nil
	})
}

// NoAlerts leaves alerts and Boomerang's own events out of a search, whose limit they would fill.
const NoAlerts = "-source:(alert OR monitor_alert OR watchdog) -idempotency_key:*"

// query returns the search for the alert's changes, empty when the alert has no tag
// for it (https://docs.datadoghq.com/events/explorer/searching/).
func (c ChangesConfig) query(tags alert.Tags) string {
	query := c.Query
	if query == "" {
		query = cmp.Or(anyOf(tags, append(slices.Clone(narrowTags), "kube_cronjob")), anyOf(tags, wideTags))
		if query == "" {
			return ""
		}
		query += " " + NoAlerts
	}
	if len(c.Sources) > 0 {
		quoted := make([]string, len(c.Sources))
		for i, source := range c.Sources {
			quoted[i] = enrich.Quote(source)
		}
		query = "(" + query + ") source:(" + strings.Join(quoted, " OR ") + ")"
	}
	return query
}

func anyOf(tags alert.Tags, keys []string) string {
	var terms []string
	for _, key := range keys {
		if value := tags.Get(key); value != "" {
			terms = append(terms, key+":"+enrich.Quote(value))
		}
	}
	if len(terms) < 2 {
		return strings.Join(terms, "")
	}
	return "(" + strings.Join(terms, " OR ") + ")"
}

// changes returns the events that are changes and can be of the environment. Where the
// playbook chooses the events, all but those about alerts are changes.
func (c ChangesConfig) changes(events []datadog.Event, env []string) []Change {
	chosen := c.Query != "" || len(c.Sources) > 0
	var all []Change
	for _, e := range events {
		kind := Classify(e)
		if isFromMonitor(e) || alert.Tags(e.Tags).Has(alert.SourceTag) || enrich.DifferentEnv(e.Tags, env) || !chosen && !kind.IsChange() {
			continue
		}
		if kind == Alert || kind == OtherChange {
			kind = Other
		}
		all = append(all, Change{Kind: kind, Title: Title(e), Who: Author(e), Source: Source(e), Service: e.Service, Time: e.Happened, URL: Link(e)})
	}
	return merge(all)
}

func changesFinding(d ChangesData, changes []Change, window time.Duration) enrich.Finding {
	counts := count(changes)
	d.Deploys, d.Flags, d.Configs, d.CI = counts[Deploy], counts[Flag], counts[Setting], counts[CI]
	d.Infrastructure, d.Others = counts[Infrastructure], counts[Other]
	d.Count = d.Deploys + d.Flags + d.Configs + d.CI + d.Infrastructure + d.Others
	facts := enrich.Facts{{Name: "In the " + windowText(window) + " before", Value: d.summary()}}
	weight := enrich.Useful
	if len(changes) > 0 {
		weight, d.Last = enrich.Important, changes[0]
	}
	d.Changes = changes[:min(len(changes), maxShown)]
	list := enrich.ListOf(changes, maxShown, Change.item)
	return enrich.Finding{Title: "Changes", Weight: weight, Blocks: enrich.Blocks(facts, list), Data: d}
}

func (d ChangesData) summary() string {
	text := countSummary(d.AtLeast,
		counted{d.Deploys, "deploy"}, counted{d.Flags, "feature flag"}, counted{d.Configs, "configuration change"},
		counted{d.Infrastructure, "infrastructure change"}, counted{d.CI, "CI event"}, counted{d.Others, "other change"})
	switch {
	case text == "" && d.AtLeast:
		return fmt.Sprintf("no change among the newest %d events", maxFound)
	case text == "":
		return "no known changes"
	}
	return text
}

func windowText(d time.Duration) string {
	switch {
	case d == time.Hour:
		return "hour"
	case d%time.Hour == 0:
		return fmt.Sprintf("%d hours", d/time.Hour)
	}
	return enrich.FormatDuration(d)
}
