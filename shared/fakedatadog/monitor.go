package fakedatadog

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

// Monitor is a monitor. Its JSON names are Datadog's
// (https://docs.datadoghq.com/api/latest/monitors/#get-a-monitors-details).
type Monitor struct {
	ID      int64    `json:"id"`
	OrgID   int64    `json:"org_id"`
	Type    string   `json:"type"` // "query alert", "log alert", "service check", …
	Name    string   `json:"name"`
	Message string   `json:"message"`
	Tags    []string `json:"tags"`
	Query   string   `json:"query"`
	// Options are thresholds and much else; see Datadog's documentation.
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

	// The API shows these only on request.

	State             *MonitorState `json:"state,omitempty"`
	MatchingDowntimes []Downtime    `json:"matching_downtimes,omitzero"`
	Assets            []Asset       `json:"assets,omitzero"`

	// RestrictionPolicy is in the answer to a create, and null.
	RestrictionPolicy json.RawMessage `json:"restriction_policy,omitempty"`
}

// Creator created a monitor.
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

// GroupState is the state of one group; times are epoch seconds, 0 for never.
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

// Asset is a link of a monitor, such as a runbook.
type Asset struct {
	Category     string `json:"category"` // "runbook".
	Name         string `json:"name"`
	URL          string `json:"url"`
	ResourceKey  string `json:"resource_key,omitempty"`
	ResourceType string `json:"resource_type,omitempty"`
}

const (
	firstMonitorID  = 155_000_000
	organisationID  = 321_813
	timestampLayout = "2006-01-02T15:04:05.000000-07:00"
)

// AddMonitor adds a monitor and returns its id. Datadog's defaults replace zero
// values; the overall state is then that of the worst group.
func (s *Server) AddMonitor(m Monitor) (id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addMonitor(m, s.now()).ID
}

// Monitors returns all monitors by id, without what the API shows only on request.
func (s *Server) Monitors() []Monitor {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sortedMonitors(monitorView{})
}

func (s *Server) sortedMonitors(view monitorView) []Monitor {
	all := []Monitor{}
	for _, id := range slices.Sorted(maps.Keys(s.monitors)) {
		all = append(all, view.of(s.monitors[id]))
	}
	return all
}

func (s *Server) addMonitor(added Monitor, now time.Time) Monitor {
	if added.ID == 0 {
		s.lastMonitorID++
		added.ID = firstMonitorID + s.lastMonitorID
	}
	added = added.copy()
	added.OrgID, added.Type = cmp.Or(added.OrgID, organisationID), cmp.Or(added.Type, "query alert")
	added.Options = withDefaultOptions(added.Options, added.Type)
	added.Multi = added.Multi || isMulti(added.Query)
	added.CreatedAt = cmp.Or(added.CreatedAt, now.Unix()*1000)
	added.Created = cmp.Or(added.Created, now.UTC().Format(timestampLayout))
	added.Modified = cmp.Or(added.Modified, added.Created)
	added.OverallState = cmp.Or(added.OverallState, added.State.worst())
	if added.Creator == nil {
		added.Creator = &Creator{ID: 1, Handle: author.Email, Email: author.Email}
	}
	s.monitors[added.ID] = added
	return added
}

// copy makes the monitor independent of later changes by its owner.
func (m Monitor) copy() Monitor {
	m.Tags, m.Options, m.RestrictedRoles = orEmpty(m.Tags), maps.Clone(m.Options), slices.Clone(m.RestrictedRoles)
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
		"notify_no_data": false, "notify_audit": false, "include_tags": true, "new_host_delay": 300, "silenced": map[string]any{},
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

// worst returns the worst state of the groups; a monitor that was never evaluated has
// no data.
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
