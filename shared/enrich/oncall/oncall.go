// Package oncall is the step "oncall": who is on call now for the alert's team, and
// who is paged after them. It needs the permissions teams_read and on_call_read.
package oncall

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/stepkit"
)

// Source reads teams and who is on call for them.
type Source interface {
	Team(ctx context.Context, handle string) (datadog.Team, error)
	OnCall(ctx context.Context, teamID string) (datadog.OnCall, error)
}

// Config is the step's "with" in a playbook.
type Config struct {
	Team string `yaml:"team" doc:"Team handle. Default: the alert's team tag."`
}

// Kind describes the step to playbooks.
func Kind(client *datadog.Client) enrich.Kind {
	return enrich.KindOf(enrich.Kind{
		Name: "oncall", Doc: "Who is on call for the alert's team, and who is paged next.",
		Permissions: []string{"teams_read", "on_call_read"}, Data: Data{},
	}, func(c Config, cache time.Duration) enrich.Step { return New(client.Cached(cache), c) })
}

// New returns the step.
func New(source Source, c Config) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		_, handle, err := stepkit.Tag(a, c.Team, "team")
		if err != nil {
			return enrich.Finding{}, err
		}
		team, err := source.Team(ctx, handle)
		if err != nil {
			return enrich.Finding{}, stepkit.WrapNotFound(err, "Datadog has no team ", handle, ": correct the team tag or create the team")
		}
		now, err := source.OnCall(ctx, team.ID)
		if err != nil {
			return enrich.Finding{}, stepkit.WrapNotFound(err, "the team ", handle, " has no On-Call in Datadog")
		}
		return newFinding(newData(team, now)), nil
	})
}

// Data is the finding for playbooks. Name and Email are those of the first responder
// and empty when there is none.
type Data struct {
	Team       string   `json:"team"` // A handle.
	TeamID     string   `json:"team_id"`
	TeamName   string   `json:"team_name"`
	Name       string   `json:"name"`
	Email      string   `json:"email"`
	Responders []Person `json:"responders,omitempty"`
	// Escalations are the people of each step of the escalation policy, in order.
	Escalations [][]Person `json:"escalations,omitempty"`
}

// Person is on call. Name or Email may be empty.
type Person struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

func newData(team datadog.Team, now datadog.OnCall) Data {
	d := Data{Team: team.Handle, TeamID: team.ID, TeamName: team.Name, Responders: people(now.Responders)}
	if len(d.Responders) > 0 {
		d.Name, d.Email = d.Responders[0].Name, d.Responders[0].Email
	}
	for _, step := range now.Escalations {
		d.Escalations = append(d.Escalations, people(step))
	}
	return d
}

func people(users []datadog.User) []Person {
	var all []Person
	for _, u := range users {
		if u.Name != "" || u.Email != "" {
			all = append(all, Person{Name: u.Name, Email: u.Email})
		}
	}
	return all
}

// What an event shows at most.
const (
	maxPeople = 5
	maxSteps  = 3
)

func newFinding(d Data) enrich.Finding {
	facts := enrich.Facts{
		{Name: "Team", Value: stepkit.NameAndID(d.TeamName, d.Team)},
		{Name: "On call now", Value: cmp.Or(summary(d.Responders), "no one")},
	}
	for i, step := range d.Escalations[:min(len(d.Escalations), maxSteps)] {
		if people := summary(step); people != "" {
			facts = append(facts, enrich.Fact{Name: fmt.Sprintf("Escalation %d", i+1), Value: people})
		}
	}
	return enrich.Finding{Title: "On call", Weight: enrich.Important, Blocks: []enrich.Block{facts}, Data: d}
}

// summary names people: "Ada Lovelace (ada@example.com), bob@example.com".
func summary(people []Person) string {
	names := make([]string, len(people))
	for i, p := range people {
		names[i] = stepkit.NameAndID(p.Name, p.Email)
	}
	return enrich.Join(names, ", ", maxPeople)
}
