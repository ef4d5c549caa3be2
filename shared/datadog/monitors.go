package datadog

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The permissions for monitors
// (https://docs.datadoghq.com/account_management/rbac/permissions/).
const (
	monitorsRead  = "monitors_read"
	monitorsWrite = "monitors_write"
)

const monitorsPath = "/api/v1/monitor"

// Monitor is a monitor and its state. Fields that a response lacks are zero.
type Monitor struct {
	ID           int64              `json:"id"`
	OrgID        int64              `json:"org_id"` // The organisation of the keys.
	Name         string             `json:"name"`
	Type         string             `json:"type"` // "metric alert", "log alert", or a newer one.
	Query        string             `json:"query"`
	Message      string             `json:"message"` // A template with mentions, as its owners wrote it.
	Tags         []string           `json:"tags"`
	Priority     int                `json:"priority"`      // 1 (high) to 5 (low), 0 for none.
	OverallState string             `json:"overall_state"` // "Alert", "Warn", "No Data", "OK", or a newer one.
	Thresholds   map[string]float64 `json:"-"`             // By "critical", "warning_recovery", …
	Groups       []MonitorGroup     `json:"-"`             // Those of MonitorQuery.GroupStates, by name.
	Downtimes    []Downtime         `json:"-"`             // The active ones, if MonitorQuery.WithDowntimes is set.
	Assets       []Asset            `json:"assets"`        // If MonitorQuery.WithAssets is set.
}

// MonitorGroup is the state of one group of a monitor. The times may be zero.
type MonitorGroup struct {
	Name          string // "host:a,env:prod", or "*" of a monitor without groups.
	Status        string // As Monitor.OverallState.
	LastTriggered time.Time
	LastNoData    time.Time
}

// Downtime silences a monitor.
type Downtime struct {
	Scope []string  // "env:dev"; all of them must match.
	End   time.Time // Zero when it has none.
}

// Asset is a page that a monitor's owners attached to it.
type Asset struct {
	Category string `json:"category"` // "runbook".
	Name     string `json:"name"`
	URL      string `json:"url"` // Absolute.
}

// MonitorQuery selects what to read besides the definition.
type MonitorQuery struct {
	GroupStates   []string // "alert", "warn", "no data", "ok", or "all".
	WithDowntimes bool
	WithAssets    bool
}

// Monitor returns the monitor with the id.
// https://docs.datadoghq.com/api/latest/monitors/#get-a-monitors-details
func (c *Client) Monitor(ctx context.Context, id int64, query MonitorQuery) (Monitor, error) {
	values := url.Values{}
	setText(values, "group_states", strings.Join(query.GroupStates, ","))
	setTrue(values, "with_downtimes", query.WithDowntimes)
	setTrue(values, "with_assets", query.WithAssets)
	return read(ctx, c, call{
		op: "get the monitor", permission: monitorsRead, method: http.MethodGet, path: fmt.Sprintf("%s/%d", monitorsPath, id), query: values,
	}, c.monitor)
}

type monitorResponse struct {
	Monitor
	Options struct{ Thresholds map[string]optionalNumber }
	State   struct {
		Groups map[string]struct {
			Status        string
			LastTriggered int64 `json:"last_triggered_ts"`
			LastNoData    int64 `json:"last_nodata_ts"`
		}
	}
	MatchingDowntimes []struct {
		Scope []string
		End   int64
	} `json:"matching_downtimes"`
}

func (r monitorResponse) complete() bool { return r.ID != 0 }

func (c *Client) monitor(r monitorResponse) Monitor {
	m := r.Monitor
	m.Thresholds = make(map[string]float64)
	for name, threshold := range r.Options.Thresholds {
		if threshold.value != nil {
			m.Thresholds[name] = *threshold.value
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.State.Groups)) {
		g := r.State.Groups[name]
		m.Groups = append(m.Groups, MonitorGroup{Name: name, Status: g.Status, LastTriggered: unixTime(g.LastTriggered), LastNoData: unixTime(g.LastNoData)})
	}
	for _, d := range r.MatchingDowntimes {
		m.Downtimes = append(m.Downtimes, Downtime{Scope: d.Scope, End: unixTime(d.End)})
	}
	for i := range m.Assets {
		m.Assets[i].URL = c.page(m.Assets[i].URL)
	}
	return m
}

// MonitorDefinition is a monitor that a stack sets up.
type MonitorDefinition struct {
	ID         int64
	Name       string
	Definition json.RawMessage // The whole monitor in Datadog's form.
}

// MonitorsTagged returns the monitors that have all of the tags.
// https://docs.datadoghq.com/api/latest/monitors/#get-all-monitors
func (c *Client) MonitorsTagged(ctx context.Context, tags ...string) ([]MonitorDefinition, error) {
	return read(ctx, c, call{
		op: "list the monitors", permission: monitorsRead, method: http.MethodGet, path: monitorsPath,
		query: url.Values{"monitor_tags": {strings.Join(tags, ",")}},
	}, monitorDefinitions.all)
}

// CreateMonitor creates a monitor from a definition and returns its id.
// https://docs.datadoghq.com/api/latest/monitors/#create-a-monitor
func (c *Client) CreateMonitor(ctx context.Context, m MonitorDefinition) (id int64, err error) {
	var created monitorDefinition
	err = c.change(ctx, http.MethodPost, monitorsPath, fmt.Sprintf("create the monitor %q", m.Name), monitorsWrite, m.Definition, &created)
	return created.ID, err
}

// UpdateMonitor replaces what a monitor's definition names.
// https://docs.datadoghq.com/api/latest/monitors/#edit-a-monitor
func (c *Client) UpdateMonitor(ctx context.Context, m MonitorDefinition) error {
	return c.change(ctx, http.MethodPut, fmt.Sprintf("%s/%d", monitorsPath, m.ID), fmt.Sprintf("update the monitor %q", m.Name), monitorsWrite, m.Definition, nil)
}

// DeleteMonitor deletes a monitor. Datadog refuses it while a composite monitor uses the monitor.
// https://docs.datadoghq.com/api/latest/monitors/#delete-a-monitor
func (c *Client) DeleteMonitor(ctx context.Context, m MonitorDefinition) error {
	return c.change(ctx, http.MethodDelete, fmt.Sprintf("%s/%d", monitorsPath, m.ID), fmt.Sprintf("delete the monitor %q", m.Name), monitorsWrite, nil, nil)
}

type monitorDefinitions []monitorDefinition

func (all monitorDefinitions) complete() bool { return all != nil }

func (all monitorDefinitions) all() []MonitorDefinition {
	monitors := make([]MonitorDefinition, len(all))
	for i, d := range all {
		monitors[i] = MonitorDefinition(d)
	}
	return monitors
}

// monitorDefinition keeps the response beside the fields that are read of it.
type monitorDefinition MonitorDefinition

func (d monitorDefinition) complete() bool { return d.ID != 0 }

func (d *monitorDefinition) UnmarshalJSON(body []byte) error {
	d.Definition = append(d.Definition[:0], body...)
	var fields struct {
		ID   int64
		Name string
	}
	err := decode(body, &fields)
	d.ID, d.Name = fields.ID, fields.Name
	return err
}
