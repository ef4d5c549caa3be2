// Package monitor holds the steps "monitor" and "downtimes". The first shows the
// alert's monitor, its failing groups and the pages that its owners link to, and needs
// the permission monitors_read. The second shows the downtimes that mute the monitor.
package monitor

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
	"boomerang/shared/site"
)

// Kind describes the step to playbooks. The step has no settings.
func Kind(client *datadog.Client, s site.Site) enrich.Kind {
	return enrich.KindOf(enrich.Kind{
		Name: "monitor", Doc: "The alert's monitor: thresholds, failing groups and since when, downtimes, runbooks from its message.",
		Permissions: []string{"monitors_read"}, Data: Data{},
	}, func(_ struct{}, cache time.Duration) enrich.Step { return newStep(client.Cached(cache).Monitor, s) })
}

// Query reads the healthy groups too, to say how many of all groups fail. Steps that use
// it share one response.
var Query = datadog.MonitorQuery{
	GroupStates:   []string{"all"},
	WithDowntimes: true,
	WithAssets:    true,
}

type source func(ctx context.Context, id int64, query datadog.MonitorQuery) (datadog.Monitor, error)

func newStep(get source, s site.Site) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		id, err := enrich.MonitorID(a.MonitorID)
		if err != nil {
			return enrich.Finding{}, err
		}
		m, err := get(ctx, id, Query)
		if err != nil {
			return enrich.Finding{}, wrapNotFound(id, err)
		}
		return newFinding(a, m, fmt.Sprintf("https://%s/monitors/%d", s.App(), id)), nil
	})
}

func wrapNotFound(id int64, err error) error {
	if !datadog.IsNotFound(err) {
		return err
	}
	return fault.New(fault.Permanent, fmt.Sprintf("Datadog has no monitor %d: it was deleted or belongs to another organisation", id), err)
}

// Data is the finding for playbooks. Times are UTC.
type Data struct {
	ID         int64              `json:"id"`
	Name       string             `json:"name"`
	Type       string             `json:"type"`
	Query      string             `json:"query"`
	State      string             `json:"state"`              // "Alert", "Warn", "No Data", "OK", …
	Priority   string             `json:"priority,omitempty"` // P1 to P5.
	Tags       []string           `json:"tags,omitempty"`
	Thresholds map[string]float64 `json:"thresholds,omitempty"` // By "critical", "warning_recovery", …
	// Failing counts the failing groups; Groups holds the first of them.
	Failing      int        `json:"failing"`
	FailingSince time.Time  `json:"failing_since,omitzero"` // Of the group that has failed longest.
	Groups       []Group    `json:"groups,omitempty"`
	Downtimes    []Downtime `json:"downtimes,omitempty"` // Active ones.
	Runbooks     []string   `json:"runbooks,omitempty"`  // URLs.
	URL          string     `json:"url"`
}

// Group is a failing group of the monitor.
type Group struct {
	Name  string    `json:"name"` // "host:a,env:prod", or "*" for a monitor without groups.
	State string    `json:"state"`
	Since time.Time `json:"since,omitzero"`
}

// Downtime mutes the monitor where its scope matches.
type Downtime struct {
	Scope []string  `json:"scope,omitempty"`
	Until time.Time `json:"until,omitzero"` // Zero when it has no end.
}

const (
	maxFact   = 500 // Characters of a fact's value.
	maxGroups = 5   // Failing groups that are named.
)

func newFinding(a alert.Alert, m datadog.Monitor, page string) enrich.Finding {
	failing := failingGroups(m.Groups, a)
	pages := links(m, enrich.Tags(a))
	d := Data{
		ID: m.ID, Name: m.Name, Type: m.Type, Query: m.Query, State: m.OverallState, Tags: m.Tags,
		Thresholds: m.Thresholds,
		Failing:    len(failing), FailingSince: earliest(failing), Groups: failing[:min(len(failing), maxGroups)],
		URL: page,
	}
	if m.Priority != 0 {
		d.Priority = "P" + strconv.Itoa(m.Priority)
	}
	for _, one := range m.Downtimes {
		d.Downtimes = append(d.Downtimes, Downtime{Scope: one.Scope, Until: one.End})
	}
	for _, link := range pages {
		if link.Kind == kindRunbook {
			d.Runbooks = append(d.Runbooks, link.URL)
		}
	}
	return enrich.Finding{
		Title: "Monitor", Weight: enrich.Essential, Data: d,
		Blocks: enrich.Blocks(
			facts(a, d, failing),
			append(pages, enrich.Link{Title: "Monitor in Datadog", URL: page}),
			enrich.ListOf(failing, maxGroups, Group.item),
			enrich.Code(m.Query),
		),
	}
}

func facts(a alert.Alert, d Data, failing []Group) enrich.Facts {
	all := enrich.Facts{
		{Name: "Name", Value: d.Name},
		{Name: "Type", Value: d.Type},
		{Name: "State", Value: d.State},
		{Name: "Failing", Value: failingSummary(failing)},
		{Name: "Thresholds", Value: thresholdSummary(d.Thresholds)},
		{Name: "Muted", Value: mutedSummary(d.Downtimes)},
		{Name: "Priority", Value: d.Priority},
	}
	known, tags := enrich.Tags(a), alert.Tags(d.Tags)
	for _, one := range []struct{ key, name string }{{"service", "Service"}, {"team", "Team"}, {"env", "Env"}} {
		if known.Get(one.key) == "" {
			all = append(all, enrich.Fact{Name: one.name, Value: strings.Join(tags.All(one.key), ", ")})
		}
	}
	return all.Known(maxFact)
}

// failingSummary counts the groups by state: "3 groups (2 Alert, 1 No Data)".
func failingSummary(failing []Group) string {
	if len(failing) == 0 || len(failing) == 1 && failing[0].Name == "*" {
		return ""
	}
	counts := make(map[string]int)
	for _, g := range failing {
		counts[g.State]++
	}
	var states []string
	for _, state := range failingStates {
		if counts[state] > 0 {
			states = append(states, fmt.Sprintf("%d %s", counts[state], state))
		}
	}
	return fmt.Sprintf("%s (%s)", enrich.Count(len(failing), "group"), strings.Join(states, ", "))
}

// thresholdNames are Datadog's names, the most severe first.
var thresholdNames = []string{"critical", "warning", "critical_recovery", "warning_recovery", "ok", "unknown"}

func thresholdSummary(thresholds map[string]float64) string {
	var texts []string
	for _, name := range thresholdNames {
		if value, ok := thresholds[name]; ok {
			texts = append(texts, strings.ReplaceAll(name, "_", " ")+" "+strconv.FormatFloat(value, 'f', -1, 64))
		}
	}
	return strings.Join(texts, ", ")
}

// mutedSummary lists the downtimes: "until 21 Nov 16:00 UTC for env:dev".
func mutedSummary(downtimes []Downtime) string {
	var texts []string
	for _, d := range downtimes {
		text := enrich.Until(d.Until)
		if scope := strings.Join(d.Scope, ", "); scope != "" && scope != "*" {
			text += " for " + scope
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, "; ")
}

var failingStates = []string{"Alert", "Warn", "No Data"}

// failingGroups returns the failing groups: the one that alerted, then the one that
// has failed longest.
func failingGroups(groups []datadog.MonitorGroup, a alert.Alert) []Group {
	var failing []Group
	for _, g := range groups {
		if !slices.Contains(failingStates, g.Status) {
			continue
		}
		since := g.LastTriggered
		if g.Status == "No Data" && !g.LastNoData.IsZero() {
			since = g.LastNoData
		}
		failing = append(failing, Group{Name: g.Name, State: g.Status, Since: since})
	}
	isGroup := enrich.IsGroup(a)
	rank := func(g Group) int {
		switch {
		case isGroup(g.Name):
			return 0
		case !g.Since.IsZero():
			return 1
		}
		return 2
	}
	slices.SortStableFunc(failing, func(a, b Group) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), a.Since.Compare(b.Since))
	})
	return failing
}

func (g Group) item() enrich.Item {
	text := g.Name
	if text == "*" {
		text = "the whole monitor"
	}
	return enrich.Item{Time: g.Since, Tag: g.State, Text: text}
}

// earliest returns the time since when the first of the groups is failing.
func earliest(failing []Group) time.Time {
	var since time.Time
	for _, g := range failing {
		if !g.Since.IsZero() && (since.IsZero() || g.Since.Before(since)) {
			since = g.Since
		}
	}
	return since
}
