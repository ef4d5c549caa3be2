package incidents

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/enrichtest"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/fault"
)

func TestConformance(t *testing.T) {
	for name, a := range map[string]alert.Alert{
		"by_service": {Tags: alert.Tags{"service:checkout", "team:shop"}},
		"by_team":    {Tags: alert.Tags{"team:shop"}},
	} {
		t.Run(name, func(t *testing.T) {
			enrichtest.Conformance(t, enrichtest.Case{
				New:        func(client *datadog.Client) enrich.Step { return New(client, Config{}) },
				Permission: Permission,
				Alert:      a,
				Seed: func(s *fakedatadog.Server) {
					s.AddIncident(fakedatadog.Incident{Title: "Checkout fails", Services: []string{"checkout"}, Teams: []string{"shop"}})
				},
			})
		})
	}
}

type sourceFunc func(ctx context.Context, query string, size int) (datadog.Incidents, error)

func (f sourceFunc) Incidents(ctx context.Context, query string, size int) (datadog.Incidents, error) {
	return f(ctx, query, size)
}

var (
	noon     = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	checkout = alert.Alert{Tags: alert.Tags{"service:checkout"}}
)

func enriched(t *testing.T, incidents datadog.Incidents) enrich.Finding {
	t.Helper()
	f, err := New(sourceFunc(func(context.Context, string, int) (datadog.Incidents, error) { return incidents, nil }), Config{}).
		Enrich(t.Context(), checkout)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestEnrich_tells_the_open_incidents(t *testing.T) {
	got := enriched(t, datadog.Incidents{Total: 9, Newest: []datadog.Incident{
		{
			PublicID: 42, Title: "Checkout fails", State: "active", Severity: "SEV-1", Created: noon, CustomerImpacted: true,
			Commander: datadog.User{Email: "ada@example.com"}, URL: "https://app.datadoghq.com/incidents/42",
		},
		{PublicID: 41, Title: "A drill", State: "active", Test: true},
		{PublicID: 40, Title: "Slow", State: "stable", Severity: "UNKNOWN"},
	}})
	want := enrich.Finding{
		Title: "Open incidents", Weight: enrich.Important,
		Blocks: []enrich.Block{enrich.List{
			Items: []enrich.Item{
				{Time: noon, Tag: "SEV-1", Text: "#42 Checkout fails (active, customers impacted, commander ada@example.com)", URL: "https://app.datadoghq.com/incidents/42"},
				{Tag: "UNKNOWN", Text: "#40 Slow (stable)"},
			},
			More: 6,
		}},
		Data: Data{
			Open: true, Count: 8, ID: 42, Title: "Checkout fails", State: "active", Severity: "SEV-1",
			Commander: "ada@example.com", URL: "https://app.datadoghq.com/incidents/42",
			Incidents: []Incident{
				{42, "Checkout fails", "active", "SEV-1", noon, true, "ada@example.com", "https://app.datadoghq.com/incidents/42"},
				{ID: 40, Title: "Slow", State: "stable", Severity: "UNKNOWN"},
			},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("finding (-want +got):\n%s", diff)
	}
}

func TestEnrich_says_that_there_is_none(t *testing.T) {
	want := enrich.Finding{
		Title: "Incidents", Weight: enrich.Background, Data: Data{},
		Blocks: []enrich.Block{enrich.Paragraph("There is no open incident for the service checkout.")},
	}
	for name, incidents := range map[string]datadog.Incidents{
		"nothing": {},
		"a_drill": {Total: 1, Newest: []datadog.Incident{{PublicID: 7, Test: true}}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(want, enriched(t, incidents)); diff != "" {
				t.Errorf("finding (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEnrich_says_what_it_has_not_seen_where_all_it_has_seen_are_tests(t *testing.T) {
	drills := []datadog.Incident{{PublicID: 5, Test: true}, {PublicID: 4, Test: true}, {PublicID: 3, Test: true}, {PublicID: 2, Test: true}, {PublicID: 1, Test: true}}
	for total, text := range map[int]string{
		6:  "There is no open incident for the service checkout among the newest 5 of 6, which are tests; what the rest are is not known.",
		12: "There is no open incident for the service checkout among the newest 5 of 12, which are tests; what the rest are is not known.",
	} {
		want := enrich.Finding{
			Title: "Incidents", Weight: enrich.Useful, Data: Data{Count: total - len(drills)},
			Blocks: []enrich.Block{enrich.Paragraph(text)},
		}
		if diff := cmp.Diff(want, enriched(t, datadog.Incidents{Total: total, Newest: drills})); diff != "" {
			t.Errorf("%d: finding (-want +got):\n%s", total, diff)
		}
	}
}

func TestEnrich_asks_for(t *testing.T) {
	long := strings.Repeat("a", 1<<20)
	for _, tt := range []struct {
		name       string
		config     Config
		tags       alert.Tags
		want, skip string
	}{
		{name: "the_service_tag", tags: alert.Tags{"team:shop", "service:checkout"}, want: "state:(active OR stable) AND services:checkout"},
		{name: "the_team_tag_without_one", tags: alert.Tags{"team:shop"}, want: "state:(active OR stable) AND teams:shop"},
		{name: "the_service_of_the_playbook", config: Config{Service: "cart"}, tags: alert.Tags{"service:x"}, want: "state:(active OR stable) AND services:cart"},
		{name: "the_query_of_the_playbook", config: Config{Query: "severity:SEV-1"}, want: "severity:SEV-1"},
		{
			name: "a_value_that_is_no_query", tags: alert.Tags{`service:x" OR state:"resolved\`},
			want: `state:(active OR stable) AND services:"x\" OR state:\"resolved\\"`,
		},
		{name: "nothing_without_a_tag", tags: alert.Tags{"env:prod"}, skip: "the alert has neither a service tag nor a team tag"},
		{name: "nothing_that_is_no_tag", tags: alert.Tags{"team:" + long}, skip: "the alert's service or team tag is longer than any that Datadog takes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			asked := ""
			_, err := New(sourceFunc(func(_ context.Context, query string, n int) (datadog.Incidents, error) {
				asked = query
				if n != size {
					t.Errorf("asked for %d, want %d", n, size)
				}
				return datadog.Incidents{}, nil
			}), tt.config).Enrich(t.Context(), alert.Alert{Tags: tt.tags})
			if asked != tt.want || fault.Public(err) != tt.skip {
				t.Errorf("asked %q, error %v; want %q and %q", asked, err, tt.want, tt.skip)
			}
		})
	}
}

func TestEnrich_a_query_is_named_where_nothing_matches(t *testing.T) {
	f, err := New(sourceFunc(func(context.Context, string, int) (datadog.Incidents, error) { return datadog.Incidents{}, nil }),
		Config{Query: "severity:SEV-1"}).Enrich(t.Context(), alert.Alert{})
	want := []enrich.Block{enrich.Paragraph("There is no open incident that matches severity:SEV-1.")}
	if diff := cmp.Diff(want, f.Blocks); err != nil || diff != "" {
		t.Errorf("blocks (-want +got):\n%s%v", diff, err)
	}
}

// TestData_as_playbooks_see_it holds the names that playbooks rely on.
func TestData_as_playbooks_see_it(t *testing.T) {
	text, err := json.Marshal(enriched(t, datadog.Incidents{Total: 1, Newest: []datadog.Incident{{PublicID: 7, Title: "T", State: "active", Created: noon}}}).Data)
	want := `{"open":true,"count":1,"id":7,"title":"T","state":"active","severity":"","commander":"","url":"",` +
		`"incidents":[{"id":7,"title":"T","state":"active","severity":"","created":"2026-11-21T12:00:00Z","customer_impacted":false,"commander":"","url":""}]}`
	if diff := cmp.Diff(want, string(text)); err != nil || diff != "" {
		t.Errorf("JSON (-want +got):\n%s%v", diff, err)
	}
}
