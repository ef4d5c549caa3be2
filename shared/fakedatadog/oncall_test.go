package fakedatadog_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fakedatadog"
)

var (
	ada = fakedatadog.Person{Name: "Ada", Email: "ada@example.com"}
	bob = fakedatadog.Person{Name: "Bob", Email: "bob@example.com"}
)

func TestTeams_List(t *testing.T) {
	s := newServer()
	s.AddTeam(fakedatadog.Team{Handle: "shop", OnCall: []fakedatadog.Person{{Email: "old@example.com"}}})
	id := s.AddTeam(fakedatadog.Team{Handle: "shop", Name: "The store", OnCall: []fakedatadog.Person{ada}})
	s.AddTeam(fakedatadog.Team{Handle: "pay", Name: "Payments", Escalations: [][]fakedatadog.Person{{bob}}})
	s.AddTeam(fakedatadog.Team{Handle: "ops"})
	for query, want := range map[string][]string{
		"":                                      {"shop", "pay", "ops"},
		"?filter%5Bkeyword%5D=STORE":            {"shop"},
		"?filter%5Bkeyword%5D=bob@":             {"pay"},
		"?filter%5Bkeyword%5D=none":             nil,
		"?page%5Bsize%5D=1&page%5Bnumber%5D=1":  {"pay"},
		"?page%5Bsize%5D=2&page%5Bnumber%5D=1":  {"ops"},
		"?page%5Bsize%5D=2&page%5Bnumber%5D=99": nil,
		"?fields%5Bteam%5D=id,handle":           {"shop", "pay", "ops"},
	} {
		var got []string
		body := ask(t, s, "GET", "/api/v2/team"+query, "").mustBe(t, 200).body
		for _, team := range dataOf[struct{ Attributes fakedatadog.Team }](t, body) {
			got = append(got, team.Attributes.Handle)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	body := ask(t, s, "GET", "/api/v2/team?fields%5Bteam%5D=id,name,handle&filter%5Bkeyword%5D=shop", "").body
	if want := `"data":[{"attributes":{"handle":"shop","name":"The store"},"id":"` + id + `","type":"team"}]`; !strings.Contains(body, want) {
		t.Errorf("%s lacks %s", body, want)
	}
	ask(t, s, "GET", "/api/v2/team?page%5Bsize%5D=101", "").mustBe(t, 400)
	ask(t, s, "GET", "/api/v2/team?page%5Bnumber%5D=x", "").mustBe(t, 400)
}

func TestTeams_OnCall(t *testing.T) {
	s := newServer()
	id := s.AddTeam(fakedatadog.Team{Handle: "shop", OnCall: []fakedatadog.Person{ada}, Escalations: [][]fakedatadog.Person{{ada, bob}, {bob}}})
	path := "/api/v2/on-call/teams/" + id + "/on-call"
	for include, want := range map[string][]string{
		"":                     nil,
		"?include=responders":  {"users ada@example.com"},
		"?include=escalations": {"escalation_policy_steps ", "escalation_policy_steps "},
		"?include=responders,escalations.responders": {
			"users ada@example.com", "escalation_policy_steps ", "users bob@example.com", "escalation_policy_steps ",
		},
	} {
		body := decode[struct {
			Data struct {
				Relationships struct {
					Responders, Escalations struct{ Data []struct{ ID string } }
				}
			}
			Included []struct {
				Type          string
				Attributes    fakedatadog.Person
				Relationships struct {
					Responders struct{ Data []struct{ ID string } }
				}
			}
		}](t, ask(t, s, "GET", path+include, "").mustBe(t, 200).body)
		var got []string
		for _, resource := range body.Included {
			got = append(got, resource.Type+" "+resource.Attributes.Email)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s includes (-want +got):\n%s", include, diff)
		}
		if r := body.Data.Relationships; len(r.Responders.Data) != 1 || len(r.Escalations.Data) != 2 {
			t.Errorf("%s relates to %+v", include, r)
		}
	}
	ask(t, s, "GET", "/api/v2/on-call/teams/unknown/on-call", "").mustBe(t, 404)
}
