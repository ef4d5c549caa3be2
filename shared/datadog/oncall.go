package datadog

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"boomerang/shared/fault"
)

// Team is a team of the organisation.
type Team struct {
	ID     string // A UUID.
	Handle string // As in the tag "team".
	Name   string
}

// maxTeams is how many teams one answer may hold
// (https://docs.datadoghq.com/api/latest/teams/#get-all-teams).
const maxTeams = 100

// Team returns the team with the handle, or else the one whose name it is, among
// the first 100 that Datadog finds for it. It needs the permission teams_read.
// Where there is none, the error is Refused and its *Error has the status 404.
//
// https://docs.datadoghq.com/api/latest/teams/#get-all-teams
func (c *Client) Team(ctx context.Context, handle string) (Team, error) {
	var answer wireTeams
	list := call{
		op: "get the team", permission: "teams_read", method: http.MethodGet, path: "/api/v2/team",
		query: url.Values{
			"filter[keyword]": {handle}, "fields[team]": {"id,name,handle"},
			"page[size]": {strconv.Itoa(maxTeams)}, "page[number]": {"0"},
		},
	}
	if err := c.read(ctx, list, &answer); err != nil {
		return Team{}, err
	}
	for _, called := range []func(teamFields) string{
		func(t teamFields) string { return t.Handle },
		func(t teamFields) string { return t.Name },
	} {
		for _, team := range answer.Data {
			if strings.EqualFold(called(team.Attributes), handle) && team.ID != "" {
				return Team{ID: team.ID, Handle: team.Attributes.Handle, Name: team.Attributes.Name}, nil
			}
		}
	}
	return Team{}, fault.NewRedacted(fault.Permanent, "Datadog has no team ", strconv.Quote(handle), "", &Error{Op: list.op, Status: http.StatusNotFound})
}

type teamFields struct {
	Handle string `json:"handle"`
	Name   string `json:"name"`
}

type wireTeams struct {
	Data []struct {
		ID         string     `json:"id"`
		Attributes teamFields `json:"attributes"`
	} `json:"data"`
}

func (w *wireTeams) complete() bool { return w.Data != nil }

// User is a person. Name may be empty.
type User struct {
	ID    string
	Name  string
	Email string
}

// OnCall says whom a page to a team reaches now.
type OnCall struct {
	// Responders are on call now.
	Responders []User
	// Escalations are whom each step of the escalation policy reaches, in order.
	Escalations [][]User
}

// OnCall returns who is on call for the team with the id. It needs the permission
// on_call_read. Government sites of Datadog may be without On-Call.
//
// https://docs.datadoghq.com/api/latest/on-call/#get-team-on-call-users
func (c *Client) OnCall(ctx context.Context, teamID string) (OnCall, error) {
	var answer wireOnCall
	get := call{
		op: "get who is on call", permission: "on_call_read", method: http.MethodGet,
		path:  "/api/v2/on-call/teams/" + url.PathEscape(teamID) + "/on-call",
		query: url.Values{"include": {"responders,escalations.responders"}},
	}
	if !isSegment(teamID) {
		return OnCall{}, fault.New(fault.Permanent, fmt.Sprintf("a team has no id such as %q; it is a UUID", teamID), &Error{Op: get.op})
	}
	if err := c.read(ctx, get, &answer); err != nil {
		return OnCall{}, err
	}
	return answer.onCall(), nil
}

type wireOnCall struct {
	Data struct {
		ID            string `json:"id"`
		Relationships struct {
			Responders  references `json:"responders"`
			Escalations references `json:"escalations"`
		} `json:"relationships"`
	} `json:"data"`
	Included []wireResponder `json:"included"`
}

// references are resources that another one points to.
type references struct {
	Data []reference `json:"data"`
}

// wireResponder is a user, or a step of the escalation policy.
type wireResponder struct {
	reference
	Attributes    userFields `json:"attributes"`
	Relationships struct {
		Responders references `json:"responders"`
	} `json:"relationships"`
}

type userFields struct {
	Name   string `json:"name"`
	Email  string `json:"email"`
	Handle string `json:"handle"`
}

func (f userFields) user(id string) User {
	return User{ID: id, Name: f.Name, Email: cmp.Or(f.Email, f.Handle)}
}

func (w *wireOnCall) complete() bool { return w.Data.ID != "" }

func (w *wireOnCall) onCall() OnCall {
	all := OnCall{Responders: w.users(w.Data.Relationships.Responders)}
	for _, step := range w.Data.Relationships.Escalations.Data {
		if i := w.included(step); i >= 0 {
			all.Escalations = append(all.Escalations, w.users(w.Included[i].Relationships.Responders))
		}
	}
	return all
}

// users leaves out those of whom the answer has nothing but the id.
func (w *wireOnCall) users(to references) []User {
	var users []User
	for _, ref := range to.Data {
		if i := w.included(ref); i >= 0 {
			users = append(users, w.Included[i].Attributes.user(ref.ID))
		}
	}
	return users
}

func (w *wireOnCall) included(ref reference) int {
	return slices.IndexFunc(w.Included, func(r wireResponder) bool { return r.reference == ref })
}
