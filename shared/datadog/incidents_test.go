package datadog

import (
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestClient_Incidents(t *testing.T) {
	for name, tt := range map[string]struct {
		body string
		want Incidents
	}{
		"all_there_is": {
			`{"data":{"type":"incidents_search_results","attributes":{"total":7,"facets":{},"incidents":[{"data":{"id":"u","type":"incidents","attributes":{
				"public_id":42,"title":"Checkout fails","state":"active","severity":"SEV-1","created":"2026-02-16T09:47:35+01:00","is_test":true,
				"customer_impacted":true,"customer_impact_scope":"No payments",
				"commander":{"data":{"id":"a","type":"users","attributes":{"name":"Ada","email":"ada@example.com"}}},
				"fields":{"services":{"type":"autocomplete","value":["checkout","cart"]},"teams":{"type":"dropdown","value":"shop"}}}}}]}},"included":[]}`,
			Incidents{7, []Incident{{
				ID: "u", PublicID: 42, Title: "Checkout fails", State: "active", Severity: "SEV-1", Test: true,
				Created:          time.Date(2026, 2, 16, 8, 47, 35, 0, time.UTC),
				CustomerImpacted: true, CustomerImpact: "No payments", Commander: User{"a", "Ada", "ada@example.com"},
				Services: []string{"checkout", "cart"}, Teams: []string{"shop"}, URL: "https://app.datadoghq.com/incidents/42",
			}}},
		},
		"none": {`{"data":{"attributes":{"total":0,"incidents":[]}}}`, Incidents{}},
		"nulls_and_values_from_the_future": {
			`{"data":{"attributes":{"total":null,"incidents":[{"data":{"id":"u","attributes":{"title":"T","state":"dreaming","severity":null,
				"commander":null,"resolved":null,"fields":{"services":{"value":null},"teams":null}}}}]}}}`,
			Incidents{1, []Incident{{ID: "u", Title: "T", State: "dreaming"}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var l log
			got, err := clientOver(t, l.answering(200, tt.body), keyring{}).Incidents(t.Context(), "state:active AND services:a", 5)
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("incidents (-want +got):\n%s%v", diff, err)
			}
			asked, err := url.Parse(l.requests[0].url)
			want := url.Values{"query": {"state:active AND services:a"}, "sort": {"-created"}, "page[size]": {"5"}}
			if diff := cmp.Diff(want, asked.Query()); err != nil || diff != "" || asked.Path != "/api/v2/incidents/search" {
				t.Errorf("asked %s: %s%v", asked, diff, err)
			}
		})
	}
}
