// Package oncall is the step "oncall": who is on call now for the alert's team, and
// who is paged after them. It needs the permissions teams_read and on_call_read.
package oncall

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
)

// Source reads teams and who is on call for them.
type Source interface {
	Team(ctx context.Context, handle string) (datadog.Team, error)
	OnCall(ctx context.Context, teamID string) (datadog.OnCall, error)
}

type Config struct {
	Team string `yaml:"team" doc:"Team handle. Default: the alert's team tag."`
}

func Kind(client *datadog.Client) enrich.Kind {
	return enrich.KindOf(enrich.Kind{
		Name: "oncall", Doc: "Who is on call for the alert's team, and who is paged next.",
		Permissions: []string{"teams_read", "on_call_read"}, Data: Data{},
	}, func(c Config, cache time.Duration) enrich.Step { return newStep(client.Cached(cache), c) })
}

func newStep(source Source, c Config) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		_, handle, err := enrich.Tag(a, c.Team, "team")
		if err != nil {
			return enrich.Finding{}, err
		}
		team, err := source.Team(ctx, handle)
		if err != nil {
			missing := fault.NewRedacted(fault.Permanent, "Datadog has no team ", strconv.Quote(handle), ": correct the team tag or create the team", err)
			return enrich.Finding{}, datadog.ExplainNotFound(err, missing)
		}
		now, err := source.OnCall(ctx, team.ID)
		if err != nil {
			missing := fault.NewRedacted(fault.Permanent, "the team ", strconv.Quote(handle), " has no On-Call in Datadog", err)
			return enrich.Finding{}, datadog.ExplainNotFound(err, missing)
		}
		return newFinding(newData(team, now)), nil
	})
}

// Data is the finding for playbooks. Name and Email are those of the first responder
// and empty when there is none.
type Data struct {
	Team       string         `json:"team"` // A handle.
	TeamID     string         `json:"team_id"`
	TeamName   string         `json:"team_name"`
	Name       string         `json:"name"`
	Email      string         `json:"email"`
	Responders []datadog.User `json:"responders,omitempty"`
	// Escalations are the people of each step of the escalation policy, in order.
	Escalations [][]datadog.User `json:"escalations,omitempty"`
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

func people(users []datadog.User) []datadog.User {
	return slices.DeleteFunc(slices.Clone(users), func(u datadog.User) bool { return u == datadog.User{} })
}

// What an event shows at most.
const (
	maxPeople = 5
	maxSteps  = 3
	maxFact   = 1000 // Characters.
)

func newFinding(d Data) enrich.Finding {
	now := cmp.Or(summary(d.Responders), "no one")
	lead, repeated := enrich.NewLead(enrich.Lead{Answer: enrich.OnCall, Text: now})
	facts := enrich.Facts{
		{Name: "Team", Value: enrich.NameAndID(d.TeamName, d.Team)},
		{Name: "On call now", Value: now, Lead: repeated},
	}
	for i, step := range d.Escalations[:min(len(d.Escalations), maxSteps)] {
		facts = append(facts, enrich.Fact{Name: fmt.Sprintf("Escalation %d", i+1), Value: summary(step)})
	}
	if next := slices.IndexFunc(facts, func(f enrich.Fact) bool { return f.Lead == "" && f.Name != "Team" && f.Value != now && f.Value != "" }); next > 0 {
		both := enrich.Lead{Answer: enrich.OnCall, Text: now + ", then " + facts[next].Value}
		if both, repeated := enrich.NewLead(both); repeated != "" {
			lead, facts[next].Lead = both, repeated
		}
	}
	return enrich.Finding{Title: "On call", Weight: enrich.Important, Blocks: []enrich.Block{facts.Known(maxFact)}, Data: d, Lead: []enrich.Lead{lead}}
}

// summary names people: "Ada Lovelace (ada@example.com), bob@example.com".
func summary(people []datadog.User) string {
	names := make([]string, len(people))
	for i, p := range people {
		names[i] = enrich.NameAndID(p.Name, p.Email)
	}
	return enrich.Join(names, ", ", maxPeople)
}
