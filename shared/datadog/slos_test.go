package datadog

import (
	"context"
	"testing"
	"time"
)

func TestClient_SLOs(t *testing.T) {
	testDecode(t, func(ctx context.Context, c *Client) ([]SLO, error) { return c.SLOs(ctx, "", 5) }, cases[[]SLO]{
		"all fields": {
			`{"data":{"type":"service_level_objective_search_results","attributes":{"slos":[{"data":{"type":"slo","id":"18101ab6","attributes":{
			  "name":"Checkout answers","slo_type":"metric","all_tags":["service:checkout"],"timeframe":"7d","target_threshold":99.5,"warning_threshold":99.9,
			  "status":{"state":"warning","sli":99.6,"error_budget_remaining":20.5,"calculation_error":null,"indexed_at":1676409980,"raw_error_budget_remaining":{"value":7.5,"unit":"requests"}}}}}]}}}`,
			[]SLO{{
				ID: "18101ab6", Name: "Checkout answers", Tags: []string{"service:checkout"},
				Timeframe: "7d", Target: 99.5, Warning: 99.9, State: "warning",
				SLIStatus: SLIStatus{SLI: new(99.6), Budget: new(20.5)}, Indexed: time.Unix(1676409980, 0).UTC(),
			}},
		},
		"not calculated": {
			`{"data":{"attributes":{"slos":[{"data":{"id":"a","attributes":{"warning_threshold":null,"status":{"state":"no_data","sli":null,"error_budget_remaining":null,"calculation_error":"The denominator is zero valued"}}}}]}}}`,
			[]SLO{{ID: "a", State: "no_data", SLIStatus: SLIStatus{Problem: "The denominator is zero valued"}}},
		},
		"unknown values and other types": {
			`{"data":{"attributes":{"slos":[{"data":7},{"data":{"id":"a","attributes":{"slo_type":"dream","timeframe":"quarter","target_threshold":"99","status":{"state":"anxious","sli":"high"}}}}]}}}`,
			[]SLO{{ID: "a", Timeframe: "quarter", State: "anxious"}},
		},
	})
}

func TestClient_SLOHistory(t *testing.T) {
	testDecode(t, func(ctx context.Context, c *Client) (SLIStatus, error) {
		return c.SLOHistory(ctx, SLOHistoryQuery{ID: "a", Timeframe: "7d"})
	}, cases[SLIStatus]{
		"budget of the timeframe": {
			`{"data":{"overall":{"sli_value":99.2,"error_budget_remaining":{"custom":1,"7d":-60.5,"30d":2}}}}`,
			SLIStatus{SLI: new(99.2), Budget: new(-60.5)},
		},
		"budget of the target": {
			`{"data":{"overall":{"sli_value":99.2,"error_budget_remaining":{"custom":12.5,"7d":null}}}}`,
			SLIStatus{SLI: new(99.2), Budget: new(12.5)},
		},
		"no data": {
			`{"data":{"overall":{"sli_value":null,"uptime":null,"errors":[{"error_message":"The denominator is zero valued","error_type":"ZERO_VALUED_DENOMINATOR"}]}},"errors":null}`,
			SLIStatus{Problem: "The denominator is zero valued"},
		},
		"other types": {
			`{"data":{"overall":{"sli_value":"99","error_budget_remaining":{"7d":"x","custom":3},"errors":7}}}`,
			SLIStatus{Budget: new(3.0)},
		},
	})
}
