package metric

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/enrich/enrichtest"
	"boomerang/shared/fakedatadog"
)

func TestParseQuery(t *testing.T) {
	for text, want := range map[string]Query{
		"avg(last_5m):avg:system.load.1{*} > 0.8":                                            {"avg:system.load.1{*}", "avg", 5 * time.Minute, "", ">", 0.8},
		" max( last_4h ) :  p95:trace.http.request{env:prod ,service:a b}  by {host}>=-1e3 ": {"p95:trace.http.request{env:prod ,service:a b} by {host}", "max", 4 * time.Hour, "", ">=", -1000},
		"sum(last_1d):sum:a.b{x:y}.as_count() / sum:a.c{x:y}.as_count() * 100 < .5":          {"sum:a.b{x:y}.as_count() / sum:a.c{x:y}.as_count() * 100", "sum", 24 * time.Hour, "", "<", 0.5},
		"min(last_2w):default_zero(min:a{b:c} by {d,e}) <= 3":                                {"default_zero(min:a{b:c} by {d,e})", "min", 14 * 24 * time.Hour, "", "<=", 3},
		"avg(last_90s):avg:a{*} == 1":                                                        {"avg:a{*}", "avg", 90 * time.Second, "", "==", 1},
		"avg(last_1m):avg:a{!b:c AND (d:e OR d:f)} != 1":                                     {"avg:a{!b:c AND (d:e OR d:f)}", "avg", time.Minute, "", "!=", 1},
		"sum(current_1mo):sum:a{*} > 5":                                                      {"sum:a{*}", "sum", 0, "sum over current_1mo", ">", 5},
		"pct_change(avg(last_5m),last_1h):avg:a{*} > 50":                                     {"avg:a{*}", "avg", 5 * time.Minute, "pct_change since last_1h", ">", 50},
		"change(sum(last_30m),1w_ago):sum:a{*}.as_count() < -7":                              {"sum:a{*}.as_count()", "sum", 30 * time.Minute, "change since 1w_ago", "<", -7},
		"avg:system.cpu.user{host:a} by {env}":                                               {Metric: "avg:system.cpu.user{host:a} by {env}"},
		"system.cpu.idle{*}":                                                                 {Metric: "system.cpu.idle{*}"},
		"avg:a{*} > 5":                                                                       {Metric: "avg:a{*}", Operator: ">", Threshold: 5},
		"avg(last_5m):avg:a{*}":                                                              {Metric: "avg:a{*}", Aggregation: "avg", Over: 5 * time.Minute},
		"avg(last_5m):avg:a{b:>3} > 4":                                                       {"avg:a{b:>3}", "avg", 5 * time.Minute, "", ">", 4},
		"avg(last_999999999m):avg:a{*} > 4":                                                  {"avg:a{*}", "avg", 0, "avg over last_999999999m", ">", 4},
	} {
		got, err := ParseQuery(text)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v, query (-want +got):\n%s", text, err, diff)
		}
	}
}

func TestParseQuery_OtherQueries(t *testing.T) {
	for text, want := range map[string]string{
		"": "not a metric query",
		`logs("status:error service:{{x}} a{").index("main").rollup("count").by("service").last("5m") > 100`: "a log query",
		`"datadog.agent.up".over("env:prod").by("host").last(2).count_by_status()`:                           "a service check",
		"4711 && 4712":                        "a composite of other monitors",
		"!(4711) || 4712":                     "a composite of other monitors",
		`error_budget("abc").over("7d") > 75`: "an SLO query",
		`burn_rate("abc").over("7d").long_window("1h").short_window("5m") > 14.4`:           "an SLO query",
		`processes('java').over('env:prod').rollup('count').last('5m') < 1`:                 "a process query",
		`events("sources:nagios{").rollup("count").last("1h") > 5`:                          "an event query",
		`rum("@type:error").rollup("count").last("5m") > 5`:                                 "an event query",
		`trace-analytics("env:prod").rollup("count").last("5m") > 5`:                        "an event query",
		`avg(last_4h):anomalies(avg:system.cpu.user{*}, 'basic', 2, direction='both') >= 1`: "an anomaly query",
		`avg(last_30m):outliers(avg:a{*} by {host}, 'DBSCAN', 3) > 0`:                       "an outlier query",
		`max(next_1w):forecast(avg:system.disk.in_use{*}, 'linear', 1) >= 0.9`:              "a forecast",
		`avg(last_1h):forecast (avg:a{*}, 'linear', 1) >= 0.9`:                              "a forecast",
		"avg(last_5m):whatever > 3":                                                         "not a metric query",
		"../../api/v1/validate?x=y#":                                                        "not a metric query",
	} {
		if got, err := ParseQuery(text); err == nil || err.Error() != want {
			t.Errorf("%s: got %+v, %v, want the error %q", text, got, err, want)
		}
	}
}

func TestQuery_IsBeyond(t *testing.T) {
	for operator, want := range map[string][3]bool{ // Values 1, 2 and 3 with the threshold 2.
		">": {false, false, true}, ">=": {false, true, true}, "<": {true, false, false}, "<=": {true, true, false},
		"==": {false, true, false}, "!=": {true, false, true}, "": {},
	} {
		q := Query{Operator: operator, Threshold: 2}
		if got := [3]bool{q.isBeyond(1), q.isBeyond(2), q.isBeyond(3)}; got != want {
			t.Errorf("%q: got %v, want %v", operator, got, want)
		}
	}
}

// TestKinds_MonitorQuery takes the query of the alert's monitor where the payload has none.
func TestKinds_MonitorQuery(t *testing.T) {
	client, fake := enrichtest.Client(t, fakedatadog.Options{Now: func() time.Time { return noon }})
	fake.AddMonitor(fakedatadog.Monitor{ID: 7, Query: query})
	fake.AddSeries(fakedatadog.Series{
		Query: "avg:system.load.1{env:prod} by {host}", TagSet: []string{"host:a"}, Points: [][2]float64{{float64(noon.Add(-time.Minute).UnixMilli()), 0.93}},
	})
	got := enrichtest.Find(t, Kind(client).New(Config{}, time.Minute), alert.Alert{MonitorID: "7", Date: noon})
	if d := got.Data.(Data); d.Value != 0.93 || d.Threshold != 0.8 {
		t.Errorf("data %+v", d)
	}
	got = enrichtest.Find(t, SnapshotKind(client).New(SnapshotConfig{}, time.Minute), alert.Alert{MonitorID: "7", Date: noon})
	if d := got.Data.(SnapshotData); d.Query != "avg:system.load.1{env:prod} by {host}" {
		t.Errorf("data %+v", d)
	}
	enrichtest.Skips(t, Kind(client).New(Config{}, time.Minute), alert.Alert{MonitorID: "99", Date: noon}, "the alert has no query")
}
