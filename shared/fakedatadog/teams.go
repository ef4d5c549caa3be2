package fakedatadog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

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
			responders := relation(references(people)...)
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
		"relationships": object{"responders": relation(references(team.OnCall)...), "escalations": relation(steps...)},
	}}
	if len(resources) > 0 {
		body["included"] = resources
	}
	return success(body).as(mediaVendor)
}

func references(people []Person) (all []reference) {
	for _, person := range people {
		all = append(all, person.reference())
	}
	return all
}
