package owner

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/enrichtest"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/fault"
)

var checkout = alert.Alert{Tags: alert.Tags{"monitor", "service:checkout", "service:cart"}}

func TestConformance(t *testing.T) {
	for name, seed := range map[string]func(*fakedatadog.Server){
		"catalog": func(s *fakedatadog.Server) {
			s.AddEntity(fakedatadog.Entity{Metadata: fakedatadog.EntityMetadata{
				Name: "checkout", Owner: "shop", Links: []fakedatadog.Link{{Name: "Restart", Type: "runbook", URL: "https://wiki.example.com/restart"}},
			}})
		},
		"definition": func(s *fakedatadog.Server) {
			s.AddServiceDefinition(fakedatadog.ServiceDefinition{Service: "checkout", Team: "shop"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			enrichtest.Conformance(t, enrichtest.Case{
				New:        func(client *datadog.Client) enrich.Step { return New(client, Config{}) },
				Permission: Permission,
				Alert:      checkout,
				Seed:       seed,
				NotFound:   `Datadog's Software Catalog has no service "checkout": define it there, or correct the service tag`,
			})
		})
	}
}

type sourceFunc func(context.Context, string) (datadog.Service, error)

func (f sourceFunc) Service(ctx context.Context, name string) (datadog.Service, error) {
	return f(ctx, name)
}

func enriched(t *testing.T, s datadog.Service) enrich.Finding {
	t.Helper()
	step := New(sourceFunc(func(context.Context, string) (datadog.Service, error) { return s, nil }), Config{})
	f, err := step.Enrich(t.Context(), checkout)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestEnrich_tells_all_that_the_catalog_knows(t *testing.T) {
	got := enriched(t, datadog.Service{
		Name: "checkout", DisplayName: "Checkout", Description: " Takes the money. ", Owner: "shop", OtherOwners: []string{"payments"},
		Tier: "1", Lifecycle: "production", DependsOn: []string{"service:payments", "datastore:orders"},
		Contacts: []datadog.Contact{
			{Type: "slack", Contact: "@slack-shop"},
			{Name: "Support", Type: "email", Contact: "shop@example.com"},
			{Name: "Email", Type: "email", Contact: "second@example.com"},
			{Type: "microsoft-teams", Contact: "https://teams.example.com/shop"},
			{Type: "email"},
		},
		Links: []datadog.ServiceLink{
			{Name: "Source", Type: "repo", URL: "https://git.example.com/checkout"},
			{Name: "Architecture", Type: "doc", URL: "https://wiki.example.com/a"},
			{Type: "dashboard", URL: "https://app.example.com/dashboard/1"},
			{Name: "Restart", Type: "Runbook", URL: "https://wiki.example.com/restart"},
			{Name: "Bad", Type: "runbook", URL: "javascript:alert(1)"},
			{Name: "Password", Type: "runbook", URL: "https://me:secret@wiki.example.com/"},
		},
		PagerDuty: "https://example.pagerduty.com/service-directory/P1", Opsgenie: "not an address",
	})
	want := enrich.Finding{
		Title: "Owner", Weight: enrich.Important,
		Blocks: []enrich.Block{
			enrich.Facts{
				{Name: "Service", Value: "Checkout (checkout)"},
				{Name: "Team", Value: "shop"},
				{Name: "Other owners", Value: "payments"},
				{Name: "Tier", Value: "1"},
				{Name: "Lifecycle", Value: "production"},
				{Name: "Slack", Value: "@slack-shop"},
				{Name: "Email (Support)", Value: "shop@example.com"},
				{Name: "Email", Value: "second@example.com"},
				{Name: "Microsoft teams", Value: "https://teams.example.com/shop"},
				{Name: "Depends on", Value: "service:payments, datastore:orders"},
			},
			enrich.Links{
				{Kind: "runbook", Title: "Restart", URL: "https://wiki.example.com/restart"},
				{Kind: "dashboard", Title: "dashboard", URL: "https://app.example.com/dashboard/1"},
				{Kind: "documentation", Title: "Architecture", URL: "https://wiki.example.com/a"},
				{Title: "Source", URL: "https://git.example.com/checkout"},
				{Title: "PagerDuty", URL: "https://example.pagerduty.com/service-directory/P1"},
			},
			enrich.Paragraph("Takes the money."),
		},
		Data: Data{
			Service: "checkout", DisplayName: "Checkout", Description: " Takes the money. ", Team: "shop", Tier: "1", Lifecycle: "production",
			Email: "shop@example.com", Slack: "@slack-shop", Runbook: "https://wiki.example.com/restart",
			PagerDuty: "https://example.pagerduty.com/service-directory/P1", OtherOwners: []string{"payments"},
			DependsOn: []string{"service:payments", "datastore:orders"},
			Contacts: []Contact{
				{"slack", "", "@slack-shop"},
				{"email", "Support", "shop@example.com"},
				{"email", "Email", "second@example.com"},
				{"microsoft-teams", "", "https://teams.example.com/shop"},
			},
			Links: []Link{
				{"runbook", "Restart", "https://wiki.example.com/restart"},
				{"dashboard", "", "https://app.example.com/dashboard/1"},
				{"doc", "Architecture", "https://wiki.example.com/a"},
				{"repo", "Source", "https://git.example.com/checkout"},
			},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("finding (-want +got):\n%s", diff)
	}
}

func TestEnrich_says_that_no_team_is_named(t *testing.T) {
	want := []enrich.Block{enrich.Facts{{Name: "Service", Value: "checkout"}, {Name: "Team", Value: "none is named in the Software Catalog"}}}
	if diff := cmp.Diff(want, enriched(t, datadog.Service{Name: "checkout", DisplayName: "checkout"}).Blocks); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
}

func TestEnrich_long_lists_make_no_long_finding(t *testing.T) {
	s := datadog.Service{Name: "checkout", Description: strings.Repeat("é", 1000)}
	for i := range 50 {
		s.DependsOn = append(s.DependsOn, fmt.Sprint("service:", i))
		s.Contacts = append(s.Contacts, datadog.Contact{Contact: "somebody"})
		s.Links = append(s.Links, datadog.ServiceLink{URL: fmt.Sprint("https://example.com/", i)})
	}
	got := enriched(t, s)
	facts, links, text := got.Blocks[0].(enrich.Facts), got.Blocks[1].(enrich.Links), got.Blocks[2].(enrich.Paragraph)
	if len(facts) != 2+maxContacts+1 || !strings.HasSuffix(facts[len(facts)-1].Value, "service:7 and 42 more") {
		t.Errorf("facts: %+v", facts)
	}
	if len(links) != maxLinks || len([]rune(string(text))) != maxDescription || !strings.HasSuffix(string(text), "é…") {
		t.Errorf("got %d links and %q", len(links), text)
	}
}

func TestEnrich_asks_for(t *testing.T) {
	for _, tt := range []struct {
		name   string
		config Config
		a      alert.Alert
		want   string
		skip   string
	}{
		{name: "the_first_service_tag", a: checkout, want: "checkout"},
		{name: "the_service_of_the_group_before_the_tags", a: alert.Alert{Scope: "service:cart", Tags: checkout.Tags}, want: "cart"},
		{name: "what_the_playbook_says", config: Config{Service: " cart "}, a: checkout, want: "cart"},
		{name: "nothing_without_a_tag", a: alert.Alert{Tags: alert.Tags{"team:shop"}}, skip: "the alert has no service tag"},
		{
			name: "nothing_that_is_no_tag", a: alert.Alert{Tags: alert.Tags{"service:" + strings.Repeat("a", 1<<20)}},
			skip: "the alert's service tag is longer than any that Datadog takes",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			asked := ""
			_, err := New(sourceFunc(func(_ context.Context, name string) (datadog.Service, error) {
				asked = name
				return datadog.Service{}, nil
			}), tt.config).Enrich(t.Context(), tt.a)
			if asked != tt.want || fault.Public(err) != tt.skip {
				t.Errorf("asked for %q, error %v; want %q and %q", asked, err, tt.want, tt.skip)
			}
		})
	}
}

// TestData_as_playbooks_see_it holds the names that playbooks rely on.
func TestData_as_playbooks_see_it(t *testing.T) {
	text, err := json.Marshal(enriched(t, datadog.Service{
		Name: "checkout", Owner: "shop", Contacts: []datadog.Contact{{Type: "Email", Contact: "shop@example.com"}},
		Links: []datadog.ServiceLink{{Type: "runbook", URL: "https://wiki.example.com"}},
	}).Data)
	want := `{"service":"checkout","display_name":"","description":"","team":"shop","tier":"","lifecycle":"","email":"shop@example.com","slack":"",` +
		`"runbook":"https://wiki.example.com","pagerduty":"","opsgenie":"","contacts":[{"type":"Email","contact":"shop@example.com"}],` +
		`"links":[{"type":"runbook","url":"https://wiki.example.com"}]}`
	if diff := cmp.Diff(want, string(text)); err != nil || diff != "" {
		t.Errorf("JSON (-want +got):\n%s%v", diff, err)
	}
}
