// Package oncall is the step "oncall": who is on call now for the team whose
// alert it is, and whom a page reaches after them. It needs the permissions
// teams_read and on_call_read.
package oncall

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
)

// Name is the step's name in playbooks, answers and events.
const Name = "oncall"

// Permission is what the application key needs: both.
const Permission = "teams_read and on_call_read"

// Source is where teams and their on-call people are read.
type Source interface {
	Team(ctx context.Context, handle string) (datadog.Team, error)
	OnCall(ctx context.Context, teamID string) (datadog.OnCall, error)
}

var _ Source = (*datadog.Client)(nil)

// Config is what a playbook may say.
type Config struct {
	Team string `yaml:"team" doc:"Handle of the team to ask for; empty means the value of the alert's team tag."`
}

// New returns the step.
func New(source Source, c Config) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		handle := cmp.Or(strings.TrimSpace(c.Team), enrich.Tags(a).Get("team"))
		switch {
		case handle == "":
			return enrich.Finding{}, enrich.Skip("the alert has no team tag")
		case len(handle) > maxHandle:
			return enrich.Finding{}, enrich.Skip("the alert's team tag is longer than any that Datadog takes")
		}
		team, err := source.Team(ctx, handle)
		if err != nil {
			return enrich.Finding{}, explained(err, "Datadog has no team ", handle, ": correct the team tag, or create the team")
		}
		now, err := source.OnCall(ctx, team.ID)
		if err != nil {
			return enrich.Finding{}, explained(err, "the team ", handle, " has no On-Call in Datadog")
		}
		return found(team, now), nil
	})
}

// maxHandle bounds what is asked for, in bytes: tags have at most 200 characters
// (https://docs.datadoghq.com/getting_started/tagging/).
const maxHandle = 4 * 200

func explained(err error, before, handle, after string) error {
	if e, ok := errors.AsType[*datadog.Error](err); ok && e.Status == http.StatusNotFound {
		return fault.NewRedacted(fault.Permanent, before, strconv.Quote(handle), after, err)
	}
	return err
}

// Data is what playbooks and machines see. Name and Email are of the first who is
// on call now, and empty when nobody is.
type Data struct {
	Team       string   `json:"team"` // A handle.
	TeamID     string   `json:"team_id"`
	TeamName   string   `json:"team_name"`
	Name       string   `json:"name"`
	Email      string   `json:"email"`
	Responders []Person `json:"responders,omitempty"`
	// Escalations are whom each step of the escalation policy reaches, in order.
	Escalations [][]Person `json:"escalations,omitempty"`
}

// Person is somebody on call. One of the two may be empty.
type Person struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

// What an event shows at most.
const (
	maxPeople = 5
	maxSteps  = 3
)

func found(team datadog.Team, now datadog.OnCall) enrich.Finding {
	d := data(team, now)
	name := d.Team
	if d.TeamName != "" && d.TeamName != d.Team {
		name = fmt.Sprintf("%s (%s)", d.TeamName, d.Team)
	}
	facts := enrich.Facts{{Name: "Team", Value: name}, {Name: "On call now", Value: cmp.Or(words(d.Responders), "nobody")}}
	for i, step := range d.Escalations[:min(len(d.Escalations), maxSteps)] {
		if people := words(step); people != "" {
			facts = append(facts, enrich.Fact{Name: fmt.Sprintf("Escalation %d", i+1), Value: people})
		}
	}
	return enrich.Finding{Title: "On call", Weight: enrich.Important, Blocks: []enrich.Block{facts}, Data: d}
}

func data(team datadog.Team, now datadog.OnCall) Data {
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

// words names people: "Ada Lovelace (ada@example.com), bob@example.com".
func words(people []Person) string {
	var all []string
	for _, p := range people[:min(len(people), maxPeople)] {
		word := cmp.Or(p.Name, p.Email)
		if p.Name != "" && p.Email != "" && p.Name != p.Email {
			word = fmt.Sprintf("%s (%s)", p.Name, p.Email)
		}
		all = append(all, word)
	}
	if more := len(people) - len(all); more > 0 {
		all = append(all, fmt.Sprintf("%d more", more))
	}
	return strings.Join(all, ", ")
}
