package fakedatadog_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRefusals names one call for each rule that a v1 endpoint or a search checks.
func TestRefusals(t *testing.T) {
	s := seededServer()
	const missing, invalid = "The parameter '%' is required", "The value provided for parameter '%' is invalid"
	of := func(text, parameter string) string { return strings.Replace(text, "%", parameter, 1) }
	for _, c := range []struct{ call, body, want string }{
		{"GET /api/v1/events", "", of(missing, "start")},
		{"GET /api/v1/events?start=1", "", of(missing, "end")},
		{"GET /api/v1/events?end=1", "", of(missing, "start")},
		{"GET /api/v1/events?start=now&end=2", "", of(invalid, "start")},
		{"GET /api/v1/events?start=1&end=-2", "", of(invalid, "end")},
		{"GET /api/v1/events?start=1&end=2&priority=high", "", of(invalid, "priority")},
		{"GET /api/v1/events?start=1&end=2&unaggregated=maybe", "", of(invalid, "unaggregated")},
		{"GET /api/v1/events?start=1&end=2&unaggregated=true&page=x", "", of(invalid, "page")},
		{"GET /api/v1/events?start=1&end=2&page=0", "", "The parameter 'page' can only be used with 'unaggregated' or 'exclude_aggregate'"},
		{"POST /api/v1/monitor", `{"query":"x"}`, of(invalid, "type")},
		{"POST /api/v1/monitor", `{"type":"query alert"}`, of(invalid, "query")},
		{"POST /api/v1/monitor", `{"type":"query alert","query":"x","priority":6}`, of(invalid, "priority")},
		{"POST /api/v1/monitor", `no JSON`, "Payload is not valid JSON"},
		{"PUT /api/v1/monitor/7", `{"query":""}`, of(invalid, "query")},
		{"PUT /api/v1/monitor/7", `{"tags":1}`, of(invalid, "tags")},
		{"GET /api/v1/monitor/7?group_states=alert,broken", "", "Invalid group_state filters."},
		{"GET /api/v1/monitor/7?with_downtimes=maybe", "", of(invalid, "with_downtimes")},
		{"GET /api/v1/monitor?page=first", "", of(invalid, "page")},
		{"GET /api/v1/query?to=1&query=x", "", of(missing, "from")},
		{"GET /api/v1/query?from=0&to=x&query=x", "", of(invalid, "to")},
		{"GET /api/v1/query?from=0&to=1", "", of(missing, "query")},
		{"GET /api/v1/graph/snapshot?start=1&end=2", "", of(missing, "metric_query")},
		{"GET /api/v1/graph/snapshot?end=2&metric_query=x", "", of(missing, "start")},
		{"GET /api/v1/slo/search?page%5Bsize%5D=many", "", of(invalid, "page[size]")},
		{"GET /api/v1/slo/metric/history?from_ts=9&to_ts=9", "", "The timeframe is incorrect: invalid from 9 or to 9 timestamp"},
		{"GET /api/v1/slo/metric/history?from_ts=1", "", of(missing, "to_ts")},
		{"GET /api/v1/slo/metric/history?from_ts=1&to_ts=2&target=100", "", of(invalid, "target")},
		{"GET /api/v1/dashboard?count=many", "", of(invalid, "count")},
		{"POST /api/v2/logs/events/search", "no JSON", "Payload is not valid JSON"},
		{"POST /api/v2/logs/events/search", `{"filter":{"from":"yesterday"}}`, `input_validation_error(Field 'filter' is invalid: invalid time "yesterday")`},
		{"POST /api/v2/logs/events/search", `{"page":{"limit":1001}}`, "input_validation_error(Field 'page.limit' is invalid: limit must be between 0 and 1000)"},
		{"POST /api/v2/logs/events/search", `{"filter":{"query":"(a"}}`, `input_validation_error(Field 'filter.query' is invalid: fakedatadog cannot parse "(a")`},
	} {
		method, target, _ := strings.Cut(c.call, " ")
		got := ask(t, s, method, target, c.body).mustBe(t, 400)
		if diff := cmp.Diff([]string{c.want}, got.errorsIn(t)); diff != "" || got.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s: media type %s (-want +got):\n%s", c.call, c.body, got.header.Get("Content-Type"), diff)
		}
	}
}
