package incidents

import (
	"context"
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
		"by service": {Tags: alert.Tags{"service:checkout", "team:shop"}},
		"by team":    {Tags: alert.Tags{"team:shop"}},
	} {
		t.Run(name, func(t *testing.T) {
			enrichtest.Conformance(t, enrichtest.Case{
				Kind:  Kind,
				Alert: a,
				Seed: func(s *fakedatadog.Server) {
					s.AddIncident(fakedatadog.Incident{Title: "Checkout fails", Services: []string{"checkout"}, Teams: []string{"shop"}})
				},
			})
		})
	}
}

var (
	noon     = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	checkout = alert.Alert{Tags: alert.Tags{"service:checkout"}}
)

func enriched(t *testing.T, incidents datadog.Incidents) enrich.Finding {
	t.Helper()
	return enrichtest.Find(t, newStep(func(_ context.Context, query string, size int) (datadog.Incidents, error) {
		if query != "state:(active OR stable) AND services:checkout" || size != maxIncidents {
			t.Errorf("searched for %d by %q", size, query)
		}
		return incidents, nil
	}, Config{}), checkout)
}

func TestEnrich(t *testing.T) {
	got := enriched(t, datadog.Incidents{Total: 9, Newest: []datadog.Incident{
		{
			ID: 42, Title: "Checkout fails", State: "active", Severity: "SEV-1", Created: noon, CustomerImpacted: true,
			Commander: "ada@example.com", URL: "https://app.datadoghq.com/incidents/42",
		},
		{ID: 41, Title: "A drill", State: "active", Test: true},
		{ID: 40, Title: "Slow", State: "stable", Severity: "UNKNOWN"},
	}})
	enrichtest.Equal(t, got, enrich.Finding{
		Title: "Open incidents", Weight: enrich.Important,
		Lead: []enrich.Lead{{
			Answer: enrich.What, URL: "https://app.datadoghq.com/incidents/42",
			Text: "SEV-1 incident since 21 Nov 12:00 UTC: #42 Checkout fails (active, customers impacted, commander ada@example.com)",
		}},
		Blocks: []enrich.Block{enrich.List{
			Items: []enrich.Item{
				{Time: noon, Tag: "SEV-1", Text: "#42 Checkout fails (active, customers impacted, commander ada@example.com)", URL: "https://app.datadoghq.com/incidents/42", Lead: enrich.What},
				{Tag: "UNKNOWN", Text: "#40 Slow (stable)"},
			},
			More: 6,
		}},
	}, `{"open":true,"count":8,"id":42,"title":"Checkout fails","state":"active","severity":"SEV-1","commander":"ada@example.com",`+
		`"url":"https://app.datadoghq.com/incidents/42","incidents":[{"id":42,"title":"Checkout fails","state":"active","severity":"SEV-1",`+
		`"created":"2026-11-21T12:00:00Z","customer_impacted":true,"commander":"ada@example.com","url":"https://app.datadoghq.com/incidents/42"},`+
		`{"id":40,"title":"Slow","state":"stable","severity":"UNKNOWN","customer_impacted":false,"commander":"","url":""}]}`)
}

func TestEnrich_NoneOpen(t *testing.T) {
	tests := make([]datadog.Incident, maxIncidents)
	for i := range tests {
		tests[i].Test = true
	}
	for name, tt := range map[string]struct {
		incidents datadog.Incidents
		want      string
		weight    enrich.Weight
	}{
		"nothing":    {datadog.Incidents{}, "No open incident names the service checkout.", enrich.Background},
		"only tests": {datadog.Incidents{Total: 1, Newest: tests[:1]}, "No open incident names the service checkout.", enrich.Background},
		"more than were read": {
			datadog.Incidents{Total: 6, Newest: tests}, "Of 6 open incidents, the newest 5 are tests. The others were not read.", enrich.Useful,
		},
	} {
		t.Run(name, func(t *testing.T) {
			want := enrich.Finding{
				Title: "Incidents", Weight: tt.weight, Blocks: []enrich.Block{enrich.Paragraph(tt.want)},
				Data: Data{Count: tt.incidents.Total - len(tt.incidents.Newest)},
			}
			if diff := cmp.Diff(want, enriched(t, tt.incidents)); diff != "" {
				t.Errorf("finding (-want +got):\n%s", diff)
			}
		})
	}
}

func TestConfig_Search(t *testing.T) {
	for _, tt := range []struct {
		name               string
		config             Config
		tags               alert.Tags
		query, about, skip string
	}{
		{name: "service tag", tags: alert.Tags{"team:shop", "service:checkout"}, query: "state:(active OR stable) AND services:checkout", about: "names the service checkout"},
		{name: "team tag", tags: alert.Tags{"team:shop"}, query: "state:(active OR stable) AND teams:shop", about: "names the team shop"},
		{name: "configured service", config: Config{Service: "cart"}, tags: alert.Tags{"service:x"}, query: "state:(active OR stable) AND services:cart", about: "names the service cart"},
		{name: "configured query", config: Config{Query: "severity:SEV-1"}, query: "severity:SEV-1", about: "matches severity:SEV-1"},
		{
			name: "query syntax in a value", tags: alert.Tags{`service:x" OR state:"resolved\`},
			query: `state:(active OR stable) AND services:"x\" OR state:\"resolved\\"`, about: `names the service x" OR state:"resolved\`,
		},
		{name: "no tag", tags: alert.Tags{"env:prod"}, skip: "the alert has no service or team tag"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			query, about, err := tt.config.search(alert.Alert{Tags: tt.tags})
			if query != tt.query || about != tt.about || fault.Public(err) != tt.skip {
				t.Errorf("got %q, %q, %v", query, about, err)
			}
		})
	}
}
