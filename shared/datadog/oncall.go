package datadog

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"boomerang/shared/fault"
)

// Team is a team of the organization.
type Team struct {
	ID     string // A UUID.
	Handle string // As in the tag "team".
	Name   string
}

// maxTeams is the largest page
// (https://docs.datadoghq.com/api/latest/teams/#get-all-teams).
const maxTeams = 100

// Team returns the team with the handle, or else the one with that name, among the first 100 that
// Datadog finds. IsNotFound is true of the error when there is none.
// https://docs.datadoghq.com/api/latest/teams/#get-all-teams
func (c *Client) Team(ctx context.Context, handle string) (Team, error) {
	search := get("get the team", "teams_read", "/api/v2/team", values(
		"filter[keyword]", handle, "fields[team]", "id,name,handle", "page[size]", strconv.Itoa(maxTeams), "page[number]", "0",
	))
	teams, err := readEach(ctx, c, search, "data", team)
	if err != nil {
		return Team{}, err
	}
	var named Team
	for _, team := range teams {
		switch {
		case team.ID == "":
		case strings.EqualFold(team.Handle, handle):
			return team, nil
		case strings.EqualFold(team.Name, handle) && named.ID == "":
			named = team
		}
	}
	if named.ID == "" {
		return Team{}, fault.NewRedacted(fault.Permanent, "Datadog has no team ", strconv.Quote(handle), "", &Error{Op: search.op, Status: http.StatusNotFound})
	}
	return named, nil
}

type teamFields struct{ Handle, Name string }

func team(r resource[teamFields]) Team {
	return Team{ID: r.ID, Handle: r.Attributes.Handle, Name: r.Attributes.Name}
}

// User is a person of the organization. Name or Email may be empty. Playbooks see it.
type User struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

type userFields struct{ Name, Email, Handle string }

func user(r resource[userFields]) User {
	return User{Name: r.Attributes.Name, Email: cmp.Or(r.Attributes.Email, r.Attributes.Handle)}
}

// users returns the users that refs name. A response may lack some of them.
func users(all []resource[userFields], refs references) []User {
	return each(included(all, refs), user)
}

// OnCall is who a page to a team reaches now.
type OnCall struct {
	Responders  []User
	Escalations [][]User // By step of the escalation policy.
}

// OnCall returns who is on call for the team with the id. Government sites may not have On-Call.
// https://docs.datadoghq.com/api/latest/on-call/#get-team-on-call-users
func (c *Client) OnCall(ctx context.Context, teamID string) (OnCall, error) {
	get := get("get who is on call", "on_call_read", "/api/v2/on-call/teams/"+url.PathEscape(teamID)+"/on-call",
		values("include", "responders,escalations.responders"))
	if !isSegment(teamID) {
		return OnCall{}, fault.New(fault.Permanent, fmt.Sprintf("invalid team id %q; it must be a UUID", teamID), &Error{Op: get.op})
	}
	return read(ctx, c, get, onCallResponse.onCall)
}

type onCallResponse struct {
	Data     resource[struct{}]
	Included []resource[userFields] // Users, and steps of the escalation policy.
}

func (r onCallResponse) onCall() (OnCall, bool) {
	all := OnCall{Responders: users(r.Included, r.Data.Relationships["responders"].Data)}
	for _, step := range included(r.Included, r.Data.Relationships["escalations"].Data) {
		all.Escalations = append(all.Escalations, users(r.Included, step.Relationships["responders"].Data))
	}
	return all, r.Data.ID != ""
}
