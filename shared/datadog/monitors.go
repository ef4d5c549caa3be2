package datadog

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Monitor is what responders need to know of a monitor. What an answer lacks is
// zero. Types and states are open lists: values that Datadog adds come through.
type Monitor struct {
	ID       int64
	OrgID    int64 // The organisation that it belongs to, which is the keys' own.
	Name     string
	Type     string // "metric alert", "log alert", …
	Query    string
	Message  string // A template with handles, as its owners wrote it.
	Tags     []string
	Priority int // 1 (high) to 5 (low), 0 for none.
	Multi    bool

	OverallState         string // "Alert", "Warn", "No Data", "OK", …
	OverallStateModified time.Time

	Creator  Creator
	Created  time.Time
	Modified time.Time

	Thresholds        Thresholds
	NotifyNoData      bool
	NoDataTimeframe   time.Duration // How long without data before it notifies.
	RenotifyInterval  time.Duration // 0 when it does not notify again.
	EscalationMessage string

	// Groups are there if MonitorQuery.GroupStates asked for them, by name.
	Groups []MonitorGroup
	// Downtimes are the active ones, if MonitorQuery.WithDowntimes asked for them.
	Downtimes []Downtime
	// Assets are there if MonitorQuery.WithAssets asked for them.
	Assets []Asset
}

// Creator made a monitor.
type Creator struct {
	Name   string `json:"name"`
	Handle string `json:"handle"`
	Email  string `json:"email"`
}

// Thresholds of a monitor; nil where it has none.
type Thresholds struct {
	Critical, CriticalRecovery *float64
	Warning, WarningRecovery   *float64
	OK, Unknown                *float64
}

// MonitorGroup is the state of one group of a monitor. A time is zero when that
// never happened.
type MonitorGroup struct {
	Name          string // "host:a,env:prod", or "*" of a monitor without groups.
	Status        string // As Monitor.OverallState.
	LastTriggered time.Time
	LastNotified  time.Time
	LastNoData    time.Time
	LastResolved  time.Time
}

// Downtime silences a monitor.
type Downtime struct {
	ID    int64
	Scope []string // "env:dev"; all of them must match.
	Start time.Time
	End   time.Time // Zero when it has none.
}

// Asset is a page that a monitor's owners attached to it.
type Asset struct {
	Category string `json:"category"` // "runbook".
	Name     string `json:"name"`
	URL      string `json:"url"` // Absolute.
}

// MonitorQuery says what to tell about a monitor besides its definition.
type MonitorQuery struct {
	// GroupStates are the states of the groups to return: "alert", "warn",
	// "no data", "ok", or "all". Without any, no groups come.
	GroupStates   []string
	WithDowntimes bool
	WithAssets    bool
}

// Monitor returns the monitor with the id. It needs the permission monitors_read.
//
// https://docs.datadoghq.com/api/latest/monitors/#get-a-monitors-details
func (c *Client) Monitor(ctx context.Context, id int64, query MonitorQuery) (Monitor, error) {
	var answer wireMonitor
	get := call{
		op: "get the monitor", permission: "monitors_read",
		method: http.MethodGet, path: fmt.Sprintf("/api/v1/monitor/%d", id), query: query.values(),
	}
	if err := c.read(ctx, get, &answer); err != nil {
		return Monitor{}, err
	}
	return c.monitor(answer), nil
}

func (q MonitorQuery) values() url.Values {
	v := url.Values{}
	setText(v, "group_states", strings.Join(q.GroupStates, ","))
	setTrue(v, "with_downtimes", q.WithDowntimes)
	setTrue(v, "with_assets", q.WithAssets)
	return v
}

type wireMonitor struct {
	ID                   int64    `json:"id"`
	OrgID                int64    `json:"org_id"`
	Name                 string   `json:"name"`
	Type                 string   `json:"type"`
	Query                string   `json:"query"`
	Message              string   `json:"message"`
	Tags                 []string `json:"tags"`
	Priority             int      `json:"priority"`
	Multi                bool     `json:"multi"`
	OverallState         string   `json:"overall_state"`
	OverallStateModified string   `json:"overall_state_modified"`
	Creator              Creator  `json:"creator"`
	Created              string   `json:"created"`
	Modified             string   `json:"modified"`
	Options              struct {
		Thresholds        wireThresholds `json:"thresholds"`
		NotifyNoData      bool           `json:"notify_no_data"`
		NoDataTimeframe   int64          `json:"no_data_timeframe"` // Minutes.
		RenotifyInterval  int64          `json:"renotify_interval"` // Minutes.
		EscalationMessage string         `json:"escalation_message"`
	} `json:"options"`
	State struct {
		Groups map[string]wireGroup `json:"groups"`
	} `json:"state"`
	MatchingDowntimes []wireDowntime `json:"matching_downtimes"`
	Assets            []Asset        `json:"assets"`
}

func (w *wireMonitor) complete() bool { return w.ID != 0 }

// wireThresholds holds any value, since 0 in place of one that is no number would
// be a threshold too.
type wireThresholds map[string]any

func (w wireThresholds) get(name string) *float64 {
	if number, ok := w[name].(float64); ok {
		return &number
	}
	return nil
}

func (w wireThresholds) thresholds() Thresholds {
	return Thresholds{
		Critical: w.get("critical"), CriticalRecovery: w.get("critical_recovery"),
		Warning: w.get("warning"), WarningRecovery: w.get("warning_recovery"),
		OK: w.get("ok"), Unknown: w.get("unknown"),
	}
}

type wireGroup struct {
	Status          string `json:"status"`
	LastTriggeredTS int64  `json:"last_triggered_ts"`
	LastNotifiedTS  int64  `json:"last_notified_ts"`
	LastNoDataTS    int64  `json:"last_nodata_ts"`
	LastResolvedTS  int64  `json:"last_resolved_ts"`
}

type wireDowntime struct {
	ID    int64    `json:"id"`
	Scope []string `json:"scope"`
	Start int64    `json:"start"`
	End   int64    `json:"end"`
}

func (c *Client) monitor(w wireMonitor) Monitor {
	m := Monitor{
		ID: w.ID, OrgID: w.OrgID, Name: w.Name, Type: w.Type, Query: w.Query, Message: w.Message,
		Tags: w.Tags, Priority: w.Priority, Multi: w.Multi,
		OverallState: w.OverallState, OverallStateModified: instant(w.OverallStateModified),
		Creator: w.Creator, Created: instant(w.Created), Modified: instant(w.Modified),
		Thresholds: w.Options.Thresholds.thresholds(), NotifyNoData: w.Options.NotifyNoData,
		NoDataTimeframe:   time.Duration(w.Options.NoDataTimeframe) * time.Minute,
		RenotifyInterval:  time.Duration(w.Options.RenotifyInterval) * time.Minute,
		EscalationMessage: w.Options.EscalationMessage,
		Groups:            groups(w.State.Groups),
	}
	for _, d := range w.MatchingDowntimes {
		m.Downtimes = append(m.Downtimes, Downtime{ID: d.ID, Scope: d.Scope, Start: epoch(d.Start), End: epoch(d.End)})
	}
	for _, a := range w.Assets {
		a.URL = c.page(a.URL)
		m.Assets = append(m.Assets, a)
	}
	return m
}

// groups takes a group's name from the key: the name inside is the same, where
// there is one.
func groups(byName map[string]wireGroup) []MonitorGroup {
	var all []MonitorGroup
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		g := byName[name]
		all = append(all, MonitorGroup{
			Name: name, Status: g.Status,
			LastTriggered: epoch(g.LastTriggeredTS), LastNotified: epoch(g.LastNotifiedTS),
			LastNoData: epoch(g.LastNoDataTS), LastResolved: epoch(g.LastResolvedTS),
		})
	}
	return all
}
