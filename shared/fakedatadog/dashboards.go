package fakedatadog

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
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
	const all, one, read, write = " /api/v1/dashboard", " /api/v1/dashboard/{id}", "dashboards_read", "dashboards_write"
	return []route{
		{name: DashboardCreate, pattern: "POST" + all, permission: write, handle: s.createDashboard},
		{name: DashboardList, pattern: "GET" + all, permission: read, handle: s.listDashboards},
		{name: DashboardGet, pattern: "GET" + one, permission: read, handle: s.withDashboard(s.getDashboard)},
		{name: DashboardUpdate, pattern: "PUT" + one, permission: write, handle: s.withDashboard(s.updateDashboard)},
		{name: DashboardDelete, pattern: "DELETE" + one, permission: write, handle: s.withDashboard(s.deleteDashboard)},
	}
}

// dashboard is the definition that was sent, and what Datadog adds.
type dashboard struct {
	id                string
	created, modified time.Time
	definition        object
}

// Dashboards returns the definitions of all dashboards, as Datadog shows them.
func (s *Server) Dashboards() []json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	shown := []json.RawMessage{}
	for _, d := range s.dashboards {
		shown = append(shown, success(d.shown()).body)
	}
	return shown
}

func (s *Server) withDashboard(handle func(*call, *dashboard) answer) func(*call) answer {
	return func(c *call) answer {
		for _, d := range s.dashboards {
			if d.id == c.PathValue("id") {
				return handle(c, d)
			}
		}
		return failure(http.StatusNotFound, fmt.Sprintf("Dashboard with ID %s not found", c.PathValue("id")))
	}
}

func (s *Server) createDashboard(c *call) answer {
	definition, problem := readDashboard(c.body)
	if problem != "" {
		return failure(http.StatusBadRequest, problem)
	}
	// Ids look like "p63-b2n-sjg".
	sum := sha256.Sum256(fmt.Appendf(nil, "dashboard %d", len(s.dashboards)+1+s.deletedDashboards))
	id := strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))
	d := &dashboard{id: id[0:3] + "-" + id[3:6] + "-" + id[6:9], created: c.now, modified: c.now, definition: definition}
	s.dashboards = append(s.dashboards, d)
	return success(d.shown())
}

func (s *Server) getDashboard(_ *call, d *dashboard) answer { return success(d.shown()) }

func (s *Server) updateDashboard(c *call, d *dashboard) answer {
	definition, problem := readDashboard(c.body)
	if problem != "" {
		return failure(http.StatusBadRequest, problem)
	}
	d.definition, d.modified = definition, c.now
	return success(d.shown())
}

func (s *Server) deleteDashboard(_ *call, d *dashboard) answer {
	s.dashboards = slices.DeleteFunc(s.dashboards, func(other *dashboard) bool { return other == d })
	s.deletedDashboards++
	return success(object{"deleted_dashboard_id": d.id})
}

// listDashboards answers with a page of summaries; of all without a count.
func (s *Server) listDashboards(c *call) answer {
	summaries := []object{}
	for _, d := range window(s.dashboards, c.integer("start", 0), c.integer("count", int64(len(s.dashboards)))) {
		summary := d.shown()
		for _, detail := range []string{"widgets", "notify_list", "template_variables", "author_name", "reflow_type"} {
			delete(summary, detail)
		}
		summaries = append(summaries, summary)
	}
	return success(object{"dashboards": summaries})
}

// readDashboard checks the most important of the documented rules.
func readDashboard(body []byte) (definition object, problem string) {
	if err := json.Unmarshal(body, &definition); err != nil {
		return nil, decodeProblem(err)
	}
	title, _ := definition["title"].(string)
	layout, _ := definition["layout_type"].(string)
	widgets, isList := definition["widgets"].([]any)
	switch {
	case title == "":
		return nil, fmt.Sprintf(invalidValue, "title")
	case layout != "ordered" && layout != "free":
		return nil, fmt.Sprintf(invalidValue, "layout_type")
	case !isList:
		return nil, fmt.Sprintf(invalidValue, "widgets")
	}
	return definition, widgetProblem(widgets, layout == "free" || definition["reflow_type"] == "fixed")
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

var notInSlug = regexp.MustCompile(`[^a-z0-9-]`)

// shown is the dashboard in Datadog's answers, as recorded.
func (d *dashboard) shown() object {
	title, _ := d.definition["title"].(string)
	slug := notInSlug.ReplaceAllString(strings.ReplaceAll(strings.ToLower(title), " ", "-"), "")
	shown := object{
		"description": nil, "template_variables": nil, "notify_list": nil,
		"author_name": nil, "author_handle": author.Email, "is_read_only": false,
	}
	maps.Copy(shown, d.definition)
	shown["id"], shown["url"] = d.id, "/dashboard/"+d.id+"/"+slug
	shown["created_at"], shown["modified_at"] = timeOrNull(d.created), timeOrNull(d.modified)
	widgets, _ := d.definition["widgets"].([]any)
	shown["widgets"] = withIDs(d.id, widgets)
	return shown
}

// withIDs returns the widgets with the ids that Datadog gives them.
func withIDs(place string, widgets []any) []any {
	numbered := make([]any, len(widgets))
	for i, w := range widgets {
		at := fmt.Sprintf("%s.%d", place, i)
		sum := sha256.Sum256([]byte(at))
		widget := maps.Clone(w.(object))
		widget["id"] = binary.BigEndian.Uint64(sum[:]) >> 11 // A number that a float64 holds.
		definition := maps.Clone(widget["definition"].(object))
		if inner, isGroup := definition["widgets"].([]any); isGroup {
			definition["widgets"] = withIDs(at, inner)
		}
		widget["definition"] = definition
		numbered[i] = widget
	}
	return numbered
}
