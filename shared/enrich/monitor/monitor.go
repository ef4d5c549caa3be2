// Package monitor holds the steps "monitor" and "downtimes". The first shows the
// alert's monitor, its failing groups and the pages that its owners link to, and needs
// the permission monitors_read. The second shows the downtimes that mute the monitor.
package monitor

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/stepkit"
	"boomerang/shared/fault"
	"boomerang/shared/site"
)

// Source reads monitors.
type Source interface {
	Monitor(ctx context.Context, id int64, query datadog.MonitorQuery) (datadog.Monitor, error)
}

// Kind describes the step to playbooks. The step has no settings.
func Kind(client *datadog.Client, s site.Site) enrich.Kind {
	return enrich.KindOf(enrich.Kind{
		Name: "monitor", Doc: "The alert's monitor: thresholds, failing groups and since when, downtimes, runbooks from its message.",
		Permissions: []string{"monitors_read"}, Data: Data{},
	}, func(_ struct{}, cache time.Duration) enrich.Step { return New(client.Cached(cache), s) })
}

// query leaves out the healthy groups. There can be thousands.
var query = datadog.MonitorQuery{
	GroupStates:   []string{"alert", "warn", "no data"},
	WithDowntimes: true,
	WithAssets:    true,
}

// New returns the step. The link to the monitor leads to the pages of s.
func New(source Source, s site.Site) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		id, err := stepkit.MonitorID(a.MonitorID)
		if err != nil {
			return enrich.Finding{}, err
		}
		m, err := source.Monitor(ctx, id, query)
		if err != nil {
			return enrich.Finding{}, wrapNotFound(id, err)
		}
		return newFinding(a, m, fmt.Sprintf("https://%s/monitors/%d", s.App(), id)), nil
	})
}

func wrapNotFound(id int64, err error) error {
	if !stepkit.IsNotFound(err) {
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

func newData(m datadog.Monitor, failing []Group, pages enrich.Links, page string) Data {
	d := Data{
		ID: m.ID, Name: m.Name, Type: m.Type, Query: m.Query, State: m.OverallState, Tags: m.Tags,
		Thresholds: thresholds(m.Thresholds),
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
	return d
}

// thresholds returns those that are set.
func thresholds(t datadog.Thresholds) map[string]float64 {
	set := make(map[string]float64)
	for name, value := range map[string]*float64{
		"critical": t.Critical, "warning": t.Warning, "critical_recovery": t.CriticalRecovery, "warning_recovery": t.WarningRecovery, "ok": t.OK, "unknown": t.Unknown,
	} {
		if value != nil {
			set[name] = *value
		}
	}
	return set
}
