package fakedatadog

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// The routes of the downtimes, in their second version.
const (
	DowntimeMatches Route = "downtime.matches"
	DowntimeList    Route = "downtime.list"
)

// ScheduledDowntime silences monitors; what is zero gets Datadog's default.
type ScheduledDowntime struct {
	ID string `json:"id"` // A UUID.
	// MonitorID names the one monitor that it silences. Without it, it silences
	// those that have all MonitorTags; "*" is had by all.
	MonitorID   int64    `json:"monitor_id"`
	MonitorTags []string `json:"monitor_tags"`
	// Scope is a query, such as "env:staging". The stand-in does not evaluate it:
	// Groups says which groups of the monitors it silences.
	Scope     string    `json:"scope"`
	Groups    []string  `json:"groups"`
	Message   string    `json:"message"`
	Start     time.Time `json:"start"`
	End       time.Time `json:"end"` // Zero for none.
	CreatedBy Person    `json:"created_by"`
}

// downtimes are an organisation's downtimes, in the order in which they were added.
type downtimes struct {
	all      []ScheduledDowntime
	monitors *monitors
}

// AddDowntime schedules a downtime and returns its id.
func (s *Server) AddDowntime(d ScheduledDowntime) (id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.ID = cmp.Or(d.ID, uuidOf(fmt.Sprint("downtime:", len(s.downtimes.all))))
	d.Scope = cmp.Or(d.Scope, "*")
	d.CreatedBy = cmp.Or(d.CreatedBy, somebody)
	if d.MonitorID == 0 && len(d.MonitorTags) == 0 {
		d.MonitorTags = []string{"*"}
	}
	if len(d.Groups) == 0 {
		d.Groups = []string{"*"}
	}
	if d.Start.IsZero() {
		d.Start = s.now()
	}
	s.downtimes.all = append(s.downtimes.all, d)
	return d.ID
}

func (d *downtimes) routes() []route {
	return []route{
		{name: DowntimeMatches, method: http.MethodGet, path: "/api/v2/monitor/{monitor_id:number}/downtime_matches", needs: bothKeys, handle: d.matches},
		{name: DowntimeList, method: http.MethodGet, path: "/api/v2/downtime", needs: bothKeys, handle: d.list},
	}
}

// downtimesPerPage is how many downtimes a page holds where no limit is given, as recorded.
const downtimesPerPage = 30

func (d *downtimes) matches(c call) answer {
	id, err := strconv.ParseInt(c.params["monitor_id"], 10, 64)
	m, exists := d.monitors.byID[id]
	if err != nil || !exists {
		return failure(http.StatusNotFound, fmt.Sprintf("Monitor with id %s not found", c.params["monitor_id"]))
	}
	return d.page(c, func(one ScheduledDowntime) bool { return one.active(c.now) && one.silences(m) }, func(one ScheduledDowntime) any {
		return map[string]any{"type": "downtime_match", "id": one.ID, "attributes": map[string]any{
			"groups": one.Groups, "scope": one.Scope, "start": stamp(one.Start), "end": stamp(one.End),
		}}
	})
}

func (d *downtimes) list(c call) answer {
	p := queryParams{Values: c.query}
	current, withCreator := p.flag("current_only"), slices.Contains(p.list("include"), "created_by")
	if p.problem != "" {
		return failure(http.StatusBadRequest, p.problem)
	}
	return d.page(c, func(one ScheduledDowntime) bool { return !current || one.active(c.now) }, func(one ScheduledDowntime) any {
		return one.shown(withCreator, c.now)
	})
}

// page answers with the downtimes that are chosen, as far as they are on the page
// that the caller wants.
func (d *downtimes) page(c call, chosen func(ScheduledDowntime) bool, shown func(ScheduledDowntime) any) answer {
	p := queryParams{Values: c.query}
	offset, limit := p.integer("page[offset]", false), p.integer("page[limit]", false)
	if p.problem != "" {
		return failure(http.StatusBadRequest, p.problem)
	}
	var matching []ScheduledDowntime
	for _, one := range d.all {
		if chosen(one) {
			matching = append(matching, one)
		}
	}
	onPage, data := window(matching, offset, cmp.Or(limit, downtimesPerPage)), []any{}
	for _, one := range onPage {
		data = append(data, shown(one))
	}
	body := map[string]any{
		"data": data,
		"meta": map[string]any{"page": map[string]int{"total_filtered_count": len(matching)}},
	}
	if slices.Contains(p.list("include"), "created_by") {
		body["included"] = creators(onPage)
	}
	return success(body)
}

func (d ScheduledDowntime) active(now time.Time) bool {
	return !d.Start.After(now) && (d.End.IsZero() || d.End.After(now))
}

func (d ScheduledDowntime) silences(m Monitor) bool {
	if d.MonitorID != 0 {
		return d.MonitorID == m.ID
	}
	return !slices.ContainsFunc(d.MonitorTags, func(tag string) bool { return tag != "*" && !slices.Contains(m.Tags, tag) })
}

// stamp shows no time as null.
func stamp(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	return orNull(t.UTC().Format(stampLayout))
}

func (d ScheduledDowntime) status(now time.Time) string {
	switch {
	case d.active(now):
		return "active"
	case d.Start.After(now):
		return "scheduled"
	}
	return "ended"
}

func (d ScheduledDowntime) shown(withCreator bool, now time.Time) map[string]any {
	identifier := map[string]any{"monitor_tags": d.MonitorTags}
	if d.MonitorID != 0 {
		identifier = map[string]any{"monitor_id": d.MonitorID}
	}
	shown := map[string]any{"type": "downtime", "id": d.ID, "attributes": map[string]any{
		"monitor_identifier": identifier, "scope": d.Scope, "message": orNull(d.Message), "status": d.status(now),
		"schedule": map[string]any{"start": stamp(d.Start), "end": stamp(d.End)},
		"created":  stamp(d.Start), "modified": stamp(d.Start), "canceled": nil, "display_timezone": "UTC",
		"mute_first_recovery_notification": false,
		"notify_end_states":                []string{"alert", "no data", "warn"}, "notify_end_types": []string{"expired"},
	}}
	if withCreator {
		shown["relationships"] = map[string]any{"created_by": map[string]any{"data": d.CreatedBy.reference()}}
	}
	return shown
}

func creators(of []ScheduledDowntime) []any {
	all := []any{}
	var seen []Person
	for _, d := range of {
		if p := d.CreatedBy; !slices.Contains(seen, p) {
			seen = append(seen, p)
			all = append(all, map[string]any{
				"type": "users", "id": p.id(),
				"attributes": map[string]string{"name": p.Name, "email": p.Email, "handle": p.Email, "status": "Active"},
			})
		}
	}
	return all
}
