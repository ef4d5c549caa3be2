package datadog

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestClient_SLOs(t *testing.T) {
	for name, tt := range map[string]struct {
		body string
		want []SLO
	}{
		"all_there_is": {
			`{"data":{"type":"service_level_objective_search_results","attributes":{"slos":[{"data":{"type":"slo","id":"18101ab6","attributes":{
			  "name":"Checkout answers","slo_type":"metric","all_tags":["service:checkout"],"timeframe":"7d","target_threshold":99.5,"warning_threshold":99.9,
			  "status":{"state":"warning","sli":99.6,"error_budget_remaining":20.5,"calculation_error":null,"indexed_at":1676409980,"raw_error_budget_remaining":{"value":7.5,"unit":"requests"}}}}}]}}}`,
			[]SLO{{
				ID: "18101ab6", Name: "Checkout answers", Type: "metric", Tags: []string{"service:checkout"},
				Timeframe: "7d", Target: 99.5, Warning: 99.9, State: "warning",
				SLIStatus: SLIStatus{SLI: new(99.6), Budget: new(20.5)}, Indexed: time.Unix(1676409980, 0).UTC(),
			}},
		},
		"nothing_found": {`{"data":{"attributes":{"slos":[]}}}`, nil},
		"what_could_not_be_calculated_is_no_zero": {
			`{"data":{"attributes":{"slos":[{"data":{"id":"a","attributes":{"warning_threshold":null,"status":{"state":"no_data","sli":null,"error_budget_remaining":null,"calculation_error":"The denominator is zero valued"}}}}]}}}`,
			[]SLO{{ID: "a", State: "no_data", SLIStatus: SLIStatus{Problem: "The denominator is zero valued"}}},
		},
		"values_from_the_future_and_of_other_types": {
			`{"data":{"attributes":{"slos":[{"data":7},{"data":{"id":"a","attributes":{"slo_type":"dream","timeframe":"quarter","target_threshold":"99","status":{"state":"anxious","sli":"high"}}}}]}}}`,
			[]SLO{{ID: "a", Type: "dream", Timeframe: "quarter", State: "anxious"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := clientOver(t, answering(200, tt.body), keyring{}).SLOs(t.Context(), "service:checkout", 5)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestClient_SLOHistory(t *testing.T) {
	for name, tt := range map[string]struct {
		body string
		want SLIStatus
	}{
		"the_budget_of_its_timeframe": {
			`{"data":{"overall":{"sli_value":99.2,"error_budget_remaining":{"custom":1,"7d":-60.5,"30d":2}}}}`,
			SLIStatus{SLI: new(99.2), Budget: new(-60.5)},
		},
		"the_budget_of_the_target_in_its_place": {
			`{"data":{"overall":{"sli_value":99.2,"error_budget_remaining":{"custom":12.5,"7d":null}}}}`,
			SLIStatus{SLI: new(99.2), Budget: new(12.5)},
		},
		"no_data": {
			`{"data":{"overall":{"sli_value":null,"uptime":null,"errors":[{"error_message":"The denominator is zero valued","error_type":"ZERO_VALUED_DENOMINATOR"}]}},"errors":null}`,
			SLIStatus{Problem: "The denominator is zero valued"},
		},
		"values_of_other_types": {
			`{"data":{"overall":{"sli_value":"99","error_budget_remaining":{"7d":"x","custom":3},"errors":7}}}`,
			SLIStatus{Budget: new(3.0)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := clientOver(t, answering(200, tt.body), keyring{}).SLOHistory(t.Context(), SLOHistoryQuery{ID: "a", Timeframe: "7d"})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestClient_SLOHistory_an_id_stays_one_part_of_the_path(t *testing.T) {
	var l log
	_, _ = clientOver(t, l.answering(200, wholeAnswer), keyring{}).SLOHistory(t.Context(), SLOHistoryQuery{
		ID: "../a?b#c", From: time.Unix(1, 0), To: time.Unix(2, 0),
	})
	if want := "https://api.datadoghq.com/api/v1/slo/..%2Fa%3Fb%23c/history?from_ts=1&to_ts=2"; l.requests[0].url != want {
		t.Errorf("asked %s, want %s", l.requests[0].url, want)
	}
}
