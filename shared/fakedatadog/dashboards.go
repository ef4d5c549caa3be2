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

// dashboard is the definition that was sent, and what Datadog adds
// (https://docs.datadoghq.com/api/latest/dashboards/).
type dashboard struct {
	id         string
	modified   time.Time
	definition object
}

// Dashboards returns the definitions of all dashboards, as Datadog shows them.
func (s *Server) Dashboards() []json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return list(s.dashboards.all, func(d dashboard) json.RawMessage { return success(d.shown()).response().Body })
}

// changeDashboard checks the most important of the documented rules. New ids look like
// "p63-b2n-sjg".
func (s *Server) changeDashboard(c *call, d dashboard) dashboard {
	d.definition, d.modified = nil, c.now
	c.decode(&d.definition)
	layout, _ := d.definition["layout_type"].(string)
	widgets, isList := d.definition["widgets"].([]any)
	c.failIf(!isText(d.definition["title"]), invalidValue, "title")
	c.failIf(layout != "ordered" && layout != "free", invalidValue, "layout_type")
	c.failIf(!isList, invalidValue, "widgets")
	c.checkWidgets(widgets)
	if d.id == "" {
		sum := sha256.Sum256(fmt.Append(nil, "dashboard ", s.dashboards.issue()))
		id := strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))
		d.id = id[0:3] + "-" + id[3:6] + "-" + id[6:9]
	}
	return d
}

func isText(v any) bool {
	text, _ := v.(string)
	return text != ""
}

func (c *call) checkWidgets(widgets []any) {
	for i, w := range widgets {
		widget, _ := w.(object)
		definition, _ := widget["definition"].(object)
		c.failIf(!isText(definition["type"]), "Invalid widget definition at position %d: type is required", i)
		inner, _ := definition["widgets"].([]any)
		c.checkWidgets(inner)
	}
}

func (s *Server) listDashboards(c *call) answer {
	return success(object{"dashboards": list(window(s.dashboards.all, c.integer("start", 0), c.integer("count", 100)), func(d dashboard) object {
		summary := d.shown()
		for _, detail := range []string{"widgets", "template_variables", "reflow_type"} {
			delete(summary, detail)
		}
		return summary
	})})
}

func (d dashboard) shown() object {
	shown := maps.Clone(d.definition)
	shown["id"], shown["url"] = d.id, "/dashboard/"+d.id
	shown["author_handle"], shown["modified_at"] = author.Email, timeOrNull(d.modified)
	widgets, _ := d.definition["widgets"].([]any)
	shown["widgets"] = withIDs(widgets)
	return shown
}

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
