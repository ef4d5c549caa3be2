package oncall

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/enrichtest"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/fault"
	"boomerang/shared/site"
)

var shop = alert.Alert{Tags: alert.Tags{"monitor", "team:shop"}}

func seed(s *fakedatadog.Server) {
	s.AddTeam(fakedatadog.Team{
		Handle: "shop", Name: "Shop", OnCall: []fakedatadog.Person{{Name: "Ada", Email: "ada@example.com"}},
		Escalations: [][]fakedatadog.Person{{{Name: "Bob", Email: "bob@example.com"}}},
	})
}

func TestConformance(t *testing.T) {
	enrichtest.Conformance(t, enrichtest.Case{
		New:        func(client *datadog.Client) enrich.Step { return New(client, Config{}) },
		Permission: "teams_read",
		Alert:      shop,
		Seed:       seed,
		NotFound:   `Datadog has no team "shop": correct the team tag, or create the team`,
	})
}

type keys struct{}

func (keys) Keys(context.Context) (datadog.Keys, error) {
	return datadog.Keys{API: fakedatadog.DefaultAPIKey, App: fakedatadog.DefaultAppKey}, nil
}

func (k keys) Renew(ctx context.Context, _ datadog.Keys) (datadog.Keys, error) { return k.Keys(ctx) }

// TestEnrich_the_second_call_fails shows what the suite, which breaks the first, cannot.
func TestEnrich_the_second_call_fails(t *testing.T) {
	for m, want := range map[fakedatadog.Fault]string{
		fakedatadog.Forbidden:   "on_call_read",
		fakedatadog.RateLimited: "rate limit",
		fakedatadog.Corrupt:     "could not be read",
		fakedatadog.Status(404): `the team "shop" has no On-Call in Datadog`,
		fakedatadog.Status(503): "503",
		fakedatadog.Reset:       "could not be reached",
		fakedatadog.Truncate:    "could not be read",
		fakedatadog.Empty:       "could not be read",
		"rate-limited:30s":      "30s",
		fakedatadog.Status(401): "on_call_read",
	} {
		t.Run(string(m), func(t *testing.T) {
			server := fakedatadog.New(fakedatadog.Options{})
			seed(server)
			if err := server.Inject(fakedatadog.TeamOnCallGet, m, 0); err != nil {
				t.Fatal(err)
			}
			web := httptest.NewServer(server)
			defer web.Close()
			client, err := datadog.New(datadog.Config{Site: site.US1, BaseURL: web.URL}, keys{})
			if err != nil {
				t.Fatal(err)
			}
			_, err = New(client, Config{}).Enrich(t.Context(), shop)
			if !strings.Contains(fault.Public(err), want) {
				t.Errorf("people are told %q, want it to say %q", fault.Public(err), want)
			}
		})
	}
}

// source is a Source made of values.
type source struct {
	asked *string
	team  datadog.Team
	now   datadog.OnCall
	err   error
}

func (s source) Team(_ context.Context, handle string) (datadog.Team, error) {
	*s.asked = handle
	return s.team, s.err
}

func (s source) OnCall(context.Context, string) (datadog.OnCall, error) { return s.now, nil }

func enriched(t *testing.T, now datadog.OnCall) enrich.Finding {
	t.Helper()
	f, err := New(source{new(string), datadog.Team{ID: "7", Handle: "shop", Name: "Shop"}, now, nil}, Config{}).Enrich(t.Context(), shop)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestEnrich_tells_who_is_on_call_and_who_comes_next(t *testing.T) {
	ada, bob := datadog.User{ID: "1", Name: "Ada", Email: "ada@example.com"}, datadog.User{ID: "2", Email: "bob@example.com"}
	many := []datadog.User{ada, bob, ada, bob, ada, bob, ada}
	got := enriched(t, datadog.OnCall{
		Responders:  []datadog.User{ada, bob, {ID: "3"}},
		Escalations: [][]datadog.User{nil, {bob, {Name: "Cid"}}, many, {ada}},
	})
	want := enrich.Finding{
		Title: "On call", Weight: enrich.Important,
		Blocks: []enrich.Block{enrich.Facts{
			{Name: "Team", Value: "Shop (shop)"},
			{Name: "On call now", Value: "Ada (ada@example.com), bob@example.com"},
			{Name: "Escalation 2", Value: "bob@example.com, Cid"},
			{Name: "Escalation 3", Value: "Ada (ada@example.com), bob@example.com, Ada (ada@example.com), bob@example.com, Ada (ada@example.com), 2 more"},
		}},
		Data: Data{
			Team: "shop", TeamID: "7", TeamName: "Shop", Name: "Ada", Email: "ada@example.com",
			Responders:  []Person{{"Ada", "ada@example.com"}, {"", "bob@example.com"}},
			Escalations: [][]Person{nil, {{"", "bob@example.com"}, {"Cid", ""}}, people(many), {{"Ada", "ada@example.com"}}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("finding (-want +got):\n%s", diff)
	}
}

func TestEnrich_says_that_nobody_is_on_call(t *testing.T) {
	want := []enrich.Block{enrich.Facts{{Name: "Team", Value: "Shop (shop)"}, {Name: "On call now", Value: "nobody"}}}
	if diff := cmp.Diff(want, enriched(t, datadog.OnCall{}).Blocks); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
}

func TestEnrich_asks_for(t *testing.T) {
	for _, tt := range []struct {
		name       string
		config     Config
		a          alert.Alert
		want, skip string
	}{
		{name: "the_team_tag", a: shop, want: "shop"},
		{name: "what_the_playbook_says", config: Config{Team: "pay"}, a: shop, want: "pay"},
		{name: "nothing_without_a_tag", a: alert.Alert{Tags: alert.Tags{"service:x"}}, skip: "the alert has no team tag"},
		{
			name: "nothing_that_is_no_tag", a: alert.Alert{Tags: alert.Tags{"team:" + strings.Repeat("a", 1<<20)}},
			skip: "the alert's team tag is longer than any that Datadog takes",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			asked := ""
			_, err := New(source{asked: &asked}, tt.config).Enrich(t.Context(), tt.a)
			if asked != tt.want || fault.Public(err) != tt.skip {
				t.Errorf("asked for %q, error %v; want %q and %q", asked, err, tt.want, tt.skip)
			}
		})
	}
}

func TestEnrich_other_failures_come_through(t *testing.T) {
	for _, cause := range []error{errors.New("broken"), fault.New(fault.Permanent, "no", &datadog.Error{Status: http.StatusForbidden})} {
		if _, err := New(source{asked: new(string), err: cause}, Config{}).Enrich(t.Context(), shop); !errors.Is(err, cause) {
			t.Errorf("error %v, want %v", err, cause)
		}
	}
}

// TestData_as_playbooks_see_it holds the names that playbooks rely on.
func TestData_as_playbooks_see_it(t *testing.T) {
	ada := []datadog.User{{ID: "1", Name: "Ada", Email: "ada@example.com"}}
	text, err := json.Marshal(enriched(t, datadog.OnCall{Responders: ada, Escalations: [][]datadog.User{ada}}).Data)
	want := `{"team":"shop","team_id":"7","team_name":"Shop","name":"Ada","email":"ada@example.com",` +
		`"responders":[{"name":"Ada","email":"ada@example.com"}],"escalations":[[{"name":"Ada","email":"ada@example.com"}]]}`
	if diff := cmp.Diff(want, string(text)); err != nil || diff != "" {
		t.Errorf("JSON (-want +got):\n%s%v", diff, err)
	}
}
