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
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

const query = "avg(last_5m):avg:system.load.1{env:prod} by {host} > 0.8"

func TestConformance(t *testing.T) {
	enrichtest.Conformance(t, enrichtest.Case{
		Kind:  Kind,
		Alert: alert.Alert{ID: "1", Query: query, Date: noon, Tags: alert.Tags{"host:a"}},
		Seed: func(s *fakedatadog.Server) {
			s.AddSeries(fakedatadog.Series{
				Query: "avg:system.load.1{env:prod} by {host}", TagSet: []string{"host:a"},
				Points: [][2]float64{{float64(noon.Add(-time.Minute).UnixMilli()), 0.93}},
			})
		},
	})
}

// points returns one value per minute, the last at noon.
func points(values ...float64) []datadog.Point {
	all := make([]datadog.Point, len(values))
	for i, v := range values {
		all[i] = datadog.Point{Time: noon.Add(time.Duration(i-len(values)+1) * time.Minute), Value: v}
	}
	return all
}

func enriched(t *testing.T, c Config, a alert.Alert, all ...datadog.Series) enrich.Finding {
	t.Helper()
	return enrichtest.Find(t, newStep(func(context.Context, datadog.SeriesQuery) ([]datadog.Series, error) { return all, nil }, c), a)
}

func enrichedFacts(t *testing.T, query string, all ...datadog.Series) enrich.Facts {
	t.Helper()
	return enriched(t, Config{}, alert.Alert{Query: query, Date: noon, Tags: alert.Tags{"env:prod"}}, all...).Blocks[0].(enrich.Facts)
}

func TestEnrich_AlertingGroup(t *testing.T) {
	got := enriched(t, Config{}, alert.Alert{Query: query, Date: noon, Scope: "host:b"},
		datadog.Series{Group: []string{"host:a"}, Points: points(9, 9, 9, 9)},
		datadog.Series{Group: []string{"host:b"}, Unit: "%", Points: points(0.3, 0.31, 0.3, 0.29, 0.3, 0.9, 0.95, 0.9, 0.94, 0.96)},
		datadog.Series{Group: []string{"host:c"}},
	)
	value := 0.93
	want := enrich.Finding{
		Title: "Metric", Weight: enrich.Important, Standing: enrich.Standing{Value: &value, Unit: "%"},
		Blocks: []enrich.Block{
			enrich.Facts{
				{Name: "Value", Value: "0.93 % (avg over 5m), above 0.8 %", Lead: enrich.What},
				{Name: "Group", Value: "host:b"},
				{Name: "Last 1h", Value: "min 0.29 %, mean 0.615 %, max 0.96 %"},
				{Name: "Trend", Value: "▁▁▁▁▁█████ jump"},
				{Name: "Jump", Value: "from 0.3 % to 0.93 % at 11:56 UTC, 4 min before", Lead: enrich.What},
			},
			enrich.Code("avg:system.load.1{env:prod} by {host}"),
		},
		Lead: []enrich.Lead{{Answer: enrich.What, Text: "0.93 % (avg over 5m), above 0.8 %"}, {Answer: enrich.What, Text: "jumped from 0.3 % to 0.93 % at 11:56 UTC, 4 min before"}},
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

func TestEnrich_MostExtremeGroup(t *testing.T) {
	all := []datadog.Series{
		{Group: []string{"host:a"}, Points: points(2)},
		{Group: []string{"host:b"}, Points: points(3)},
		{Group: []string{"host:c"}, Points: points(1)},
	}
	for comparison, want := range map[string]string{"> 2.5": "host:b", "<= 2.5": "host:c", "": "host:b"} {
		if fact := enrichedFacts(t, "avg(last_1m):avg:a{*} by {host}"+comparison, all...)[1]; fact.Value != want+", the most extreme of 3" {
			t.Errorf("%q: got %+v, want %s", comparison, fact, want)
		}
	}
}

func TestEnrich_ValueAndThreshold(t *testing.T) {
	series := datadog.Series{Points: points(10, 1, 2, 6)}
	for query, want := range map[string][]string{
		"avg(last_3m):avg:a{*} > 5":   {"3 (avg over 3m), not above 5"},
		"min(last_3m):avg:a{*} < 5":   {"1 (min over 3m), below 5"},
		"max(last_1h):avg:a{*} >= 10": {"10 (max over 1h), at or above 10"},
		"sum(last_2m):avg:a{*} > 1e6": {"8 (sum over 2m), not above 1000000"},
		"avg:a{*}":                    {"6"},
		// The threshold of a change, or of a window without a fixed length, is not the value's.
		"sum(current_1mo):avg:a{*} > 1":                  {"6", "sum over current_1mo > 1"},
		"avg(current_1d):avg:a{*}":                       {"6"},
		"pct_change(avg(last_2m),last_1h):avg:a{*} > 50": {"4 (avg over 2m)", "pct_change since last_1h > 50 %"},
		"change(avg(last_2m),last_1h):avg:a{*}":          {"4 (avg over 2m)"},
	} {
		got := enriched(t, Config{}, alert.Alert{Query: query, Date: noon}, series)
		var values []string
		for _, fact := range got.Blocks[0].(enrich.Facts) {
			if fact.Name == "Value" || fact.Name == "Threshold" {
				values = append(values, fact.Value)
			}
		}
		if diff := cmp.Diff(want, values); diff != "" {
			t.Errorf("%s: facts (-want +got):\n%s", query, diff)
		}
		_, side, compared := strings.Cut(want[0], ", ")
		if d := got.Data.(Data); compared != (d.Operator != "") || d.Beyond != (compared && !strings.HasPrefix(side, "not")) {
			t.Errorf("%s: data %+v", query, d)
		}
	}
}

func TestEnrich_Lead(t *testing.T) {
	rising := make([]float64, 60)
	for i := range rising {
		rising[i] = float64(i) / 10
	}
	for _, tt := range []struct {
		name, query string
		series      []datadog.Series
		want        string
	}{
		{"rising", "max(last_5m):avg:a{*} > 5", []datadog.Series{{Unit: "s", Points: points(rising...)}}, "5.9 s (max over 5m), above 5 s; rising"},
		{"near", "avg(last_5m):avg:a{*} > 0.8", []datadog.Series{{Unit: "s", Points: points(0.80041)}}, "0.80041 s (avg over 5m), above 0.8 s"},
		{"bytes", "avg(last_5m):avg:a{*} > 1073741824", []datadog.Series{{Unit: "B", Points: points(1288490188, 1288490188, 1288490188, 1288490188)}}, "1.2 GiB (avg over 5m), above 1 GiB; steady"},
		{"another group", "avg(last_5m):avg:a{*} by {host} > 1", []datadog.Series{{Group: []string{"host:a"}, Points: points(2)}, {Group: []string{"host:b"}, Points: points(3)}}, "3 (avg over 5m), above 1 in host:b, the most extreme of 2"},
		{"no points", "avg(last_5m):avg:a{*} > 1", nil, "no points of the metric in the 1h before 12:00 UTC"},
	} {
		got := enriched(t, Config{}, alert.Alert{Query: tt.query, Date: noon}, tt.series...)
		var want []enrich.Lead
		for text := range strings.SplitSeq(tt.want, "; ") {
			want = append(want, enrich.Lead{Answer: enrich.What, Text: text})
		}
		if diff := cmp.Diff(want, got.Lead); diff != "" {
			t.Errorf("%s: leads (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestEnrich_WholeMonitorWindow(t *testing.T) {
	series := func(_ context.Context, q datadog.SeriesQuery) ([]datadog.Series, error) {
		var one datadog.Series
		for at := q.From.Add(time.Minute); !at.After(q.To); at = at.Add(time.Minute) {
			one.Points = append(one.Points, datadog.Point{Time: at, Value: 1})
		}
		return []datadog.Series{one}, nil
	}
	got := enrichtest.Find(t, newStep(series, Config{}), alert.Alert{Query: "sum(last_4h):sum:a{*}.as_count() > 200", Date: noon})
	got.Blocks = got.Blocks[:1]
	enrichtest.Blocks(t, got, enrich.Facts{
		{Name: "Value", Value: "240 (sum over 4h), above 200", Lead: enrich.What},
		{Name: "Last 4h", Value: "min 1, mean 1, max 1"},
		{Name: "Trend", Value: strings.Repeat("▁", 32) + " steady"},
	})
}

func TestEnrich_NoPoints(t *testing.T) {
	got := enriched(t, Config{Window: 90 * time.Minute}, alert.Alert{Query: query, Date: noon}, datadog.Series{Group: []string{"host:a"}})
	enrichtest.Blocks(t, got,
		enrich.Facts{{Name: "Value", Value: "no points of the metric in the 1h30m before 12:00 UTC", Lead: enrich.What}},
		enrich.Code("avg:system.load.1{env:prod} by {host}"))
	if diff := cmp.Diff(Data{Query: "avg:system.load.1{env:prod} by {host}"}, got.Data); diff != "" {
		t.Errorf("data (-want +got):\n%s", diff)
	}
}

func TestEnrich_Query(t *testing.T) {
	const fourHours = "sum(last_4h):sum:b{*}.as_count() > 100"
	for name, tt := range map[string]struct {
		c    Config
		a    alert.Alert
		want datadog.SeriesQuery
	}{
		"alert": {
			Config{},
			alert.Alert{Query: query, Date: noon.Add(time.Second)},
			datadog.SeriesQuery{Query: "avg:system.load.1{env:prod} by {host}", From: noon.Add(-59 * time.Minute), To: noon.Add(time.Minute)},
		},
		"playbook": {
			Config{Query: " avg:b{*} > 1", Window: 10 * time.Minute},
			alert.Alert{Query: "1 && 2", Date: noon},
			datadog.SeriesQuery{Query: "avg:b{*}", From: noon.Add(-10 * time.Minute), To: noon},
		},
		"monitor's window": {
			Config{},
			alert.Alert{Query: fourHours, Date: noon},
			datadog.SeriesQuery{Query: "sum:b{*}.as_count()", From: noon.Add(-4 * time.Hour), To: noon},
		},
		"playbook's longer window": {
			Config{Window: 5 * time.Hour},
			alert.Alert{Query: fourHours, Date: noon},
			datadog.SeriesQuery{Query: "sum:b{*}.as_count()", From: noon.Add(-5 * time.Hour), To: noon},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var asked datadog.SeriesQuery
			enrichtest.Find(t, newStep(func(_ context.Context, q datadog.SeriesQuery) ([]datadog.Series, error) { asked = q; return nil, nil }, tt.c), tt.a)
			if diff := cmp.Diff(tt.want, asked); diff != "" {
				t.Errorf("query (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEnrich_Skipped(t *testing.T) {
	for _, tt := range []struct{ query, playbook, want string }{
		{"", "", "the alert has no query"},
		{"4711 && 4712", "", "the query of the alert's monitor is a composite of other monitors"},
		{query, "logs('a')", "the playbook's query is a log query"},
		{"avg:a{" + strings.Repeat("x", 7000) + "}", "", "the query of the alert's monitor is too long"},
	} {
		enrichtest.Skips(t, newStep(nil, Config{Query: tt.playbook}), alert.Alert{Query: tt.query}, tt.want)
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
		{Config{Window: -1}, "window is -1ns: set a time between 1m and 720h"},
		{Config{Window: 721 * time.Hour}, "window is 721h0m0s: set a time between 1m and 720h"},
		{Config{Query: "logs('a')"}, "query is a log query: set a metric query such as avg:system.load.1{*}"},
	} {
		enrichtest.Validate(t, tt.c, tt.want)
	}
}

func TestEnrich_Limits(t *testing.T) {
	group := []string{"host:" + strings.Repeat("é\n", 5000), "\x1b]0;x\a"}
	got := enriched(t, Config{}, alert.Alert{Query: "avg:a{" + strings.Repeat("b:c,", 1000) + "d:e} by {host}", Date: noon}, datadog.Series{
		Group: group, Unit: strings.Repeat("u", 5000), Points: points(math.MaxFloat64, math.MaxFloat64, -math.MaxFloat64, 1, math.MaxFloat64),
	})
	d := got.Data.(Data)
	if len([]rune(d.Group)) > maxGroupRunes || strings.ContainsAny(d.Group, "\n\x1b\a") || len([]rune(d.Unit)) > maxGroupRunes {
		t.Errorf("group %q, unit %q", d.Group, d.Unit)
	}
	if code := got.Blocks[1].(enrich.Code); len([]rune(code)) > maxQueryRunes {
		t.Errorf("the query has %d runes", len(code))
	}
	if _, err := json.Marshal(d); err != nil {
		t.Error(err)
	}
}
