package fakedatadog

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// ScheduledDowntime silences monitors (https://docs.datadoghq.com/api/latest/downtimes/).
// Datadog's defaults replace zero values.
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

func (s *Server) matchDowntimes(c *call) answer {
	m, exists := s.monitors.find(c.PathValue("number"))
	if !exists {
		return failure(http.StatusNotFound, "Monitor with id "+c.PathValue("number")+" not found")
	}
	matching := where(s.downtimes, func(d ScheduledDowntime) bool {
		return d.status(c.now) == "active" && (d.MonitorID == 0 || d.MonitorID == m.ID)
	})
	return downtimePage(c, matching, func(d ScheduledDowntime) object {
		return resource("downtime_match", d.ID, object{"groups": []string{"*"}, "scope": "*", "start": timeOrNull(d.Start), "end": timeOrNull(d.End)})
	})
}

func (s *Server) listDowntimes(c *call) answer {
	current := c.flag("current_only")
	matching := where(s.downtimes, func(d ScheduledDowntime) bool { return !current || d.status(c.now) == "active" })
	return downtimePage(c, matching, func(d ScheduledDowntime) object { return d.shown(c) })
}

const downtimesPerPage = 30 // As recorded.

func downtimePage(c *call, matching []ScheduledDowntime, show func(ScheduledDowntime) object) answer {
	page, creators := window(matching, 0, c.integer("page[limit]", downtimesPerPage)), []Person{}
	for _, d := range page {
		if !slices.Contains(creators, d.CreatedBy) {
			creators = append(creators, d.CreatedBy)
		}
	}
	body := object{"data": list(page, show), "meta": object{"page": object{"total_filtered_count": len(matching)}}}
	if c.includes("created_by") {
		body["included"] = list(creators, Person.user)
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
	shown := resource("downtime", d.ID, object{
		"monitor_identifier": identifier, "scope": "*", "message": orNull(d.Message), "status": d.status(c.now),
		"schedule": object{"start": timeOrNull(d.Start), "end": timeOrNull(d.End)}, "created": timeOrNull(d.Start),
	})
	if c.includes("created_by") {
		shown["relationships"] = object{"created_by": object{"data": d.CreatedBy.reference()}}
	}
	return shown
}
