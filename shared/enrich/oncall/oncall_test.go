package oncall

import (
	"context"
	"net/http"
	"testing"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/enrichtest"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/fault"
)

var shop = alert.Alert{Tags: alert.Tags{"monitor", "team:shop"}}

func TestConformance(t *testing.T) {
	enrichtest.Conformance(t, enrichtest.Case{
		Kind:  Kind,
		Alert: shop,
		Seed: func(s *fakedatadog.Server) {
			s.AddTeam(fakedatadog.Team{
				Handle: "shop", Name: "Shop", OnCall: []fakedatadog.Person{{Name: "Ada", Email: "ada@example.com"}},
				Escalations: [][]fakedatadog.Person{{{Name: "Bob", Email: "bob@example.com"}}},
			})
		},
		NotFound: `Datadog has no team "shop": correct the team tag or create the team`,
	})
}

// source is a Source made of values.
type source struct {
	now       datadog.OnCall
	onCallErr error

	handle, teamID string // Of the last calls.
}

func (s *source) Team(_ context.Context, handle string) (datadog.Team, error) {
	s.handle = handle
	return datadog.Team{ID: "7", Handle: "shop", Name: "Shop"}, nil
}

func (s *source) OnCall(_ context.Context, teamID string) (datadog.OnCall, error) {
	s.teamID = teamID
	return s.now, s.onCallErr
}

func TestEnrich_OnCallError(t *testing.T) {
	refused := fault.New(fault.Permanent, "no permission", &datadog.Error{Status: http.StatusForbidden})
	for want, cause := range map[string]error{
		`the team "shop" has no On-Call in Datadog`: fault.New(fault.Permanent, "404", &datadog.Error{Status: http.StatusNotFound}),
		"no permission": refused,
	} {
		if _, err := newStep(&source{onCallErr: cause}, Config{}).Enrich(t.Context(), shop); fault.Public(err) != want {
			t.Errorf("got %q, want %q", fault.Public(err), want)
		}
	}
}

func TestEnrich(t *testing.T) {
	ada, bob := datadog.User{Name: "Ada", Email: "ada@example.com"}, datadog.User{Email: "bob@example.com"}
	s := &source{now: datadog.OnCall{
		Responders:  []datadog.User{ada, bob, {}},
		Escalations: [][]datadog.User{nil, {bob, {Name: "Cid"}}, {ada}},
	}}
	got := enrichtest.Find(t, newStep(s, Config{Team: "pay"}), shop)
	if s.handle != "pay" || s.teamID != "7" {
		t.Errorf("read team %q and on-call of %q", s.handle, s.teamID)
	}
	const adaJSON, bobJSON = `{"name":"Ada","email":"ada@example.com"}`, `{"name":"","email":"bob@example.com"}`
	enrichtest.Equal(t, got, enrich.Finding{
		Title: "On call", Weight: enrich.Important,
		Lead: []enrich.Lead{{Answer: enrich.OnCall, Text: "Ada (ada@example.com), bob@example.com, then bob@example.com, Cid"}},
		Blocks: []enrich.Block{enrich.Facts{
			{Name: "Team", Value: "Shop (shop)"},
			{Name: "On call now", Value: "Ada (ada@example.com), bob@example.com", Lead: enrich.OnCall},
			{Name: "Escalation 2", Value: "bob@example.com, Cid", Lead: enrich.OnCall},
			{Name: "Escalation 3", Value: "Ada (ada@example.com)"},
		}},
	}, `{"team":"shop","team_id":"7","team_name":"Shop","name":"Ada","email":"ada@example.com","responders":[`+adaJSON+`,`+bobJSON+`],`+
		`"escalations":[null,[`+bobJSON+`,{"name":"Cid","email":""}],[`+adaJSON+`]]}`)
}

func TestEnrich_Limits(t *testing.T) {
	bobs := make([]datadog.User, maxPeople+2)
	for i := range bobs {
		bobs[i].Name = "Bob"
	}
	got := enrichtest.Find(t, newStep(&source{now: datadog.OnCall{Responders: bobs, Escalations: [][]datadog.User{bobs, bobs, bobs, bobs}}}, Config{}), shop)
	facts := got.Blocks[0].(enrich.Facts)
	if len(facts) != 2+maxSteps || facts[4].Value != "Bob, Bob, Bob, Bob, Bob and 2 more" {
		t.Errorf("got %+v", facts)
	}
}

func TestEnrich_NoResponder(t *testing.T) {
	enrichtest.Blocks(t, enrichtest.Find(t, newStep(&source{}, Config{}), shop), enrich.Facts{{Name: "Team", Value: "Shop (shop)"}, {Name: "On call now", Value: "no one", Lead: enrich.OnCall}})
}
