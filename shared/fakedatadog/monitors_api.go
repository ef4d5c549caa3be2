package fakedatadog

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The routes of the monitors.
const (
	MonitorCreate Route = "monitor.create"
	MonitorGet    Route = "monitor.get"
	MonitorUpdate Route = "monitor.update"
	MonitorDelete Route = "monitor.delete"
	MonitorList   Route = "monitor.list"
)

// The limits are those of Datadog's recorded answers.
func (m *monitors) routes() []route {
	const all, one = "/api/v1/monitor", "/api/v1/monitor/{monitor_id:number}"
	return []route{
		{
			name: MonitorCreate, method: http.MethodPost, path: all, needs: bothKeys, permission: "monitors_write", handle: m.create,
			limit: limit{name: "post_monitors", calls: 500, period: 10 * time.Second},
		},
		{
			name: MonitorList, method: http.MethodGet, path: all, needs: bothKeys, permission: "monitors_read", handle: m.list,
			limit: limit{name: "get_all_monitors", calls: 1000, period: 10 * time.Second},
		},
		{
			name: MonitorGet, method: http.MethodGet, path: one, needs: bothKeys, permission: "monitors_read", handle: m.one(m.get),
			limit: limit{name: "get_monitors", calls: 3000, period: 10 * time.Second},
		},
		{
			name: MonitorUpdate, method: http.MethodPut, path: one, needs: bothKeys, permission: "monitors_write", handle: m.one(m.update),
			limit: limit{name: "put_monitors", calls: 500, period: 10 * time.Second},
		},
		{
			name: MonitorDelete, method: http.MethodDelete, path: one, needs: bothKeys, permission: "monitors_write", handle: m.one(m.remove),
			limit: globalLimit,
		},
	}
}

// one finds the monitor that a path names.
func (m *monitors) one(handle func(Monitor, call) answer) func(call) answer {
	return func(c call) answer {
		id, err := strconv.ParseInt(c.params["monitor_id"], 10, 64)
		if found, exists := m.byID[id]; err == nil && exists {
			return handle(found, c)
		}
		return failure(http.StatusNotFound, "Monitor not found")
	}
}

func (m *monitors) get(found Monitor, c call) answer {
	view, problem := parseView(c)
	if problem != "" {
		return failure(http.StatusBadRequest, problem)
	}
	return success(view.of(found))
}

func (m *monitors) remove(found Monitor, c call) answer {
	if problem := m.usedBy(found); problem != "" && c.query.Get("force") != "true" {
		return failure(http.StatusBadRequest, problem)
	}
	delete(m.byID, found.ID)
	return success(map[string]int64{"deleted_monitor_id": found.ID})
}

// monitorRequest is what a create or an update may set.
type monitorRequest struct {
	Type            string         `json:"type"`
	Name            string         `json:"name"`
	Message         string         `json:"message"`
	Tags            []string       `json:"tags"`
	Query           string         `json:"query"`
	Options         map[string]any `json:"options"`
	Priority        *int64         `json:"priority"`
	RestrictedRoles []string       `json:"restricted_roles"`
}

func (in monitorRequest) problem() string {
	switch {
	case in.Type == "":
		return "The value provided for parameter 'type' is invalid"
	case in.Query == "":
		return "The value provided for parameter 'query' is invalid"
	case in.Priority != nil && (*in.Priority < 1 || *in.Priority > 5):
		return "The value provided for parameter 'priority' is invalid"
	}
	return ""
}

func (in monitorRequest) apply(to Monitor) Monitor {
	to.Type, to.Name, to.Message, to.Query = in.Type, in.Name, in.Message, in.Query
	to.Tags, to.Priority, to.RestrictedRoles = in.Tags, in.Priority, in.RestrictedRoles
	to.Options = in.Options
	return to
}

func (m *monitors) create(c call) answer {
	var in monitorRequest
	if err := json.Unmarshal(c.body, &in); err != nil {
		return failure(http.StatusBadRequest, unreadable(err))
	}
	if problem := in.problem(); problem != "" {
		return failure(http.StatusBadRequest, problem)
	}
	if problem := m.strangers(in.apply(Monitor{})); problem != "" {
		return failure(http.StatusBadRequest, problem)
	}
	created := m.add(in.apply(Monitor{}), c.now)
	created.RestrictionPolicy = json.RawMessage("null")
	return success(created)
}

// update replaces what the request names; options as a whole. Its answer is
// without the creator, as recorded.
func (m *monitors) update(found Monitor, c call) answer {
	in := monitorRequest{
		Type: found.Type, Name: found.Name, Message: found.Message, Tags: found.Tags, Query: found.Query,
		Priority: found.Priority, RestrictedRoles: found.RestrictedRoles,
	}
	if err := json.Unmarshal(c.body, &in); err != nil {
		return failure(http.StatusBadRequest, unreadable(err))
	}
	if problem := in.problem(); problem != "" {
		return failure(http.StatusBadRequest, problem)
	}
	if in.Options == nil {
		in.Options = found.Options
	}
	changed := in.apply(found)
	if problem := m.strangers(changed); problem != "" {
		return failure(http.StatusBadRequest, problem)
	}
	changed.Multi = isMulti(changed.Query)
	changed.Modified = c.now.UTC().Format(stampLayout)
	changed = monitorView{}.of(m.add(changed, c.now))
	changed.Creator = nil
	return success(changed)
}

// list answers with all monitors by id, or with a page of them.
func (m *monitors) list(c call) answer {
	view, problem := parseView(c)
	p := queryParams{Values: c.query, problem: problem}
	page, size := p.integer("page", false), p.integer("page_size", false)
	name, tags := strings.ToLower(c.query.Get("name")), p.list("monitor_tags")
	if p.problem != "" {
		return failure(http.StatusBadRequest, p.problem)
	}
	view.downtimes = true // In a list they are there unasked.
	shown := []Monitor{}
	for _, one := range m.byID {
		missing := func(tag string) bool { return !slices.Contains(one.Tags, tag) }
		if strings.Contains(strings.ToLower(one.Name), name) && !slices.ContainsFunc(tags, missing) {
			shown = append(shown, view.of(one))
		}
	}
	slices.SortFunc(shown, func(a, b Monitor) int { return cmp.Compare(a.ID, b.ID) })
	if c.query.Has("page") || c.query.Has("page_size") {
		shown = pageOf(shown, int(page), int(size))
	}
	return success(shown)
}

// pageOf returns one page, of 100 monitors where no size is given and never of
// more than 1,000 (https://docs.datadoghq.com/api/latest/monitors/#get-all-monitor-details).
func pageOf(all []Monitor, page, size int) []Monitor {
	if size == 0 {
		size = 100
	}
	size = min(size, 1000)
	first := min(page, len(all)) * size
	return all[min(first, len(all)):min(first+size, len(all))]
}

// monitorView is what a caller asked to see of monitors.
type monitorView struct {
	groups            []string // The states of the groups to show; nil shows no state at all.
	downtimes, assets bool
}

// groupStates are the values of group_states, and the state that each stands for.
var groupStates = map[string]string{"all": "", "alert": "Alert", "warn": "Warn", "no data": "No Data"}

func parseView(c call) (v monitorView, problem string) {
	p := queryParams{Values: c.query}
	v.downtimes, v.assets = p.flag("with_downtimes"), p.flag("with_assets")
	for _, filter := range p.list("group_states") {
		state, known := groupStates[strings.ToLower(filter)]
		if !known {
			return v, "Invalid group_state filters."
		}
		v.groups = append(v.groups, state)
	}
	return v, p.problem
}

func (v monitorView) of(m Monitor) Monitor {
	downtimes, assets, state := m.MatchingDowntimes, m.Assets, m.State
	m.MatchingDowntimes, m.Assets, m.State = nil, nil, nil
	if v.downtimes {
		m.MatchingDowntimes = append([]Downtime{}, downtimes...)
	}
	if v.assets {
		m.Assets = append([]Asset{}, assets...)
	}
	if v.groups != nil {
		m.State = &MonitorState{Groups: map[string]GroupState{}}
		for name, group := range state.all() {
			if slices.Contains(v.groups, "") || slices.Contains(v.groups, group.Status) {
				m.State.Groups[name] = group
			}
		}
	}
	return m
}

func (s *MonitorState) all() map[string]GroupState {
	if s == nil {
		return nil
	}
	return s.Groups
}
