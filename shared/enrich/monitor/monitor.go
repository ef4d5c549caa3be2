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
	"unicode/utf8"

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
		parts, err := readParts(ctx, get, m, s)
		f := newFinding(a, m, parts, pageURL(s, id))
		f.PartialReason = err
		return f, nil
	})
}

func pageURL(s site.Site, id int64) string { return fmt.Sprintf("https://%s/monitors/%d", s.App(), id) }

func wrapNotFound(id int64, err error) error {
	text := fmt.Sprintf("Datadog has no monitor %d: it was deleted or belongs to another organization", id)
	return datadog.ExplainNotFound(err, fault.New(fault.Permanent, text, err))
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
	// GroupState is the state of the group that alerted, if Datadog knows the group.
	GroupState string `json:"group_state,omitempty"`
	// Total counts all groups and Failing the failing ones; Groups holds the first of those.
	Total        int                `json:"total"`
	Failing      int                `json:"failing"`
	FailingSince time.Time          `json:"failing_since,omitzero"` // Of the group that has failed longest.
	Groups       []Group            `json:"groups,omitempty"`
	Downtimes    []datadog.Downtime `json:"downtimes,omitempty"` // Active ones.
	Runbooks     []string           `json:"runbooks,omitempty"`  // URLs.
	Parts        []Part             `json:"parts,omitempty"`     // Of a composite monitor.
	URL          string             `json:"url"`
}

// Group is a failing group of the monitor.
type Group struct {
	Name  string    `json:"name"` // "host:a,env:prod", or "*" for a monitor without groups.
	State string    `json:"state"`
	Since time.Time `json:"since,omitzero"`
}

const (
	maxFact   = 500 // Characters of a fact's value.
	maxState  = 40  // Characters of a state.
	maxGroups = 5   // Failing groups that are named.
)

func newFinding(a alert.Alert, m datadog.Monitor, parts []Part, page string) enrich.Finding {
	failing, own := groupsOf(m.Groups, a)
	pages := links(m, enrich.Tags(a))
	d := Data{
		ID: m.ID, Name: m.Name, Type: m.Type, Query: m.Query, State: m.OverallState, Tags: m.Tags,
		Thresholds: m.Thresholds, GroupState: own.State, Total: len(m.Groups),
		Failing: len(failing), FailingSince: earliest(failing), Groups: failing[:min(len(failing), maxGroups)],
		Downtimes: m.Downtimes, Parts: parts, URL: page,
	}
	if m.Priority != 0 {
		d.Priority = "P" + strconv.Itoa(m.Priority)
	}
	for _, link := range pages {
		if link.Kind == kindRunbook {
			d.Runbooks = append(d.Runbooks, link.URL)
		}
	}
	counts := failingSummary(failing, d.Total)
	thresholds := d.thresholdSummary(shownFirst)
	if a.Status != "" {
		thresholds = ""
	}
	what, repeated := d.what(counts, thresholds), enrich.What
	if utf8.RuneCountInString(what) > enrich.MaxLead {
		repeated = "" // The lead is truncated.
	}
	partList := enrich.ListOf(parts, len(parts), func(p Part) enrich.Item { return p.item(repeated) })
	groupList := enrich.ListOf(failing, maxGroups, Group.item)
	if began(a, own) {
		groupList.Items[0].Lead = enrich.Since
	}
	return enrich.Finding{
		Title: "Monitor", Weight: enrich.Essential, Data: d, Standing: enrich.Standing{State: enrich.Line(d.state(), maxState), Failing: d.Failing, Groups: d.Total}, Lead: leads(a, d, what, own, pages),
		Blocks: enrich.Blocks(
			facts(a, d, counts, thresholds, repeated), partList, append(pages, enrich.Link{Title: "Monitor in Datadog", URL: pageAt(a, d, own)}),
			groupList, enrich.Reference{Block: enrich.Facts{{Name: "Type", Value: d.Type}}.Known(maxFact)}, enrich.Reference{Block: enrich.Code(m.Query)},
		),
	}
}

// facts are in the order of their use. What the alert says too is left out.
func facts(a alert.Alert, d Data, failing, thresholds string, repeated enrich.Answer) enrich.Facts {
	ofThresholds := repeated
	if thresholds == "" {
		ofThresholds = ""
	}
	known, tags := enrich.Tags(a), alert.Tags(d.Tags)
	tag := func(key string) string {
		return enrich.Unless(known.Get(key) != "", strings.Join(tags.All(key), ", "))
	}
	_, ofTeam := enrich.NewLead(enrich.Lead{Answer: enrich.Owner, Text: tag("team")})
	return enrich.Facts{
		{Name: "State", Value: d.difference(a), Lead: enrich.What},
		{Name: "Groups", Value: failing, Lead: repeated},
		{Name: "Thresholds", Value: d.thresholdSummary(shownFirst), Lead: ofThresholds},
		{Name: "Other thresholds", Value: d.thresholdSummary(shownLater)},
		{Name: "Muted", Value: mutedSummary(d.Downtimes, a.Date)},
		{Name: "State", Value: enrich.Unless(states[a.Transition] != "", d.state())},
		{Name: "Name", Value: enrich.Unless(strings.Contains(a.Title, d.Name), d.Name)},
		{Name: "Priority", Value: enrich.Unless(a.Priority != "", d.Priority)},
		{Name: "Service", Value: tag("service")},
		{Name: "Team", Value: tag("team"), Lead: ofTeam},
		{Name: "Env", Value: tag("env")},
	}.Known(maxFact)
}

// failingSummary counts the groups by state: "3 of 14 groups fail (2 Alert, 1 No Data)".
func failingSummary(failing []Group, total int) string {
	if total <= 1 {
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
	text := fmt.Sprintf("%d of %d groups fail", len(failing), total)
	if len(states) > 0 {
		text += " (" + strings.Join(states, ", ") + ")"
	}
	return text
}

// mutedSummary lists the downtimes: "until 21 Nov 16:00 UTC for env:dev".
func mutedSummary(downtimes []datadog.Downtime, alerted time.Time) string {
	var texts []string
	for _, d := range downtimes {
		text := enrich.Until(d.End, alerted)
		if scope := strings.Join(d.Scope, ", "); scope != "" && scope != "*" {
			text += " for " + scope
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, "; ")
}

var failingStates = []string{"Alert", "Warn", "No Data"}

func isFailing(state string) bool { return slices.Contains(failingStates, state) }

// wholeMonitor is the name of the one group of a monitor without groups.
const wholeMonitor = "*"

// groupsOf returns the failing groups, and the group that alerted, which is zero if Datadog
// does not know it. If that one fails it is the first; the others follow from the one that
// has failed longest.
func groupsOf(groups []datadog.MonitorGroup, a alert.Alert) (failing []Group, own Group) {
	isGroup := enrich.IsGroup(a)
	for _, g := range groups {
		one := Group{Name: g.Name, State: g.Status, Since: g.LastTriggered}
		if g.Status == "No Data" && !g.LastNoData.IsZero() {
			one.Since = g.LastNoData
		}
		if g.Name == wholeMonitor || isGroup(g.Name) {
			own = one
		}
		if isFailing(g.Status) {
			failing = append(failing, one)
		}
	}
	rank := func(g Group) int {
		switch {
		case g.Name == own.Name:
			return 0
		case !g.Since.IsZero():
			return 1
		}
		return 2
	}
	slices.SortStableFunc(failing, func(a, b Group) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), a.Since.Compare(b.Since))
	})
	return failing, own
}

func (g Group) item() enrich.Item {
	text := g.Name
	if text == wholeMonitor {
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
