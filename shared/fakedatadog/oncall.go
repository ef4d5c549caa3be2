package fakedatadog

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// The routes of teams and of those among them who are on call.
const (
	TeamList      Route = "team.list"
	TeamOnCallGet Route = "team.on_call"
)

// Team is a team, and who is on call for it.
type Team struct {
	ID          string `json:"id"` // A UUID.
	Handle      string `json:"handle"`
	Name        string `json:"name"`
	Description string `json:"description"`
	// OnCall are those whom a page reaches now.
	OnCall []Person `json:"on_call"`
	// Escalations are whom each step of the escalation policy reaches.
	Escalations [][]Person `json:"escalations"`
}

// teams are an organisation's teams.
type teams struct {
	all []Team
}

// AddTeam puts a team into Datadog, in the place of the one with the same handle,
// and returns its id.
func (s *Server) AddTeam(t Team) (id string) {
	t.ID, t.Name = cmp.Or(t.ID, uuidOf("team:"+t.Handle)), cmp.Or(t.Name, t.Handle)
	s.mu.Lock()
	defer s.mu.Unlock()
	had := slices.IndexFunc(s.teams.all, func(other Team) bool { return other.Handle == t.Handle })
	if had >= 0 {
		s.teams.all[had] = t
		return t.ID
	}
	s.teams.all = append(s.teams.all, t)
	return t.ID
}

func (t *teams) routes() []route {
	return []route{
		{name: TeamList, method: http.MethodGet, path: "/api/v2/team", needs: bothKeys, handle: t.list},
		{name: TeamOnCallGet, method: http.MethodGet, path: "/api/v2/on-call/teams/{team_id}/on-call", needs: bothKeys, handle: t.onCall},
	}
}

// maxTeams is how many teams a page holds at most, and where no size is given
// (https://docs.datadoghq.com/api/latest/teams/#get-all-teams).
const maxTeams = 100

// list pages by number where the caller names a page, and by offset where not.
func (t *teams) list(c call) answer {
	p := queryParams{Values: c.query}
	size, number := p.integer("page[size]", false), p.integer("page[number]", false)
	if p.problem != "" || size > maxTeams {
		return failure(http.StatusBadRequest, cmp.Or(p.problem, "page[size] must be at most 100"))
	}
	byNumber := c.query.Has("page[size]") || c.query.Has("page[number]")
	size = cmp.Or(size, maxTeams)
	var matching []Team
	for _, team := range t.all {
		if team.matches(c.query.Get("filter[keyword]")) {
			matching = append(matching, team)
		}
	}
	fields := p.list("fields[team]")
	data := []any{}
	for _, team := range window(matching, min(number, int64(len(matching)))*size, size) {
		data = append(data, team.shown(fields))
	}
	pages := pageNumbers(number, size, int64(len(matching)))
	if !byNumber {
		pages = map[string]any{
			"offset": 0, "first_offset": 0, "prev_offset": 0, "next_offset": size, "last_offset": 0,
			"limit": size, "type": "offset_limit", "total": len(matching),
		}
	}
	self := "https://api.datadoghq.com/api/v2/team"
	if encoded := c.query.Encode(); encoded != "" {
		self += "?" + encoded
	}
	return success(map[string]any{
		"data": data, "meta": map[string]any{"pagination": pages},
		"links": map[string]any{"self": self, "last": nil, "next": self, "prev": nil, "first": self},
	})
}

func pageNumbers(number, size, total int64) map[string]any {
	return map[string]any{
		"number": number, "first_number": 0, "prev_number": max(0, number-1), "next_number": number + 1,
		"last_number": max(0, total-1) / size, "size": size, "type": "number_size", "total": total,
	}
}

// matches reports whether a keyword is part of the team's handle or name, or of the
// address of one of its members.
func (t Team) matches(keyword string) bool {
	texts := []string{t.Handle, t.Name}
	for _, person := range slices.Concat(append(slices.Clone(t.Escalations), t.OnCall)...) {
		texts = append(texts, person.Email)
	}
	return slices.ContainsFunc(texts, func(text string) bool {
		return strings.Contains(strings.ToLower(text), strings.ToLower(keyword))
	})
}

// teamStamp is when every team was made.
const teamStamp = "2023-03-22T17:12:07.018313+00:00"

func (t Team) shown(fields []string) map[string]any {
	attributes := map[string]any{
		"handle": t.Handle, "name": t.Name, "summary": nil, "description": orNull(t.Description),
		"user_count": 0, "link_count": 0, "created_at": teamStamp, "modified_at": teamStamp,
	}
	shown := map[string]any{"type": "team", "id": t.ID, "attributes": attributes}
	if len(fields) > 0 {
		for name := range attributes {
			if !slices.Contains(fields, name) {
				delete(attributes, name)
			}
		}
		return shown
	}
	related := func(what string) map[string]any {
		return map[string]any{"links": map[string]string{"related": "/api/v2/team/" + url.PathEscape(t.ID) + "/" + what}}
	}
	shown["relationships"] = map[string]any{
		"team_links": related("links"), "user_team_permissions": related("permission-settings"),
	}
	return shown
}

// onCall includes users and steps only as far as the caller asks for them.
func (t *teams) onCall(c call) answer {
	i := slices.IndexFunc(t.all, func(team Team) bool { return team.ID == c.params["team_id"] })
	if i < 0 {
		return failure(http.StatusNotFound, "Not Found")
	}
	team := t.all[i]
	p := queryParams{Values: c.query}
	include := p.list("include")
	withUsers := slices.Contains(include, "escalations.responders")
	var included responders
	if slices.Contains(include, "responders") {
		included.addUsers(team.OnCall)
	}
	steps := []reference{}
	for n, people := range team.Escalations {
		step := reference{Type: "escalation_policy_steps", ID: uuidOf(fmt.Sprint(team.ID, n))}
		steps = append(steps, step)
		if withUsers || slices.Contains(include, "escalations") {
			included.add(step, map[string]any{
				"type": step.Type, "id": step.ID, "relationships": map[string]any{"responders": references(refs(people)...)},
			})
		}
		if withUsers {
			included.addUsers(people)
		}
	}
	body := map[string]any{"data": map[string]any{
		"id": fmt.Sprintf("%s-%d", team.ID, c.now.Unix()), "type": "team_oncall_responders",
		"relationships": map[string]any{"responders": references(refs(team.OnCall)...), "escalations": references(steps...)},
	}}
	if len(included.all) > 0 {
		body["included"] = included.all
	}
	return success(body).as(mediaVendor)
}

func refs(people []Person) []reference {
	var all []reference
	for _, person := range people {
		all = append(all, person.reference())
	}
	return all
}

// responders are included resources, each once.
type responders struct {
	all  []any
	seen []reference
}

func (r *responders) add(ref reference, resource map[string]any) {
	if !slices.Contains(r.seen, ref) {
		r.seen = append(r.seen, ref)
		r.all = append(r.all, resource)
	}
}

func (r *responders) addUsers(people []Person) {
	for _, person := range people {
		r.add(person.reference(), map[string]any{
			"id": person.id(), "type": "users",
			"attributes": map[string]string{"email": person.Email, "name": person.Name, "status": "active"},
		})
	}
}
