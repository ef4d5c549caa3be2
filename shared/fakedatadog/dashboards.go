package fakedatadog

import (
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// The routes of the dashboards.
const (
	DashboardCreate Route = "dashboard.create"
	DashboardGet    Route = "dashboard.get"
	DashboardList   Route = "dashboard.list"
	DashboardUpdate Route = "dashboard.update"
	DashboardDelete Route = "dashboard.delete"
)

// dashboards are an organisation's dashboards, in the order in which they were made.
type dashboards struct {
	all    []*dashboard
	issued int
}

// dashboard is a dashboard: what its maker wrote, and what Datadog adds.
type dashboard struct {
	id                string
	created, modified time.Time
	definition        map[string]any
}

const dashboardAuthor = "someone@example.com"

func (d *dashboards) routes() []route {
	const all, one, read, write = "/api/v1/dashboard", "/api/v1/dashboard/{id}", "dashboards_read", "dashboards_write"
	return []route{
		{name: DashboardCreate, method: http.MethodPost, path: all, needs: bothKeys, permission: write, handle: d.create},
		{name: DashboardList, method: http.MethodGet, path: all, needs: bothKeys, permission: read, handle: d.list},
		{name: DashboardGet, method: http.MethodGet, path: one, needs: bothKeys, permission: read, handle: d.one(d.show)},
		{name: DashboardUpdate, method: http.MethodPut, path: one, needs: bothKeys, permission: write, handle: d.one(d.update)},
		{name: DashboardDelete, method: http.MethodDelete, path: one, needs: bothKeys, permission: write, handle: d.one(d.remove)},
	}
}

// Dashboards returns the definitions of all dashboards, as Datadog shows them.
func (s *Server) Dashboards() []json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	shown := []json.RawMessage{}
	for _, one := range s.dashboards.all {
		shown = append(shown, success(one.view()).body)
	}
	return shown
}

func (d *dashboards) one(handle func(*dashboard, call) answer) func(call) answer {
	return func(c call) answer {
		for _, candidate := range d.all {
			if candidate.id == c.params["id"] {
				return handle(candidate, c)
			}
		}
		return failure(http.StatusNotFound, fmt.Sprintf("Dashboard with ID %s not found", c.params["id"]))
	}
}

func (d *dashboards) create(c call) answer {
	definition, problem := readDashboard(c.body)
	if problem != "" {
		return failure(http.StatusBadRequest, problem)
	}
	d.issued++
	made := &dashboard{id: dashboardID(d.issued), created: c.now, modified: c.now, definition: definition}
	d.all = append(d.all, made)
	return success(made.view())
}

func (d *dashboards) show(found *dashboard, _ call) answer { return success(found.view()) }

func (d *dashboards) update(found *dashboard, c call) answer {
	definition, problem := readDashboard(c.body)
	if problem != "" {
		return failure(http.StatusBadRequest, problem)
	}
	found.definition, found.modified = definition, c.now
	return success(found.view())
}

func (d *dashboards) remove(found *dashboard, _ call) answer {
	d.all = slices.DeleteFunc(d.all, func(one *dashboard) bool { return one == found })
	return success(map[string]string{"deleted_dashboard_id": found.id})
}

// list answers with a page of summaries, of all where no count is given.
func (d *dashboards) list(c call) answer {
	p := queryParams{Values: c.query}
	count, start := p.integer("count", false), p.integer("start", false)
	if p.problem != "" {
		return failure(http.StatusBadRequest, p.problem)
	}
	page := window(d.all, start, cmp.Or(count, int64(len(d.all))))
	summaries := []map[string]any{}
	for _, one := range page {
		view := one.view()
		for _, left := range []string{"widgets", "notify_list", "template_variables", "author_name", "restricted_roles", "reflow_type"} {
			delete(view, left)
		}
		summaries = append(summaries, view)
	}
	return success(map[string]any{"dashboards": summaries})
}

// readDashboard reads a definition and says what is wrong with it, by the documented
// rules as far as they tell a dashboard from none.
func readDashboard(body []byte) (definition map[string]any, problem string) {
	if err := json.Unmarshal(body, &definition); err != nil {
		return nil, unreadable(err)
	}
	title, _ := definition["title"].(string)
	layout, _ := definition["layout_type"].(string)
	widgets, isList := definition["widgets"].([]any)
	switch {
	case title == "":
		return nil, "The value provided for parameter 'title' is invalid"
	case layout != "ordered" && layout != "free":
		return nil, "The value provided for parameter 'layout_type' is invalid"
	case !isList:
		return nil, "The value provided for parameter 'widgets' is invalid"
	}
	fixed := layout == "free" || definition["reflow_type"] == "fixed"
	return definition, problemOfWidgets(widgets, fixed)
}

func problemOfWidgets(widgets []any, fixed bool) string {
	for i, w := range widgets {
		widget, _ := w.(map[string]any)
		definition, _ := widget["definition"].(map[string]any)
		if kind, _ := definition["type"].(string); kind == "" {
			return fmt.Sprintf("Invalid widget definition at position %d: type is required", i)
		}
		if _, placed := widget["layout"]; fixed && !placed {
			return fmt.Sprintf("Invalid widget definition at position %d: layout is required", i)
		}
		if inner, isGroup := definition["widgets"].([]any); isGroup {
			if problem := problemOfWidgets(inner, fixed); problem != "" {
				return problem
			}
		}
	}
	return ""
}

// view is the dashboard as Datadog's recorded answers show it.
func (d *dashboard) view() map[string]any {
	const layout = "2006-01-02T15:04:05.000000-07:00"
	view := map[string]any{
		"description": nil, "template_variables": nil, "notify_list": nil,
		"author_name": nil, "author_handle": dashboardAuthor, "is_read_only": false,
	}
	maps.Copy(view, d.definition)
	view["id"], view["url"] = d.id, "/dashboard/"+d.id+"/"+slug(d.definition["title"])
	view["created_at"], view["modified_at"] = d.created.UTC().Format(layout), d.modified.UTC().Format(layout)
	if widgets, isList := d.definition["widgets"].([]any); isList {
		view["widgets"] = withIDs(d.id, widgets)
	}
	return view
}

// withIDs returns the widgets with the ids that Datadog gives them.
func withIDs(place string, widgets []any) []any {
	numbered := make([]any, len(widgets))
	for i, w := range widgets {
		widget, _ := w.(map[string]any)
		widget = maps.Clone(widget)
		at := fmt.Sprintf("%s.%d", place, i)
		sum := sha256.Sum256([]byte(at))
		widget["id"] = binary.BigEndian.Uint64(sum[:]) >> 11 // A whole number that any JSON reader keeps.
		if definition, isObject := widget["definition"].(map[string]any); isObject {
			if inner, isGroup := definition["widgets"].([]any); isGroup {
				definition = maps.Clone(definition)
				definition["widgets"] = withIDs(at, inner)
				widget["definition"] = definition
			}
		}
		numbered[i] = widget
	}
	return numbered
}

// dashboardID returns an id in Datadog's form, "p63-b2n-sjg".
func dashboardID(n int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "dashboard %d", n))
	text := strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))
	return text[0:3] + "-" + text[3:6] + "-" + text[6:9]
}

// slug is what Datadog makes of a title in an address.
func slug(title any) string {
	text, _ := title.(string)
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-':
			return r
		case r == ' ':
			return '-'
		}
		return -1
	}, strings.ToLower(text))
}
