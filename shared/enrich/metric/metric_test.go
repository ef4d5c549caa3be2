package metric

import (
	"context"
	"encoding/json"
	"math"
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

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

const query = "avg(last_5m):avg:system.load.1{env:prod} by {host} > 0.8"

func TestConformance(t *testing.T) {
	enrichtest.Conformance(t, enrichtest.Case{
		New:        func(client *datadog.Client) enrich.Step { return New(client, Config{}) },
		Permission: Permission,
		Alert:      alert.Alert{ID: "1", Query: query, Date: noon, Tags: alert.Tags{"host:a"}},
		Seed: func(s *fakedatadog.Server) {
			s.AddSeries(fakedatadog.Series{
				Query: "avg:system.load.1{env:prod} by {host}", TagSet: []string{"host:a"},
				Points: [][2]float64{{float64(noon.Add(-time.Minute).UnixMilli()), 0.93}},
			})
		},
	})
}

type sourceFunc func(context.Context, datadog.SeriesQuery) ([]datadog.Series, error)

func (f sourceFunc) Series(ctx context.Context, q datadog.SeriesQuery) ([]datadog.Series, error) {
	return f(ctx, q)
}

// points are one value a minute, the last at noon.
func points(values ...float64) []datadog.Point {
	all := make([]datadog.Point, len(values))
	for i, v := range values {
		all[i] = datadog.Point{Time: noon.Add(time.Duration(i-len(values)+1) * time.Minute), Value: v}
	}
	return all
}

func enriched(t *testing.T, c Config, a alert.Alert, all ...datadog.Series) enrich.Finding {
	t.Helper()
	f, err := New(sourceFunc(func(context.Context, datadog.SeriesQuery) ([]datadog.Series, error) { return all, nil }), c).Enrich(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestEnrich_tells_how_the_group_that_alerted_stands(t *testing.T) {
	got := enriched(t, Config{}, alert.Alert{Query: query, Date: noon, Scope: "host:b"},
		datadog.Series{Group: []string{"host:a"}, Points: points(9, 9, 9, 9)},
		datadog.Series{Group: []string{"host:b"}, Unit: "%", Points: points(0.3, 0.31, 0.3, 0.29, 0.3, 0.9, 0.95, 0.9, 0.94, 0.96)},
		datadog.Series{Group: []string{"host:c"}},
	)
	want := enrich.Finding{
		Title: "Metric", Weight: enrich.Important,
		Blocks: []enrich.Block{
			enrich.Facts{
				{Name: "Value", Value: "0.93% (avg over 5m), beyond the threshold > 0.8"},
				{Name: "Group", Value: "host:b"},
				{Name: "Last 1h", Value: "min 0.29%, mean 0.615%, max 0.96%"},
				{Name: "Trend", Value: "▁▁▁▁▁█████ jump"},
				{Name: "Began", Value: "with a jump at 11:56 UTC, from 0.3% to 0.93%"},
			},
			enrich.Code("avg:system.load.1{env:prod} by {host}"),
		},
		Data: Data{
			Query: "avg:system.load.1{env:prod} by {host}", Group: "host:b", Groups: 2, Unit: "%", Points: 10,
			Value: 0.93, Operator: ">", Threshold: 0.8, Beyond: true, Min: 0.29, Max: 0.96, Mean: 0.615,
			Trend: Jump, Sparkline: "▁▁▁▁▁█████", JumpedAt: noon.Add(-4 * time.Minute), JumpedFrom: 0.3, JumpedTo: 0.93,
		},
	}
	near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-9 })
	if diff := cmp.Diff(want, got, near); diff != "" {
		t.Errorf("finding (-want +got):\n%s", diff)
	}
}

func TestEnrich_takes_the_most_extreme_group_where_the_alert_names_none(t *testing.T) {
	all := []datadog.Series{
		{Group: []string{"host:a"}, Points: points(2)},
		{Group: []string{"host:b"}, Points: points(3)},
		{Group: []string{"host:c"}, Points: points(1)},
	}
	for operator, want := range map[string]string{">": "host:b, the most extreme of 3", "<=": "host:c, the most extreme of 3", "": "host:b, the most extreme of 3"} {
		text := "avg(last_1m):avg:a{*} by {host}"
		if operator != "" {
			text += operator + "2.5"
		}
		got := enriched(t, Config{}, alert.Alert{Query: text, Date: noon, Tags: alert.Tags{"env:prod"}}, all...)
		if fact := got.Blocks[0].(enrich.Facts)[1]; fact.Value != want {
			t.Errorf("%q: got %+v, want %s", operator, fact, want)
		}
	}
}

func TestEnrich_values(t *testing.T) {
	values := points(10, 1, 2, 6)
	for text, want := range map[string]string{
		"avg(last_3m):avg:a{*} > 5":                      "3 (avg over 3m), within the threshold > 5",
		"min(last_3m):avg:a{*} < 5":                      "1 (min over 3m), beyond the threshold < 5",
		"max(last_1h):avg:a{*} >= 10":                    "10 (max over 1h), beyond the threshold >= 10",
		"sum(last_2m):avg:a{*} > 1e6":                    "8 (sum over 2m), within the threshold > 1000000",
		"sum(current_1mo):avg:a{*} > 1":                  "6",
		"avg:a{*}":                                       "6",
		"pct_change(avg(last_2m),last_1h):avg:a{*} > 50": "4 (avg over 2m)",
	} {
		if fact := enriched(t, Config{}, alert.Alert{Query: text, Date: noon}, datadog.Series{Points: values}).Blocks[0].(enrich.Facts)[0]; fact.Value != want {
			t.Errorf("%s: got %q, want %q", text, fact.Value, want)
		}
	}
}

// A source that has a point for every minute answers with those it was asked for.
func TestEnrich_compares_all_that_the_monitor_compared(t *testing.T) {
	source := sourceFunc(func(_ context.Context, q datadog.SeriesQuery) ([]datadog.Series, error) {
		var one datadog.Series
		for at := q.From.Add(time.Minute); !at.After(q.To); at = at.Add(time.Minute) {
			one.Points = append(one.Points, datadog.Point{Time: at, Value: 1})
		}
		return []datadog.Series{one}, nil
	})
	got, err := New(source, Config{}).Enrich(t.Context(), alert.Alert{Query: "sum(last_4h):sum:a{*}.as_count() > 200", Date: noon})
	if err != nil {
		t.Fatal(err)
	}
	want := enrich.Facts{
		{Name: "Value", Value: "240 (sum over 4h), beyond the threshold > 200"},
		{Name: "Last 4h", Value: "min 1, mean 1, max 1"},
		{Name: "Trend", Value: strings.Repeat("▁", 32) + " steady"},
	}
	if diff := cmp.Diff(want, got.Blocks[0]); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
}

func TestEnrich_a_window_of_no_fixed_length_is_not_compared(t *testing.T) {
	for text, threshold := range map[string]string{
		"sum(current_1mo):avg:a{*} > 1": "sum over current_1mo > 1",
		"avg(current_1d):avg:a{*} >= 1": "avg over current_1d >= 1",
	} {
		got := enriched(t, Config{}, alert.Alert{Query: text, Date: noon}, datadog.Series{Points: points(2, 6)})
		want := enrich.Facts{{Name: "Value", Value: "6"}, {Name: "Threshold", Value: threshold}}
		if diff := cmp.Diff(want, got.Blocks[0].(enrich.Facts)[:2]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
		if d := got.Data.(Data); d.Operator != "" || d.Beyond {
			t.Errorf("%s: the last point was compared with the threshold: %+v", text, d)
		}
	}
}

func TestEnrich_a_change_has_a_threshold_of_its_own(t *testing.T) {
	got := enriched(t, Config{}, alert.Alert{Query: "pct_change(avg(last_5m),last_1h):avg:a{*} > 50", Date: noon}, datadog.Series{Points: points(1, 2)})
	if fact := got.Blocks[0].(enrich.Facts)[1]; fact != (enrich.Fact{Name: "Threshold", Value: "pct_change since last_1h > 50"}) {
		t.Errorf("got %+v", fact)
	}
	if d := got.Data.(Data); d.Operator != "" || d.Beyond {
		t.Errorf("the value was compared with the threshold of its change: %+v", d)
	}
}

func TestEnrich_without_a_comparison_there_is_no_threshold(t *testing.T) {
	for _, text := range []string{"avg(current_1d):avg:a{*}", "change(avg(last_5m),last_1h):avg:a{*}", "avg:a{*}"} {
		facts := enriched(t, Config{}, alert.Alert{Query: text, Date: noon}, datadog.Series{Points: points(1, 2)}).Blocks[0].(enrich.Facts)
		if len(facts) != 3 || facts[1].Name != "Last 1h" {
			t.Errorf("%s: got %+v", text, facts)
		}
	}
}

func TestEnrich_no_points_are_a_finding_too(t *testing.T) {
	got := enriched(t, Config{Window: 90 * time.Minute}, alert.Alert{Query: query, Date: noon}, datadog.Series{Group: []string{"host:a"}})
	want := []enrich.Block{
		enrich.Paragraph("Datadog has no point of this metric in the 1h30m before 12:00 UTC."),
		enrich.Code("avg:system.load.1{env:prod} by {host}"),
	}
	if diff := cmp.Diff(want, got.Blocks); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(Data{Query: "avg:system.load.1{env:prod} by {host}"}, got.Data); diff != "" {
		t.Errorf("data (-want +got):\n%s", diff)
	}
}

func TestEnrich_asks_for_the_playbooks_query_and_window(t *testing.T) {
	for name, tt := range map[string]struct {
		c    Config
		a    alert.Alert
		want datadog.SeriesQuery
	}{
		"the_alerts_own": {
			Config{},
			alert.Alert{Query: query, Date: noon.Add(time.Second)},
			datadog.SeriesQuery{Query: "avg:system.load.1{env:prod} by {host}", From: noon.Add(-59 * time.Minute), To: noon.Add(time.Minute)},
		},
		"the_same_for_another_alert_of_that_minute": {
			Config{},
			alert.Alert{Query: query, Date: noon.Add(59 * time.Second)},
			datadog.SeriesQuery{Query: "avg:system.load.1{env:prod} by {host}", From: noon.Add(-59 * time.Minute), To: noon.Add(time.Minute)},
		},
		"the_playbooks": {
			Config{Query: " avg:b{*} > 1", Window: 10 * time.Minute},
			alert.Alert{Query: "1 && 2", Date: noon},
			datadog.SeriesQuery{Query: "avg:b{*}", From: noon.Add(-10 * time.Minute), To: noon},
		},
		"as_far_back_as_the_monitor_looks": {
			Config{},
			alert.Alert{Query: "sum(last_4h):sum:b{*}.as_count() > 100", Date: noon},
			datadog.SeriesQuery{Query: "sum:b{*}.as_count()", From: noon.Add(-4 * time.Hour), To: noon},
		},
		"further_back_than_the_monitor_if_the_playbook_says_so": {
			Config{Window: 5 * time.Hour},
			alert.Alert{Query: "sum(last_4h):sum:b{*}.as_count() > 100", Date: noon},
			datadog.SeriesQuery{Query: "sum:b{*}.as_count()", From: noon.Add(-5 * time.Hour), To: noon},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var asked datadog.SeriesQuery
			step := New(sourceFunc(func(_ context.Context, q datadog.SeriesQuery) ([]datadog.Series, error) { asked = q; return nil, nil }), tt.c)
			if _, err := step.Enrich(t.Context(), tt.a); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, asked); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEnrich_an_alert_without_a_time_is_of_now(t *testing.T) {
	_, to := Window(alert.Alert{}, 0, 0)
	if off := time.Until(to); off < -time.Minute || off > time.Minute {
		t.Errorf("the window ends %v from now", off)
	}
}

func TestEnrich_skips_what_is_no_metric_query(t *testing.T) {
	for _, tt := range []struct{ query, given, want string }{
		{"", "", "the alert names no query"},
		{"4711 && 4712", "", "the query of the alert's monitor is a composite of other monitors"},
		{`logs("a").index("*").rollup("count").last("5m") > 1`, "", "the query of the alert's monitor is a log query"},
		{query, "logs('a')", "the playbook's query is a log query"},
		{"avg:a{" + strings.Repeat("x", 7000) + "}", "", "the query of the alert's monitor is too long to be asked again"},
	} {
		step := enrich.Named{Name: Name, Step: New(nil, Config{Query: tt.given})}
		r := enrich.Run(t.Context(), []enrich.Named{step}, alert.Alert{Query: tt.query}, time.Minute)[0]
		if r.Status != enrich.Skipped || fault.Public(r.Err) != tt.want {
			t.Errorf("%.40q: %s, %v, want skipped, %s", tt.query, r.Status, r.Err, tt.want)
		}
	}
}

func TestConfig_Validate(t *testing.T) {
	for _, tt := range []struct {
		c    Config
		want string
	}{
		{Config{}, ""},
		{Config{Query: "avg:a{*} > 1", Window: time.Hour}, ""},
		{Config{Query: "avg:a{ {{ .alert.tags.host }} }"}, ""},
		{Config{Window: -1}, "window is -1ns: give a time between 1m and 720h"},
		{Config{Window: 721 * time.Hour}, "window is 721h0m0s: give a time between 1m and 720h"},
		{Config{Query: "logs('a')"}, "query is a log query: give a metric query such as avg:system.load.1{*}"},
	} {
		got := ""
		if err := tt.c.Validate(); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%+v: got %q, want %q", tt.c, got, tt.want)
		}
	}
}

func TestEnrich_what_others_wrote_is_bounded(t *testing.T) {
	group := []string{"host:" + strings.Repeat("é\n", 5000), "\x1b]0;x\a"}
	got := enriched(t, Config{}, alert.Alert{Query: "avg:a{" + strings.Repeat("b:c,", 1000) + "d:e} by {host}", Date: noon}, datadog.Series{
		Group: group, Unit: strings.Repeat("u", 5000), Points: points(math.MaxFloat64, math.MaxFloat64, -math.MaxFloat64, 1, math.MaxFloat64),
	})
	d := got.Data.(Data)
	if len([]rune(d.Group)) > maxGroup || strings.ContainsAny(d.Group, "\n\x1b\a") || len(d.Unit) > maxGroup+3 {
		t.Errorf("group %q, unit %q", d.Group, d.Unit)
	}
	if code := got.Blocks[1].(enrich.Code); len([]rune(code)) > maxQuery {
		t.Errorf("the query has %d characters", len(code))
	}
	if _, err := json.Marshal(d); err != nil {
		t.Error(err)
	}
}

// TestData_as_playbooks_see_it holds the names that playbooks rely on.
func TestData_as_playbooks_see_it(t *testing.T) {
	text, err := json.Marshal(Data{Query: "avg:a{*}", JumpedAt: noon, Trend: Jump})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"query":"avg:a{*}","group":"","groups":0,"unit":"","points":0,"value":0,"operator":"","threshold":0,"beyond":false,"min":0,"max":0,"mean":0,` +
		`"trend":"jump","sparkline":"","jumped_at":"2026-11-21T12:00:00Z","jumped_from":0,"jumped_to":0}`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}
