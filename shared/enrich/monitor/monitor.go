// Package monitor is the step "monitor": what the alerting monitor is, which of
// its groups are failing and since when, and the pages that its owners left for
// whoever is woken by it. It needs the permission monitors_read.
package monitor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
	"boomerang/shared/site"
)

// Name is the step's name in playbooks, answers and events.
const Name = "monitor"

// Source is where monitors are read.
type Source interface {
	Monitor(ctx context.Context, id int64, query datadog.MonitorQuery) (datadog.Monitor, error)
}

var _ Source = (*datadog.Client)(nil)

// New returns the step. The links to monitors lead to the pages of s.
func New(source Source, s site.Site) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		id, err := strconv.ParseInt(a.MonitorID, 10, 64)
		if err != nil || id <= 0 {
			return enrich.Finding{}, enrich.Skip("the alert names no monitor")
		}
		m, err := source.Monitor(ctx, id, query)
		if err != nil {
			return enrich.Finding{}, explained(id, err)
		}
		return found(a, m, fmt.Sprintf("https://%s/monitors/%d", s.App(), id)), nil
	})
}

// query leaves out the groups that are well: there can be thousands.
var query = datadog.MonitorQuery{
	GroupStates:   []string{"alert", "warn", "no data"},
	WithDowntimes: true,
	WithAssets:    true,
}

func explained(id int64, err error) error {
	if e, ok := errors.AsType[*datadog.Error](err); ok && e.Status == http.StatusNotFound {
		return fault.New(fault.Permanent, fmt.Sprintf("Datadog has no monitor %d: it was deleted, or belongs to another organisation", id), err)
	}
	return err
}

// Data is what playbooks and machines see. Times are UTC.
type Data struct {
	ID         int64              `json:"id"`
	Name       string             `json:"name"`
	Type       string             `json:"type"`
	Query      string             `json:"query"`
	State      string             `json:"state"`              // "Alert", "Warn", "No Data", "OK", …
	Priority   string             `json:"priority,omitempty"` // P1 to P5.
	Tags       []string           `json:"tags,omitempty"`
	Thresholds map[string]float64 `json:"thresholds,omitempty"` // By "critical", "warning_recovery", …
	// Failing counts the failing groups; Groups holds the most important of them.
	Failing      int        `json:"failing"`
	FailingSince time.Time  `json:"failing_since,omitzero"` // Of the group that has been failing longest.
	Groups       []Group    `json:"groups,omitempty"`
	Downtimes    []Downtime `json:"downtimes,omitempty"` // Active ones.
	Runbooks     []string   `json:"runbooks,omitempty"`  // Addresses.
	URL          string     `json:"url"`
}

// Group is a failing group of the monitor.
type Group struct {
	Name  string    `json:"name"` // "host:a,env:prod", or "*" of a monitor without groups.
	State string    `json:"state"`
	Since time.Time `json:"since,omitzero"`
}

// Downtime silences the monitor where its scope matches.
type Downtime struct {
	Scope []string  `json:"scope,omitempty"`
	Until time.Time `json:"until,omitzero"` // Zero when it has no end.
}

func found(a alert.Alert, m datadog.Monitor, page string) enrich.Finding {
	failing := failingGroups(m.Groups, a.Scope)
	pages := links(m, enrich.Tags(a))
	return enrich.Finding{
		Title:  "Monitor",
		Weight: enrich.Essential,
		Blocks: blocks(a, m, failing, append(pages, enrich.Link{Kind: kindResource, Title: "Monitor in Datadog", URL: page})),
		Data:   data(m, failing, pages, page),
	}
}

func data(m datadog.Monitor, failing []Group, pages enrich.Links, page string) Data {
	d := Data{
		ID: m.ID, Name: m.Name, Type: m.Type, Query: m.Query, State: m.OverallState,
		Priority: priority(m.Priority), Tags: m.Tags,
		Failing: len(failing), FailingSince: longest(failing), Groups: failing[:min(len(failing), maxGroups)],
		URL: page,
	}
	for _, t := range thresholds(m.Thresholds) {
		if d.Thresholds == nil {
			d.Thresholds = make(map[string]float64)
		}
		d.Thresholds[t.name] = t.value
	}
	for _, one := range m.Downtimes {
		d.Downtimes = append(d.Downtimes, Downtime{Scope: one.Scope, Until: one.End})
	}
	for _, link := range pages {
		if link.Kind == kindRunbook {
			d.Runbooks = append(d.Runbooks, link.URL)
		}
	}
	return d
}

func priority(p int) string {
	if p == 0 {
		return ""
	}
	return "P" + strconv.Itoa(p)
}
