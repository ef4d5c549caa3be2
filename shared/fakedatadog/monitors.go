package fakedatadog

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
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
	Options  map[string]any `json:"options"`
	Multi    bool           `json:"multi"`
	Modified string         `json:"modified"` // RFC 3339 with microseconds.
	Priority *int64         `json:"priority"` // 1 to 5.
	// OverallState is Alert, Warn, No Data, OK, Ignored, Skipped or Unknown.
	OverallState string `json:"overall_state"`

	State *MonitorState `json:"state,omitempty"` // Shown only on request.
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

func (m Monitor) id() string { return strconv.FormatInt(m.ID, 10) }

const (
	firstMonitorID = 155_000_000
	organizationID = 321_813
)

// AddMonitor adds a monitor and returns its id. Datadog's defaults replace zero values.
func (s *Server) AddMonitor(m Monitor) (id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m = s.completed(m, s.now())
	s.monitors.put(m)
	return m.ID
}

// Monitors returns all monitors by id, without their states.
func (s *Server) Monitors() []Monitor {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.SortedFunc(slices.Values(s.monitors.all), compareMonitors)
	for i := range all {
		all[i].State = nil
	}
	return all
}

func compareMonitors(a, b Monitor) int { return cmp.Compare(a.ID, b.ID) }

func (s *Server) completed(m Monitor, now time.Time) Monitor {
	if m.ID == 0 {
		m.ID = firstMonitorID + s.monitors.issue()
	}
	m.OrgID, m.Type, m.OverallState = cmp.Or(m.OrgID, organizationID), cmp.Or(m.Type, "query alert"), cmp.Or(m.OverallState, "No Data")
	m.Multi = m.Multi || strings.Contains(m.Query, ".by(") || strings.Contains(m.Query, " by {")
	m.Modified = now.UTC().Format(timestampLayout)
	m.Tags, m.Options = orEmpty(m.Tags), withDefaultOptions(m.Options)
	if m.State != nil {
		m.State = &MonitorState{Groups: maps.Clone(m.State.Groups)}
	}
	return m
}

// withDefaultOptions adds what Datadog adds to the options of every monitor, and
// drops thresholds that are null.
func withDefaultOptions(options map[string]any) map[string]any {
	all := object{"notify_no_data": false, "notify_audit": false, "include_tags": true, "new_host_delay": 300, "silenced": object{}}
	maps.Copy(all, options)
	if thresholds, isMap := all["thresholds"].(object); isMap {
		thresholds = maps.Clone(thresholds)
		maps.DeleteFunc(thresholds, func(_ string, v any) bool { return v == nil })
		all["thresholds"] = thresholds
	}
	return all
}

func (m Monitor) shown() object {
	m.State = nil
	return objectOf(m)
}

// asAsked is the monitor with those of its groups whose states are asked for. It has no
// downtimes and assets.
func (m Monitor) asAsked(c *call, withDowntimes bool) object {
	shown, filter, groups := m.shown(), c.groupStates(), object{}
	for name, group := range valueOr(m.State, MonitorState{}).Groups {
		if slices.Contains(filter, "all") || slices.Contains(filter, strings.ToLower(group.Status)) {
			groups[name] = group
		}
	}
	if filter != nil {
		shown["state"] = object{"groups": groups}
	}
	if withDowntimes {
		shown["matching_downtimes"] = []any{}
	}
	if c.flag("with_assets") {
		shown["assets"] = []any{}
	}
	return shown
}

func (c *call) groupStates() []string {
	states := c.list("group_states")
	for i, state := range states {
		states[i] = strings.ToLower(state)
		c.failIf(!slices.Contains([]string{"all", "alert", "warn", "no data"}, states[i]), "Invalid group_state filters.")
	}
	return states
}

func getMonitor(c *call, found Monitor) answer {
	return success(found.asAsked(c, c.flag("with_downtimes")))
}

// listMonitors answers with all monitors that have the tags, by id.
func (s *Server) listMonitors(c *call) answer {
	tags := c.list("monitor_tags")
	c.groupStates()
	matching := where(s.monitors.all, func(m Monitor) bool {
		return !slices.ContainsFunc(tags, func(tag string) bool { return !slices.Contains(m.Tags, tag) })
	})
	slices.SortFunc(matching, compareMonitors)
	return success(list(matching, func(m Monitor) object { return m.asAsked(c, true) })) // A list always has the downtimes.
}

// changeMonitor replaces what the request names; options as a whole.
func (s *Server) changeMonitor(c *call, before Monitor) Monitor {
	m := before
	m.Options = nil // Decoding would add to them.
	c.decode(&m)
	m.ID, m.OrgID, m.State = before.ID, before.OrgID, before.State // Callers cannot set them.
	if m.Options == nil {
		m.Options = before.Options
	}
	parts := m.parts()
	c.failIf(m.Type == "", invalidValue, "type")
	c.failIf(m.Query == "", invalidValue, "query")
	c.failIf(m.Priority != nil && (*m.Priority < 1 || *m.Priority > 5), invalidValue, "priority")
	c.failIf(m.Type == "composite" && (len(parts) == 0 || slices.ContainsFunc(parts, func(id string) bool { return s.monitors.index(id) < 0 })), "Some monitor IDs are invalid")
	if c.problem != "" {
		return before
	}
	return s.completed(m, c.now)
}

var monitorReference = regexp.MustCompile(`\d+`)

// parts returns the ids of the monitors in a composite monitor.
func (m Monitor) parts() []string {
	if m.Type != "composite" {
		return nil
	}
	return monitorReference.FindAllString(m.Query, -1)
}

func (s *Server) deleteMonitor(_ *call, found Monitor) answer {
	for _, other := range s.monitors.all {
		if slices.Contains(other.parts(), found.id()) {
			return failure(http.StatusBadRequest, fmt.Sprintf("monitor [%d,%s] is referenced in composite monitors: [%d,%s]", found.ID, found.Name, other.ID, other.Name))
		}
	}
	s.monitors.remove(found)
	return success(object{"deleted_monitor_id": found.ID})
}

// notificationRule is a rule (https://docs.datadoghq.com/api/latest/monitors/) with the
// attributes that were sent.
type notificationRule struct {
	id         string
	attributes object
}

// AddNotificationRule adds a notification rule with Datadog's attributes, as JSON, and
// returns its id.
func (s *Server) AddNotificationRule(attributes string) (id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := notificationRule{id: s.ruleID()}
	if err := json.Unmarshal([]byte(attributes), &r.attributes); err != nil {
		panic(err) // It is a test's.
	}
	s.rules.put(r)
	return r.id
}

func (s *Server) ruleID() string { return uuidOf(fmt.Sprint("notification rule ", s.rules.issue())) }

// NotificationRules returns the attributes of all notification rules.
func (s *Server) NotificationRules() []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return list(s.rules.all, func(r notificationRule) object { return maps.Clone(r.attributes) })
}

// changeRule checks the most important of the documented rules.
func (s *Server) changeRule(c *call, before notificationRule) notificationRule {
	var in struct {
		Data struct{ Attributes object }
	}
	c.decode(&in)
	attributes := in.Data.Attributes
	name, _ := attributes["name"].(string)
	filter, _ := attributes["filter"].(object)
	recipients, _ := attributes["recipients"].([]any)
	_, conditional := attributes["conditional_recipients"].(object)
	c.failIf(name == "", invalidValue, "name")
	c.failIf(len(filter) != 1 || filter["tags"] == nil && filter["scope"] == nil, invalidValue, "filter")
	c.failIf(conditional == (len(recipients) > 0), invalidValue, "recipients")
	c.failIf(slices.ContainsFunc(recipients, func(r any) bool { return strings.HasPrefix(fmt.Sprint(r), "@") }), "Invalid recipients: Recipient handle should not start with '@'")
	if c.problem != "" {
		return before
	}
	attributes["modified_at"] = timeOrNull(c.now)
	attributes["created_at"] = cmp.Or(before.attributes["created_at"], attributes["modified_at"])
	if before.id == "" {
		before.id = s.ruleID()
	}
	return notificationRule{before.id, attributes}
}

func (r notificationRule) whole() any {
	data := r.shown()
	data["relationships"] = object{"created_by": object{"data": author.reference()}}
	return object{"data": data, "included": []object{author.user()}}
}

func (s *Server) listRules(c *call) answer {
	size := c.integer("per_page", 100)
	return success(object{"data": list(window(s.rules.all, c.integer("page", 0)*size, size), notificationRule.shown)})
}

func (s *Server) deleteRule(_ *call, r notificationRule) answer {
	s.rules.remove(r)
	return answer{status: http.StatusNoContent, media: "text/html; charset=utf-8"}
}

func (r notificationRule) shown() object {
	return resource("monitor-notification-rule", r.id, maps.Clone(r.attributes))
}
