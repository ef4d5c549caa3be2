package fakedatadog

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// The routes of the downtimes (https://docs.datadoghq.com/api/latest/downtimes/).
const (
	DowntimeMatches Route = "downtime.matches"
	DowntimeList    Route = "downtime.list"
)

func (s *Server) downtimeRoutes() []route {
	return []route{
		{name: DowntimeMatches, pattern: "GET /api/v2/monitor/{number}/downtime_matches", handle: s.matchDowntimes},
		{name: DowntimeList, pattern: "GET /api/v2/downtime", handle: s.listDowntimes},
	}
}

// ScheduledDowntime silences monitors. Datadog's defaults replace zero values.
type ScheduledDowntime struct {
	ID string `json:"id"` // A UUID.
	// MonitorID is the one monitor that it silences. Without it, it silences those with
	// all MonitorTags; "*" stands for all.
	MonitorID   int64    `json:"monitor_id"`
	MonitorTags []string `json:"monitor_tags"`
	// Scope is a query, such as "env:staging", which is not evaluated: Groups are the
	// groups that it silences.
	Scope     string    `json:"scope"`
	Groups    []string  `json:"groups"`
	Message   string    `json:"message"`
	Start     time.Time `json:"start"`
	End       time.Time `json:"end"` // Zero for none.
	CreatedBy Person    `json:"created_by"`
}

// AddDowntime schedules a downtime and returns its id.
func (s *Server) AddDowntime(d ScheduledDowntime) (id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.ID = cmp.Or(d.ID, uuidOf(fmt.Sprint("downtime:", len(s.downtimes))))
	d.Scope, d.CreatedBy = cmp.Or(d.Scope, "*"), cmp.Or(d.CreatedBy, author)
	if d.MonitorID == 0 && len(d.MonitorTags) == 0 {
		d.MonitorTags = []string{"*"}
	}
	if len(d.Groups) == 0 {
		d.Groups = []string{"*"}
	}
	if d.Start.IsZero() {
		d.Start = s.now()
	}
	s.downtimes = append(s.downtimes, d)
	return d.ID
}

func (s *Server) matchDowntimes(c *call) answer {
	id, err := strconv.ParseInt(c.PathValue("number"), 10, 64)
	m, exists := s.monitors[id]
	if err != nil || !exists {
		return failure(http.StatusNotFound, fmt.Sprintf("Monitor with id %s not found", c.PathValue("number")))
	}
	matches := func(d ScheduledDowntime) bool { return d.status(c.now) == "active" && d.silences(m) }
	return s.downtimePage(c, matches, func(d ScheduledDowntime) any {
		return object{"type": "downtime_match", "id": d.ID, "attributes": object{
			"groups": d.Groups, "scope": d.Scope, "start": timeOrNull(d.Start), "end": timeOrNull(d.End),
		}}
	})
}

func (s *Server) listDowntimes(c *call) answer {
	current := c.flag("current_only")
	matches := func(d ScheduledDowntime) bool { return !current || d.status(c.now) == "active" }
	return s.downtimePage(c, matches, func(d ScheduledDowntime) any { return d.shown(c) })
}

const downtimesPerPage = 30 // As recorded.

func (s *Server) downtimePage(c *call, matches func(ScheduledDowntime) bool, show func(ScheduledDowntime) any) answer {
	var matching []ScheduledDowntime
	for _, d := range s.downtimes {
		if matches(d) {
			matching = append(matching, d)
		}
	}
	data, included := []any{}, []any{}
	var seen []Person
	for _, d := range window(matching, c.integer("page[offset]", 0), c.integer("page[limit]", downtimesPerPage)) {
		data = append(data, show(d))
		if p := d.CreatedBy; !slices.Contains(seen, p) {
			seen = append(seen, p)
			attributes := object{"name": p.Name, "email": p.Email, "handle": p.Email, "status": "Active"}
			included = append(included, object{"type": "users", "id": p.id(), "attributes": attributes})
		}
	}
	body := object{"data": data, "meta": object{"page": object{"total_filtered_count": len(matching)}}}
	if c.includes("created_by") {
		body["included"] = included
	}
	return success(body)
}

// includes reports whether the caller asks for related resources.
func (c *call) includes(name string) bool { return slices.Contains(c.list("include"), name) }

func (d ScheduledDowntime) silences(m Monitor) bool {
	if d.MonitorID != 0 {
		return d.MonitorID == m.ID
	}
	return !slices.ContainsFunc(d.MonitorTags, func(tag string) bool { return tag != "*" && !slices.Contains(m.Tags, tag) })
}

func (d ScheduledDowntime) status(now time.Time) string {
	switch {
	case d.Start.After(now):
		return "scheduled"
	case d.End.IsZero(), d.End.After(now):
		return "active"
	}
	return "ended"
}

func timeOrNull(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	return new(t.UTC().Format(timestampLayout))
}

func (d ScheduledDowntime) shown(c *call) object {
	start := timeOrNull(d.Start)
	identifier := object{"monitor_tags": d.MonitorTags}
	if d.MonitorID != 0 {
		identifier = object{"monitor_id": d.MonitorID}
	}
	shown := object{"type": "downtime", "id": d.ID, "attributes": object{
		"monitor_identifier": identifier, "scope": d.Scope, "message": orNull(d.Message), "status": d.status(c.now),
		"schedule": object{"start": start, "end": timeOrNull(d.End)}, "created": start, "modified": start, "canceled": nil,
		"display_timezone": "UTC", "mute_first_recovery_notification": false,
		"notify_end_states": []string{"alert", "no data", "warn"}, "notify_end_types": []string{"expired"},
	}}
	if c.includes("created_by") {
		shown["relationships"] = object{"created_by": object{"data": d.CreatedBy.reference()}}
	}
	return shown
}
