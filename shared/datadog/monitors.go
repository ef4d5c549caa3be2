package datadog

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

const monitorsPath = "/api/v1/monitor"

// Monitor is a monitor and its state. Fields that a response lacks are zero.
type Monitor struct {
	ID           int64              `json:"id"`
	OrgID        int64              `json:"org_id"` // The organization of the keys.
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

// Downtime silences a monitor. Playbooks see it.
type Downtime struct {
	Scope []string  `json:"scope,omitempty"` // "env:dev"; all of them must match.
	End   time.Time `json:"until,omitzero"`  // Zero when it has none.
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
	return read(ctx, c, get("get the monitor", monitorsRead, fmt.Sprintf("%s/%d", monitorsPath, id), values(
		"group_states", strings.Join(query.GroupStates, ","),
		"with_downtimes", ifTrue(query.WithDowntimes), "with_assets", ifTrue(query.WithAssets),
	)), c.monitor)
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

func (c *Client) monitor(r monitorResponse) (Monitor, bool) {
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
	return m, r.ID != 0
}

const maxDowntimes = 100

// DowntimeMatch is an active downtime that silences a monitor or some groups of it. Playbooks see it.
type DowntimeMatch struct {
	ID     string    `json:"id"`               // A UUID.
	Scope  string    `json:"scope"`            // A query: "env:staging AND service:checkout", or "*".
	Groups []string  `json:"groups,omitempty"` // The silenced groups: "host:a,env:prod", or "*".
	Start  time.Time `json:"start,omitzero"`
	End    time.Time `json:"until,omitzero"` // Zero when it has none.
}

// DowntimeMatches returns at most 100 downtimes that silence the monitor now.
// https://docs.datadoghq.com/api/latest/downtimes/#get-active-downtimes-for-a-monitor
func (c *Client) DowntimeMatches(ctx context.Context, monitorID int64) ([]DowntimeMatch, error) {
	return readEach(ctx, c, get("get the monitor's downtimes", downtimesRead, fmt.Sprintf("/api/v2/monitor/%d/downtime_matches", monitorID),
		values("page[limit]", strconv.Itoa(maxDowntimes))), "data", downtimeMatch)
}

type downtimeFields struct {
	Scope, Start, End string
	Groups            []string
}

func downtimeMatch(r resource[downtimeFields]) DowntimeMatch {
	a := r.Attributes
	return DowntimeMatch{ID: r.ID, Scope: a.Scope, Groups: a.Groups, Start: parseTime(a.Start), End: parseTime(a.End)}
}

// DowntimeNote is the message of a downtime and its author.
type DowntimeNote struct {
	ID      string
	Message string // May hold mentions.
	Creator User
}

// CurrentDowntimes returns the notes of at most 100 active downtimes of the organization.
// https://docs.datadoghq.com/api/latest/downtimes/#get-all-downtimes
func (c *Client) CurrentDowntimes(ctx context.Context) ([]DowntimeNote, error) {
	return read(ctx, c, get("list the current downtimes", downtimesRead, "/api/v2/downtime",
		values("current_only", "true", "include", "created_by", "page[limit]", strconv.Itoa(maxDowntimes))), downtimesResponse.notes)
}

type downtimesResponse struct {
	Data     []resource[struct{ Message string }]
	Included []resource[userFields]
}

func (r downtimesResponse) notes() ([]DowntimeNote, bool) {
	var notes []DowntimeNote
	for _, d := range r.Data {
		note := DowntimeNote{ID: d.ID, Message: d.Attributes.Message}
		for _, user := range users(r.Included, d.Relationships["created_by"].Data) {
			note.Creator = user
		}
		notes = append(notes, note)
	}
	return notes, r.Data != nil
}
