package fakedatadog

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

// Monitor is a monitor in Datadog's shape
// (https://docs.datadoghq.com/api/latest/monitors/#get-a-monitors-details).
type Monitor struct {
	ID      int64    `json:"id"`
	OrgID   int64    `json:"org_id"`
	Type    string   `json:"type"` // "query alert", "log alert", "service check", …
	Name    string   `json:"name"`
	Message string   `json:"message"`
	Tags    []string `json:"tags"`
	Query   string   `json:"query"`
	// Options hold thresholds and much else; see Datadog's documentation.
	Options         map[string]any `json:"options"`
	Multi           bool           `json:"multi"`
	CreatedAt       int64          `json:"created_at"` // Epoch milliseconds.
	Created         string         `json:"created"`    // RFC 3339 with microseconds, as Modified.
	Modified        string         `json:"modified"`
	Deleted         *string        `json:"deleted"`
	RestrictedRoles []string       `json:"restricted_roles"`
	Priority        *int64         `json:"priority"` // 1 to 5.
	// OverallState is Alert, Warn, No Data, OK, Ignored, Skipped or Unknown.
	OverallState         string   `json:"overall_state"`
	OverallStateModified *string  `json:"overall_state_modified"`
	Creator              *Creator `json:"creator,omitempty"`

	// The API shows the rest only to those who ask for it.

	State             *MonitorState `json:"state,omitempty"`
	MatchingDowntimes []Downtime    `json:"matching_downtimes,omitzero"`
	Assets            []Asset       `json:"assets,omitzero"`

	// RestrictionPolicy is in the answer to a create, and null.
	RestrictionPolicy json.RawMessage `json:"restriction_policy,omitempty"`
}

// Creator is who made a monitor.
type Creator struct {
	ID     int64   `json:"id"`
	Name   *string `json:"name"`
	Handle string  `json:"handle"`
	Email  string  `json:"email"`
}

// MonitorState holds a monitor's groups by their names, "host:web-1,env:prod".
type MonitorState struct {
	Groups map[string]GroupState `json:"groups"`
}

// GroupState is the state of one group; times are epoch seconds, zero for never.
type GroupState struct {
	Name            string `json:"name"`
	Status          string `json:"status"` // As Monitor.OverallState.
	LastTriggeredTS int64  `json:"last_triggered_ts"`
	LastNotifiedTS  int64  `json:"last_notified_ts"`
	LastResolvedTS  int64  `json:"last_resolved_ts"`
	LastNodataTS    int64  `json:"last_nodata_ts"`
}

// Downtime is a downtime that mutes a monitor now; times are epoch seconds.
type Downtime struct {
	ID        int64    `json:"id"`
	MonitorID int64    `json:"monitor_id"`
	Scope     []string `json:"scope"`
	Groups    []string `json:"groups"`
	Start     int64    `json:"start"`
	End       *int64   `json:"end"`
	Active    bool     `json:"active"`
}

// Asset is a link that a monitor's owner put on it, a runbook above all.
type Asset struct {
	Category     string `json:"category"` // "runbook".
	Name         string `json:"name"`
	URL          string `json:"url"`
	ResourceKey  string `json:"resource_key,omitempty"`
	ResourceType string `json:"resource_type,omitempty"`
}

// monitors are an organisation's monitors, by id.
type monitors struct {
	byID   map[int64]Monitor
	issued int64
}

const (
	firstMonitorID = 155_000_000
	organisationID = 321_813
	stampLayout    = "2006-01-02T15:04:05.000000-07:00"
)

// AddMonitor puts a monitor into Datadog as it is and returns its id. Whatever is
// zero gets Datadog's default; the overall state is then that of the worst group.
func (s *Server) AddMonitor(m Monitor) (id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.monitors.add(m, s.now()).ID
}

func (m *monitors) add(added Monitor, now time.Time) Monitor {
	if m.byID == nil {
		m.byID = map[int64]Monitor{}
	}
	if added.ID == 0 {
		m.issued++
		added.ID = firstMonitorID + m.issued
	}
	added = added.copy()
	added.OrgID = cmp.Or(added.OrgID, organisationID)
	added.Type = cmp.Or(added.Type, "query alert")
	added.Options = withDefaultOptions(added.Options, added.Type)
	added.Multi = added.Multi || isMulti(added.Query)
	added.CreatedAt = cmp.Or(added.CreatedAt, now.Unix()*1000)
	added.Created = cmp.Or(added.Created, now.UTC().Format(stampLayout))
	added.Modified = cmp.Or(added.Modified, added.Created)
	added.OverallState = cmp.Or(added.OverallState, added.State.worst())
	if added.Creator == nil {
		added.Creator = &Creator{ID: 1, Handle: "someone@example.com", Email: "someone@example.com"}
	}
	m.byID[added.ID] = added
	return added
}

// copy makes the monitor independent of what its maker does to it later.
func (m Monitor) copy() Monitor {
	m.Tags = append([]string{}, m.Tags...)
	m.Options = maps.Clone(m.Options)
	m.RestrictedRoles = slices.Clone(m.RestrictedRoles)
	m.MatchingDowntimes, m.Assets = slices.Clone(m.MatchingDowntimes), slices.Clone(m.Assets)
	if m.State != nil {
		m.State = &MonitorState{Groups: maps.Clone(m.State.Groups)}
	}
	return m
}

// withDefaultOptions adds what Datadog adds to the options of every monitor, and
// drops thresholds that are null.
func withDefaultOptions(options map[string]any, monitorType string) map[string]any {
	all := map[string]any{
		"notify_no_data": false, "notify_audit": false, "include_tags": true,
		"new_host_delay": 300, "silenced": map[string]any{},
	}
	if !slices.Contains([]string{"query alert", "metric alert", "service check", "synthetics alert"}, monitorType) {
		all["groupby_simple_monitor"] = false
	}
	maps.Copy(all, options)
	if thresholds, isMap := all["thresholds"].(map[string]any); isMap {
		thresholds = maps.Clone(thresholds)
		maps.DeleteFunc(thresholds, func(_ string, v any) bool { return v == nil })
		all["thresholds"] = thresholds
	}
	return all
}

// isMulti reports whether a query alerts for each group by itself.
func isMulti(query string) bool {
	return strings.Contains(query, ".by(") || strings.Contains(query, " by {")
}

// worst returns the state of the group that is worst off; a monitor that was
// never evaluated is without data.
func (s *MonitorState) worst() string {
	if s != nil {
		for _, state := range []string{"Alert", "Warn", "No Data", "OK"} {
			for _, group := range s.Groups {
				if group.Status == state {
					return state
				}
			}
		}
	}
	return "No Data"
}
