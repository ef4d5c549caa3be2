package fakedatadog

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Incident is an incident. Datadog's defaults replace zero values.
type Incident struct {
	PublicID int64
	Title    string
	State    string // "active", "stable", "resolved".
	Severity string // "SEV-1" to "SEV-5", "UNKNOWN".
	Services []string
	Teams    []string
	Created  time.Time
}

const firstIncidentID = 336_000

// AddIncident adds an incident.
func (s *Server) AddIncident(i Incident) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i.PublicID = cmp.Or(i.PublicID, firstIncidentID+int64(len(s.incidents)))
	i.State, i.Severity = cmp.Or(i.State, "active"), cmp.Or(i.Severity, "UNKNOWN")
	if i.Created.IsZero() {
		i.Created = s.now()
	}
	s.incidents = append(s.incidents, i)
}

// searchIncidents answers with the newest first, without facets
// (https://docs.datadoghq.com/api/latest/incidents/#search-for-incidents).
func (s *Server) searchIncidents(c *call) answer {
	size := min(c.integer("page[size]", 10), 100)
	c.require("query")
	wanted, ok := parseQuery(c.Get("query"))
	c.failIf(!ok, invalidValue, "query")
	matching := where(s.incidents, func(i Incident) bool { return wanted(i.values) })
	slices.SortStableFunc(matching, func(a, b Incident) int { return b.Created.Compare(a.Created) })
	found := list(window(matching, 0, size), func(i Incident) object { return object{"data": i.shown()} })
	return success(object{"data": object{"attributes": object{"total": len(matching), "incidents": found}}})
}

func (i Incident) values(key string) []string {
	return map[string][]string{
		"": {i.Title}, "state": {i.State}, "severity": {i.Severity}, "services": i.Services, "teams": i.Teams,
	}[key]
}

func (i Incident) shown() object {
	return resource("incidents", uuidOf(fmt.Sprint("incident:", i.PublicID)), object{
		"public_id": i.PublicID, "title": i.Title, "severity": i.Severity, "state": i.State, "created": i.Created.UTC().Format("2006-01-02T15:04:05-07:00"),
	})
}

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

// Team is a team (https://docs.datadoghq.com/api/latest/teams/), and who is on call for it.
type Team struct {
	ID     string // A UUID.
	Handle string
	Name   string
	// OnCall are the people that a page reaches now.
	OnCall []Person
	// Escalations are the people of each step of the escalation policy.
	Escalations [][]Person
}

// AddTeam adds a team, or replaces the one with the same id, and returns its id.
func (s *Server) AddTeam(t Team) (id string) {
	t.ID, t.Name = cmp.Or(t.ID, uuidOf("team:"+t.Handle)), cmp.Or(t.Name, t.Handle)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.teams.put(t)
	return t.ID
}

const maxTeams = 100

func (s *Server) listTeams(c *call) answer {
	size := c.integer("page[size]", maxTeams)
	c.failIf(size > maxTeams, "page[size] must be at most %d", maxTeams)
	matching := where(s.teams.all, func(t Team) bool { return t.matches(c.Get("filter[keyword]")) })
	data := list(window(matching, c.integer("page[number]", 0)*size, size), func(t Team) object {
		return resource("team", t.ID, object{"handle": t.Handle, "name": t.Name})
	})
	return success(object{"data": data})
}

// matches reports whether a keyword is in the team's handle or name, or in the address
// of a member.
func (t Team) matches(keyword string) bool {
	texts := []string{t.Handle, t.Name}
	for _, person := range slices.Concat(append(slices.Clone(t.Escalations), t.OnCall)...) {
		texts = append(texts, person.Email)
	}
	return slices.ContainsFunc(texts, func(text string) bool {
		return strings.Contains(strings.ToLower(text), strings.ToLower(keyword))
	})
}

// getOnCall includes users and steps only if the caller asks for them.
func getOnCall(c *call, team Team) answer {
	users, steps, resources := collection[Person]{id: func(p Person) string { return p.Email }}, []reference{}, []object{}
	if c.includes("responders") {
		users.all = append(users.all, team.OnCall...)
	}
	for n, people := range team.Escalations {
		step := reference{Type: "escalation_policy_steps", ID: uuidOf(fmt.Sprint(team.ID, n))}
		steps = append(steps, step)
		if c.includes("escalations.responders") {
			responders := relation(list(people, Person.reference)...)
			resources = append(resources, object{"type": step.Type, "id": step.ID, "relationships": object{"responders": responders}})
			for _, person := range people {
				users.put(person)
			}
		}
	}
	for _, person := range users.all {
		ref := person.reference()
		resources = append(resources, resource(ref.Type, ref.ID, object{"email": person.Email, "name": person.Name, "status": "active"}))
	}
	body := object{"data": object{
		"id": fmt.Sprintf("%s-%d", team.ID, c.now.Unix()), "type": "team_oncall_responders",
		"relationships": object{"responders": relation(list(team.OnCall, Person.reference)...), "escalations": relation(steps...)},
	}}
	if len(resources) > 0 {
		body["included"] = resources
	}
	return success(body).as(mediaVendor)
}
