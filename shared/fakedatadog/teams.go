package fakedatadog

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// The routes of teams and on-call (https://docs.datadoghq.com/api/latest/teams/).
const (
	TeamList      Route = "team.list"
	TeamOnCallGet Route = "team.on_call"
)

func (s *Server) teamRoutes() []route {
	return []route{
		{name: TeamList, pattern: "GET /api/v2/team", handle: s.listTeams},
		{name: TeamOnCallGet, pattern: "GET /api/v2/on-call/teams/{id}/on-call", handle: s.getOnCall},
	}
}

// Team is a team, and who is on call for it.
type Team struct {
	ID          string `json:"id"` // A UUID.
	Handle      string `json:"handle"`
	Name        string `json:"name"`
	Description string `json:"description"`
	// OnCall are the people that a page reaches now.
	OnCall []Person `json:"on_call"`
	// Escalations are the people of each step of the escalation policy.
	Escalations [][]Person `json:"escalations"`
}

// AddTeam adds a team, or replaces the one with the same handle, and returns its id.
func (s *Server) AddTeam(t Team) (id string) {
	t.ID, t.Name = cmp.Or(t.ID, uuidOf("team:"+t.Handle)), cmp.Or(t.Name, t.Handle)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.teams = replaceOrAppend(s.teams, t, func(t Team) string { return t.Handle })
	return t.ID
}

const maxTeams = 100

// listTeams pages by number if the caller names a page, and else by offset.
func (s *Server) listTeams(c *call) answer {
	size, number := c.integer("page[size]", maxTeams), c.integer("page[number]", 0)
	if size > maxTeams {
		c.fail("page[size] must be at most %d", maxTeams)
	}
	matching := slices.DeleteFunc(slices.Clone(s.teams), func(t Team) bool { return !t.matches(c.Get("filter[keyword]")) })
	data := []any{}
	for _, team := range window(matching, min(number, int64(len(matching)))*size, size) {
		data = append(data, team.shown(c.list("fields[team]")))
	}
	pages := numberedPages(number, size, len(matching))
	if !c.Has("page[size]") && !c.Has("page[number]") {
		pages = object{
			"offset": 0, "first_offset": 0, "prev_offset": 0, "next_offset": size, "last_offset": 0,
			"limit": size, "type": "offset_limit", "total": len(matching),
		}
	}
	self := strings.TrimSuffix("https://api.datadoghq.com/api/v2/team?"+c.Encode(), "?")
	return success(object{"data": data, "meta": object{"pagination": pages}, "links": pageLinks(self)})
}

func pageLinks(self string) object {
	return object{"self": self, "last": nil, "next": self, "prev": nil, "first": self}
}

func numberedPages(number, size int64, total int) object {
	return object{
		"number": number, "first_number": 0, "prev_number": max(0, number-1), "next_number": number + 1,
		"last_number": max(0, int64(total)-1) / size, "size": size, "type": "number_size", "total": total,
	}
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

// teamCreated is when every team was created.
const teamCreated = "2023-03-22T17:12:07.018313+00:00"

func (t Team) shown(fields []string) object {
	attributes := object{
		"handle": t.Handle, "name": t.Name, "summary": nil, "description": orNull(t.Description),
		"user_count": 0, "link_count": 0, "created_at": teamCreated, "modified_at": teamCreated,
	}
	shown := object{"type": "team", "id": t.ID, "attributes": attributes}
	if len(fields) > 0 {
		maps.DeleteFunc(attributes, func(name string, _ any) bool { return !slices.Contains(fields, name) })
		return shown
	}
	related := func(what string) object {
		return object{"links": object{"related": "/api/v2/team/" + url.PathEscape(t.ID) + "/" + what}}
	}
	shown["relationships"] = object{"team_links": related("links"), "user_team_permissions": related("permission-settings")}
	return shown
}

// getOnCall includes users and steps only if the caller asks for them.
func (s *Server) getOnCall(c *call) answer {
	i := slices.IndexFunc(s.teams, func(t Team) bool { return t.ID == c.PathValue("id") })
	if i < 0 {
		return failure(http.StatusNotFound, "Not Found")
	}
	team, included := s.teams[i], included{}
	withUsers := c.includes("escalations.responders")
	if c.includes("responders") {
		included.addUsers(team.OnCall)
	}
	steps := []reference{}
	for n, people := range team.Escalations {
		step := reference{Type: "escalation_policy_steps", ID: uuidOf(fmt.Sprint(team.ID, n))}
		steps = append(steps, step)
		if withUsers || c.includes("escalations") {
			included.add(step, object{"relationships": object{"responders": relation(references(people)...)}})
		}
		if withUsers {
			included.addUsers(people)
		}
	}
	body := object{"data": object{
		"id": fmt.Sprintf("%s-%d", team.ID, c.now.Unix()), "type": "team_oncall_responders",
		"relationships": object{"responders": relation(references(team.OnCall)...), "escalations": relation(steps...)},
	}}
	if len(included.resources) > 0 {
		body["included"] = included.resources
	}
	return success(body).as(mediaVendor)
}

// included are resources beside an answer's data, each once.
type included struct {
	resources []object
	seen      []reference
}

func (i *included) add(ref reference, resource object) {
	if !slices.Contains(i.seen, ref) {
		resource["type"], resource["id"] = ref.Type, ref.ID
		i.seen, i.resources = append(i.seen, ref), append(i.resources, resource)
	}
}

func (i *included) addUsers(people []Person) {
	for _, person := range people {
		i.add(person.reference(), object{"attributes": object{"email": person.Email, "name": person.Name, "status": "active"}})
	}
}
