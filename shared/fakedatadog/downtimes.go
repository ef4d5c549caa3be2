package fakedatadog

import (
	"cmp"
	"fmt"
	"time"
)

// The routes of the downtimes (https://docs.datadoghq.com/api/latest/downtimes/).
const (
	DowntimeMatches Route = "downtime.matches"
	DowntimeList    Route = "downtime.list"
)

func (s *Server) downtimeRoutes() []route {
	return []route{
		{
			name: DowntimeMatches, pattern: "GET /api/v2/monitor/{number}/downtime_matches",
			handle: s.monitors.found("Monitor with id %s not found", s.matchDowntimes),
		},
		{name: DowntimeList, pattern: "GET /api/v2/downtime", handle: s.listDowntimes},
	}
}

// ScheduledDowntime silences monitors. Datadog's defaults replace zero values.
type ScheduledDowntime struct {
	ID        string // A UUID.
	MonitorID int64  // The one monitor that it silences, 0 for all.
	Message   string
	Start     time.Time
	End       time.Time // Zero for none.
	CreatedBy Person
}

// AddDowntime schedules a downtime.
func (s *Server) AddDowntime(d ScheduledDowntime) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.ID = cmp.Or(d.ID, uuidOf(fmt.Sprint("downtime:", len(s.downtimes))))
	d.CreatedBy = cmp.Or(d.CreatedBy, author)
	if d.Start.IsZero() {
		d.Start = s.now()
	}
	s.downtimes = append(s.downtimes, d)
}

func (s *Server) matchDowntimes(c *call, m Monitor) answer {
	matching := where(s.downtimes, func(d ScheduledDowntime) bool {
		return d.status(c.now) == "active" && (d.MonitorID == 0 || d.MonitorID == m.ID)
	})
	return downtimePage(c, matching, func(d ScheduledDowntime) object {
		return object{"type": "downtime_match", "id": d.ID, "attributes": object{
			"groups": []string{"*"}, "scope": "*", "start": timeOrNull(d.Start), "end": timeOrNull(d.End),
		}}
	})
}

func (s *Server) listDowntimes(c *call) answer {
	current := c.flag("current_only")
	matching := where(s.downtimes, func(d ScheduledDowntime) bool { return !current || d.status(c.now) == "active" })
	return downtimePage(c, matching, func(d ScheduledDowntime) object { return d.shown(c) })
}

const downtimesPerPage = 30 // As recorded.

func downtimePage(c *call, matching []ScheduledDowntime, show func(ScheduledDowntime) object) answer {
	data, creators := []object{}, collection[Person]{id: func(p Person) string { return p.Email }}
	for _, d := range window(matching, 0, c.integer("page[limit]", downtimesPerPage)) {
		data = append(data, show(d))
		creators.put(d.CreatedBy)
	}
	body := object{"data": data, "meta": object{"page": object{"total_filtered_count": len(matching)}}}
	if c.includes("created_by") {
		included := []object{}
		for _, p := range creators.all {
			included = append(included, p.user())
		}
		body["included"] = included
	}
	return success(body)
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

func (d ScheduledDowntime) shown(c *call) object {
	identifier := object{"monitor_tags": []string{"*"}}
	if d.MonitorID != 0 {
		identifier = object{"monitor_id": d.MonitorID}
	}
	shown := object{"type": "downtime", "id": d.ID, "attributes": object{
		"monitor_identifier": identifier, "scope": "*", "message": orNull(d.Message), "status": d.status(c.now),
		"schedule": object{"start": timeOrNull(d.Start), "end": timeOrNull(d.End)}, "created": timeOrNull(d.Start),
	}}
	if c.includes("created_by") {
		shown["relationships"] = object{"created_by": object{"data": d.CreatedBy.reference()}}
	}
	return shown
}
