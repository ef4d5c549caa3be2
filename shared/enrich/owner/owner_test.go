package owner

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/enrichtest"
	"boomerang/shared/fakedatadog"
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
				Kind:     Kind,
				Alert:    checkout,
				Seed:     seed,
				NotFound: `Datadog's Software Catalog has no service "checkout": add it or correct the service tag`,
			})
		})
	}
}

func enriched(t *testing.T, s datadog.Service) enrich.Finding {
	t.Helper()
	return enrichtest.Find(t, newStep(func(context.Context, string) (datadog.Service, error) { return s, nil }, Config{}), checkout)
}

func TestEnrich(t *testing.T) {
	got := enriched(t, datadog.Service{
		Name: "checkout", DisplayName: "Checkout", Description: " Takes the money. ", Owner: "shop", OtherOwners: []string{"payments"},
		Tier: "1", Lifecycle: "production", DependsOn: []string{"service:payments", "datastore:orders"},
		Contacts: []datadog.Contact{
			{Type: "slack", Contact: "@slack-shop"},
			{Name: "Support", Type: "Email", Contact: "shop@example.com"},
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
	enrichtest.Equal(t, got, enrich.Finding{
		Title: "Owner", Weight: enrich.Important,
		Lead: []enrich.Lead{
			{Answer: enrich.Owner, Text: "team shop, tier 1, service Checkout (checkout)"},
			{Answer: enrich.Runbook, Text: "Restart", URL: "https://wiki.example.com/restart"},
		},
		Blocks: []enrich.Block{
			enrich.Facts{
				{Name: "Service", Value: "Checkout (checkout)", Lead: enrich.Owner},
				{Name: "Team", Value: "shop", Lead: enrich.Owner},
				{Name: "Other owners", Value: "payments"},
				{Name: "Tier", Value: "1", Lead: enrich.Owner},
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
	}, `{"service":"checkout","display_name":"Checkout","description":" Takes the money. ","team":"shop","tier":"1","lifecycle":"production",`+
		`"email":"shop@example.com","slack":"@slack-shop","runbook":"https://wiki.example.com/restart","pagerduty":"https://example.pagerduty.com/service-directory/P1","opsgenie":"",`+
		`"other_owners":["payments"],"depends_on":["service:payments","datastore:orders"],"contacts":[{"type":"slack","contact":"@slack-shop"},`+
		`{"type":"Email","name":"Support","contact":"shop@example.com"},{"type":"email","name":"Email","contact":"second@example.com"},`+
		`{"type":"microsoft-teams","contact":"https://teams.example.com/shop"}],"links":[{"type":"runbook","name":"Restart","url":"https://wiki.example.com/restart"},`+
		`{"type":"dashboard","url":"https://app.example.com/dashboard/1"},{"type":"doc","name":"Architecture","url":"https://wiki.example.com/a"},`+
		`{"type":"repo","name":"Source","url":"https://git.example.com/checkout"}]}`)
}

func TestEnrich_NoTeam(t *testing.T) {
	got := enriched(t, datadog.Service{Name: "checkout", DisplayName: "checkout"})
	enrichtest.Blocks(t, got, enrich.Facts{{Name: "Service", Value: "checkout", Lead: enrich.Owner}, {Name: "Team", Value: "none in the Software Catalog", Lead: enrich.Owner}})
}

func TestEnrich_Limits(t *testing.T) {
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

func TestEnrich_Service(t *testing.T) {
	for config, want := range map[string]string{"": "checkout", " cart ": "cart"} {
		asked := ""
		enrichtest.Find(t, newStep(func(_ context.Context, name string) (datadog.Service, error) {
			asked = name
			return datadog.Service{}, nil
		}, Config{Service: config}), checkout)
		if asked != want {
			t.Errorf("%q: asked for %q; want %q", config, asked, want)
		}
	}
}
