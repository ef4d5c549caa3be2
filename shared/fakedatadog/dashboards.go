package fakedatadog

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"
)

// The routes of the dashboards (https://docs.datadoghq.com/api/latest/dashboards/).
const (
	DashboardCreate Route = "dashboard.create"
	DashboardGet    Route = "dashboard.get"
	DashboardList   Route = "dashboard.list"
	DashboardUpdate Route = "dashboard.update"
	DashboardDelete Route = "dashboard.delete"
)

func (s *Server) dashboardRoutes() []route {
	const all, one, read, write, missing = " /api/v1/dashboard", " /api/v1/dashboard/{id}", "dashboards_read", "dashboards_write", "Dashboard with ID %s not found"
	return []route{
		{name: DashboardCreate, pattern: "POST" + all, permission: write, handle: s.createDashboard},
		{name: DashboardList, pattern: "GET" + all, permission: read, handle: s.listDashboards},
		{name: DashboardGet, pattern: "GET" + one, permission: read, handle: s.dashboards.found(missing, getDashboard)},
		{name: DashboardUpdate, pattern: "PUT" + one, permission: write, handle: s.dashboards.found(missing, s.putDashboard)},
		{name: DashboardDelete, pattern: "DELETE" + one, permission: write, handle: s.dashboards.found(missing, s.deleteDashboard)},
	}
}

// dashboard is the definition that was sent, and what Datadog adds.
type dashboard struct {
	id         string
	modified   time.Time
	definition object
}

// Dashboards returns the definitions of all dashboards, as Datadog shows them.
func (s *Server) Dashboards() []json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	shown := []json.RawMessage{}
	for _, d := range s.dashboards.all {
		shown = append(shown, success(d.shown()).encoded().body)
	}
	return shown
}

// createDashboard gives ids that look like "p63-b2n-sjg".
func (s *Server) createDashboard(c *call) answer {
	s.issuedDashboards++
	sum := sha256.Sum256(fmt.Append(nil, "dashboard ", s.issuedDashboards))
	id := strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))
	return s.putDashboard(c, dashboard{id: id[0:3] + "-" + id[3:6] + "-" + id[6:9]})
}

// putDashboard checks the most important of the documented rules.
func (s *Server) putDashboard(c *call, d dashboard) answer {
	d.definition, d.modified = nil, c.now
	if !c.decode(&d.definition) {
		return answer{}
	}
	title, _ := d.definition["title"].(string)
	layout, _ := d.definition["layout_type"].(string)
	widgets, isList := d.definition["widgets"].([]any)
	switch {
	case title == "":
		return badRequest(invalidValue, "title")
	case layout != "ordered" && layout != "free":
		return badRequest(invalidValue, "layout_type")
	case !isList:
		return badRequest(invalidValue, "widgets")
	}
	if problem := widgetProblem(widgets, layout == "free" || d.definition["reflow_type"] == "fixed"); problem != "" {
		return badRequest("%s", problem)
	}
	s.dashboards.put(d)
	return success(d.shown())
}

func widgetProblem(widgets []any, fixed bool) string {
	for i, w := range widgets {
		widget, _ := w.(object)
		definition, _ := widget["definition"].(object)
		if kind, _ := definition["type"].(string); kind == "" {
			return fmt.Sprintf("Invalid widget definition at position %d: type is required", i)
		}
		if _, placed := widget["layout"]; fixed && !placed {
			return fmt.Sprintf("Invalid widget definition at position %d: layout is required", i)
		}
		inner, _ := definition["widgets"].([]any)
		if problem := widgetProblem(inner, fixed); problem != "" {
			return problem
		}
	}
	return ""
}

func getDashboard(_ *call, d dashboard) answer { return success(d.shown()) }

func (s *Server) deleteDashboard(_ *call, d dashboard) answer {
	s.dashboards.remove(d.id)
	return success(object{"deleted_dashboard_id": d.id})
}

// listDashboards answers with a page of summaries.
func (s *Server) listDashboards(c *call) answer {
	summaries := []object{}
	for _, d := range window(s.dashboards.all, c.integer("start", 0), c.integer("count", 100)) {
		summary := d.shown()
		for _, detail := range []string{"widgets", "template_variables", "reflow_type"} {
			delete(summary, detail)
		}
		summaries = append(summaries, summary)
	}
	return success(object{"dashboards": summaries})
}

// shown is the dashboard in Datadog's answers.
func (d dashboard) shown() object {
	shown := maps.Clone(d.definition)
	shown["id"], shown["url"] = d.id, "/dashboard/"+d.id
	shown["author_handle"], shown["modified_at"] = author.Email, timeOrNull(d.modified)
	widgets, _ := d.definition["widgets"].([]any)
	shown["widgets"] = withIDs(widgets)
	return shown
}

// withIDs returns the widgets with ids, as Datadog does.
func withIDs(widgets []any) []any {
	all := []any{}
	for i, w := range widgets {
		widget, definition := maps.Clone(w.(object)), maps.Clone(w.(object)["definition"].(object))
		if inner, isGroup := definition["widgets"].([]any); isGroup {
			definition["widgets"] = withIDs(inner)
		}
		widget["id"], widget["definition"] = i+1, definition
		all = append(all, widget)
	}
	return all
}
