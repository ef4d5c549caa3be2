package fakedatadog_test

import (
	"fmt"
	"testing"
	"time"

	"boomerang/shared/fakedatadog"
)

func TestMetrics(t *testing.T) {
	s := newServer()
	start := float64(noon.Add(-2 * time.Minute).UnixMilli())
	s.AddSeries(fakedatadog.Series{
		Query: "avg:system.load.1{env:prod} by {host}", TagSet: []string{"host:a"}, Points: [][2]float64{{start, 1}, {start + 60_000, 2}, {start + 120_000, 3}},
	})
	query := fmt.Sprintf("GET /api/v1/query?from=%d&to=%d&query=", noon.Add(-time.Minute).Unix(), noon.Unix())
	const snapshot = "GET /api/v1/graph/snapshot?start=1&end=2"
	run(t, s,
		exchange{call: query + "avg:system.load.1{env:prod}by{host}", path: "series.*.pointlist", want: "[[1773489540000 2] [1773489600000 3]]"},
		exchange{call: query + "avg:system.load.1{env:prod} by {host}", path: "series.*.tag_set", want: "[host:a]"},
		exchange{call: query + "avg:system.load.5{*}", path: "series.*"},
		exchange{call: snapshot + "&metric_query=a", path: "graph_def", want: `{"requests":[{"q":"a"}]}`},
	)
}

func TestHosts(t *testing.T) {
	s := newServer()
	s.SetHosts(
		fakedatadog.Host{Name: "web-1", Meta: map[string]any{"platform": "linux"}},
		fakedatadog.Host{Name: "web-12", Aliases: []string{"i-0abc"}, TagsBySource: map[string][]string{"Users": {"team:shop"}}},
		fakedatadog.Host{Name: "gone", LastReportedTime: noon.Add(-4 * time.Hour).Unix()},
	)
	const list, names = "GET /api/v1/hosts", "host_list.*.name"
	run(t, s,
		exchange{call: list, path: names, want: "web-1 web-12"},
		exchange{call: list + "?filter=host:WEB-1", path: names, want: "web-1 web-12"},
		exchange{call: list + "?filter=i-0", path: names, want: "web-12"},
		exchange{call: list + "?filter=team:shop", path: names, want: "web-12"},
		exchange{call: list + "?filter=none", path: names},
		exchange{call: list + "?count=1", path: names, want: "web-1"},
		exchange{call: list, path: "host_list.*.meta.platform"},
		exchange{call: list + "?include_hosts_metadata=true", path: "host_list.*.meta.platform", want: "linux"},
	)
}

func TestSLOs(t *testing.T) {
	s := newServer()
	for _, slo := range []fakedatadog.SLO{
		{ID: "a", Name: "Checkout answers", Tags: []string{"service:checkout"}, SLI: new(99.5), Budget: new(20.0), State: "ok"},
		{ID: "b", Name: "Checkout is quick", Tags: []string{"service:checkout"}, Type: "monitor", Timeframe: "30d", Budget: new(50.0)},
		{ID: "c", Name: "Search answers", Type: "time_slice"},
	} {
		s.AddSLO(slo)
	}
	const search, ids, period = "GET /api/v1/slo/search?query=", "data.attributes.slos.*.data.id", "/history?from_ts=1&to_ts=2"
	run(t, s,
		exchange{call: search + `service:"checkout"`, path: ids, want: "a b"},
		exchange{call: search + "service:checkout&page[size]=1", path: ids, want: "a"},
		exchange{call: search + "checkout IS", path: ids, want: "b"},
		exchange{call: search + "service:cart", path: ids},
		exchange{call: search + "checkout answers", path: "data.attributes.slos.*.data.attributes.status.error_budget_remaining", want: "20"},
		exchange{call: "GET /api/v1/slo/a" + period, path: "data.overall.sli_value", want: "99.5"},
		exchange{call: "GET /api/v1/slo/a" + period, path: "data.overall.error_budget_remaining.7d", want: "20"},
		exchange{call: "GET /api/v1/slo/b" + period + "&target=99.5", path: "data.overall.error_budget_remaining", want: "map[30d:50 custom:50]"},
		exchange{call: "GET /api/v1/slo/c" + period, path: "data.overall.sli_value"},
		exchange{call: "GET /api/v1/slo/a" + period + "&target=100", status: 400, want: "The value provided for parameter 'target' is invalid"},
	)
}

func TestLogs(t *testing.T) {
	s := newServer()
	for i, l := range []fakedatadog.Log{
		{Message: "Connection refused", Status: "error", Service: "checkout", Host: "web-1", Tags: []string{"env:prod"}, Timestamp: noon.Add(-2 * time.Minute)},
		{Message: "connection reset", Status: "error", Service: "check out", Timestamp: noon.Add(-time.Minute)},
		{Message: "started", Service: "checkout", Tags: []string{"env:dev"}},
		{Message: "old", Status: "error", Service: "checkout", Timestamp: noon.Add(-time.Hour)},
	} {
		l.ID = fmt.Sprint("line-", i)
		s.AddLog(l)
	}
	search := func(query, want string) exchange {
		return exchange{call: "POST /api/v2/logs/events/search", body: fmt.Sprintf(`{"filter":{"query":%q}}`, query), path: "data.*.id", want: want}
	}
	refused := func(body, want string) exchange {
		return exchange{call: "POST /api/v2/logs/events/search", body: body, status: 400, want: "input_validation_error(Field " + want + ")"}
	}
	run(t, s,
		search("", "line-0 line-1 line-2"),
		search("*", "line-0 line-1 line-2"),
		search("-status:error", "line-2"),
		search("-env:*", "line-1"),
		search("NOT status:error", "line-2"),
		search(`service:"check out"`, "line-1"),
		search(`service:check\ out`, "line-1"),
		search("connection", "line-0 line-1"),
		search(`"connection refused" host:web-1`, "line-0"),
		search("(env:prod OR env:dev) -status:(warn OR error)", "line-2"),
		search("env:prod AND status:info", ""),
		refused(`{"filter":{"query":"(a"}}`, `'filter.query' is invalid: fakedatadog cannot parse "(a"`),
		refused(`{"filter":{"query":"a OR"}}`, `'filter.query' is invalid: fakedatadog cannot parse "a OR"`),
		refused(`{"filter":{"from":"yesterday"}}`, `'filter' is invalid: invalid time "yesterday"`),
		refused(`{"page":{"limit":1001}}`, "'page.limit' is invalid: limit must be between 0 and 1000"),
		exchange{
			call: "POST /api/v2/logs/events/search", body: `{"filter":{"from":"2026-03-14T11:00:00Z"},"sort":"-timestamp","page":{"limit":3}}`,
			path: "data.*.id", want: "line-2 line-1 line-0",
		},
	)
}
