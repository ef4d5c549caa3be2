package fakedatadog

import (
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

// The routes of the monitors (https://docs.datadoghq.com/api/latest/monitors/).
const (
	MonitorCreate Route = "monitor.create"
	MonitorGet    Route = "monitor.get"
	MonitorUpdate Route = "monitor.update"
	MonitorDelete Route = "monitor.delete"
	MonitorList   Route = "monitor.list"
)

func (s *Server) monitorRoutes() []route {
	const all, one, read, write = " /api/v1/monitor", " /api/v1/monitor/{number}", "monitors_read", "monitors_write"
	// As recorded.
	per10s := func(name string, calls int) limit { return limit{name: name, calls: calls, period: 10 * time.Second} }
	return []route{
		{name: MonitorCreate, pattern: "POST" + all, permission: write, limit: per10s("post_monitors", 500), handle: s.createMonitor},
		{name: MonitorList, pattern: "GET" + all, permission: read, limit: per10s("get_all_monitors", 1000), handle: s.listMonitors},
		{name: MonitorGet, pattern: "GET" + one, permission: read, limit: per10s("get_monitors", 3000), handle: s.withMonitor(s.getMonitor)},
		{name: MonitorUpdate, pattern: "PUT" + one, permission: write, limit: per10s("put_monitors", 500), handle: s.withMonitor(s.updateMonitor)},
		{name: MonitorDelete, pattern: "DELETE" + one, permission: write, limit: globalLimit, handle: s.withMonitor(s.deleteMonitor)},
	}
}

// withMonitor looks up the monitor of the path.
func (s *Server) withMonitor(handle func(*call, Monitor) answer) func(*call) answer {
	return func(c *call) answer {
		id, err := strconv.ParseInt(c.PathValue("number"), 10, 64)
		if found, exists := s.monitors[id]; err == nil && exists {
			return handle(c, found)
		}
		return failure(http.StatusNotFound, "Monitor not found")
	}
}

func (s *Server) getMonitor(c *call, found Monitor) answer { return success(c.monitorView().of(found)) }

func (s *Server) deleteMonitor(c *call, found Monitor) answer {
	for _, other := range s.monitors {
		if slices.Contains(other.parts(), found.ID) && c.Get("force") != "true" {
			return failure(http.StatusBadRequest, fmt.Sprintf("monitor [%d,%s] is referenced in composite monitors: [%d,%s]",
				found.ID, found.Name, other.ID, other.Name))
		}
	}
	delete(s.monitors, found.ID)
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

// read decodes the body over the request, and returns what is wrong with the result.
func (in *monitorRequest) read(c *call) (problem string) {
	if err := json.Unmarshal(c.body, in); err != nil {
		return decodeProblem(err)
	}
	switch {
	case in.Type == "":
		return fmt.Sprintf(invalidValue, "type")
	case in.Query == "":
		return fmt.Sprintf(invalidValue, "query")
	case in.Priority != nil && (*in.Priority < 1 || *in.Priority > 5):
		return fmt.Sprintf(invalidValue, "priority")
	}
	return ""
}

func (in monitorRequest) apply(to Monitor) Monitor {
	to.Type, to.Name, to.Message, to.Query, to.Tags = in.Type, in.Name, in.Message, in.Query, in.Tags
	to.Priority, to.RestrictedRoles, to.Options = in.Priority, in.RestrictedRoles, in.Options
	return to
}

func (s *Server) createMonitor(c *call) answer {
	var in monitorRequest
	if problem := in.read(c); problem != "" {
		return failure(http.StatusBadRequest, problem)
	}
	created := in.apply(Monitor{})
	if s.isInvalidComposite(created) {
		return failure(http.StatusBadRequest, invalidComposite)
	}
	created = s.addMonitor(created, c.now)
	created.RestrictionPolicy = json.RawMessage("null")
	return success(created)
}

// updateMonitor replaces what the request names; options as a whole. Its answer has no
// creator, as recorded.
func (s *Server) updateMonitor(c *call, found Monitor) answer {
	in := monitorRequest{
		Type: found.Type, Name: found.Name, Message: found.Message, Tags: found.Tags, Query: found.Query,
		Priority: found.Priority, RestrictedRoles: found.RestrictedRoles,
	}
	if problem := in.read(c); problem != "" {
		return failure(http.StatusBadRequest, problem)
	}
	if in.Options == nil {
		in.Options = found.Options
	}
	changed := in.apply(found)
	if s.isInvalidComposite(changed) {
		return failure(http.StatusBadRequest, invalidComposite)
	}
	changed.Multi = isMulti(changed.Query)
	changed.Modified = c.now.UTC().Format(timestampLayout)
	changed = monitorView{}.of(s.addMonitor(changed, c.now))
	changed.Creator = nil
	return success(changed)
}

var monitorReference = regexp.MustCompile(`\d+`)

const invalidComposite = "Some monitor IDs are invalid"

// parts returns the ids of the monitors in a composite monitor.
func (m Monitor) parts() (ids []int64) {
	if m.Type != "composite" {
		return nil
	}
	for _, text := range monitorReference.FindAllString(m.Query, -1) {
		id, _ := strconv.ParseInt(text, 10, 64) // A number that is too long becomes the largest id.
		ids = append(ids, id)
	}
	return ids
}

func (s *Server) isInvalidComposite(m Monitor) bool {
	unknown := func(id int64) bool { _, exists := s.monitors[id]; return !exists }
	return m.Type == "composite" && (len(m.parts()) == 0 || slices.ContainsFunc(m.parts(), unknown))
}

// listMonitors answers with all monitors by id, or with a page of them, of 100 where no
// size is given and of 1,000 at most.
func (s *Server) listMonitors(c *call) answer {
	view := c.monitorView()
	view.downtimes = true // A list always has them.
	page, size := c.integer("page", 0), min(c.integer("page_size", 100), 1000)
	name, tags := strings.ToLower(c.Get("name")), c.list("monitor_tags")
	shown := slices.DeleteFunc(s.sortedMonitors(view), func(m Monitor) bool {
		lacks := func(tag string) bool { return !slices.Contains(m.Tags, tag) }
		return !strings.Contains(strings.ToLower(m.Name), name) || slices.ContainsFunc(tags, lacks)
	})
	if c.Has("page") || c.Has("page_size") {
		shown = window(shown, min(page, 1<<20)*size, size)
	}
	return success(shown)
}

// monitorView is what a caller asked to see of monitors.
type monitorView struct {
	groups            []string // The states of the groups to show; nil shows no state.
	downtimes, assets bool
}

// groupStates are the values of group_states, and the state that each stands for.
var groupStates = map[string]string{"all": "", "alert": "Alert", "warn": "Warn", "no data": "No Data"}

func (c *call) monitorView() (v monitorView) {
	v.downtimes, v.assets = c.flag("with_downtimes"), c.flag("with_assets")
	for _, filter := range c.list("group_states") {
		state, known := groupStates[strings.ToLower(filter)]
		if !known {
			c.fail("Invalid group_state filters.")
		}
		v.groups = append(v.groups, state)
	}
	return v
}

func (v monitorView) of(m Monitor) Monitor {
	downtimes, assets, state := m.MatchingDowntimes, m.Assets, m.State
	m.MatchingDowntimes, m.Assets, m.State = nil, nil, nil
	if v.downtimes {
		m.MatchingDowntimes = orEmpty(downtimes)
	}
	if v.assets {
		m.Assets = orEmpty(assets)
	}
	if v.groups != nil {
		m.State = &MonitorState{Groups: map[string]GroupState{}}
		if state != nil {
			maps.Copy(m.State.Groups, state.Groups)
		}
		maps.DeleteFunc(m.State.Groups, func(_ string, group GroupState) bool {
			return !slices.Contains(v.groups, "") && !slices.Contains(v.groups, group.Status)
		})
	}
	return m
}
