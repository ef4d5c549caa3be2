package fakedatadog_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fakedatadog"
)

func TestMetrics_Query(t *testing.T) {
	s := newServer()
	start := float64(noon.Add(-2 * time.Minute).UnixMilli())
	s.AddSeries(fakedatadog.Series{
		Query: "avg:system.load.1{env:prod} by {host}", Scope: "env:prod,host:a", TagSet: []string{"host:a"},
		Unit:   []*fakedatadog.Unit{{Name: "percent", ShortName: "%"}, nil},
		Points: [][2]float64{{start, 1}, {start + 60_000, 2}, {start + 120_000, 3}},
	})
	from, to := noon.Add(-time.Minute).Unix(), noon.Unix()
	target := fmt.Sprintf("/api/v1/query?from=%d&to=%d&query=", from, to)
	got := ask(t, s, "GET", target+"avg:system.load.1%7Benv:prod%7Dby%7Bhost%7D", "").mustBe(t, 200)
	for _, part := range []string{
		`"metric":"system.load.1"`, `"aggr":"avg"`, `"scope":"env:prod,host:a"`, `"tag_set":["host:a"]`, `"interval":60`, `"length":2`,
		`"pointlist":[[1773489540000,2],[1773489600000,3]]`, `"end":1773489659000`, `"group_by":["host"]`, `"short_name":"%"`,
	} {
		if !strings.Contains(got.body, part) {
			t.Errorf("no %s in %s", part, got.body)
		}
	}
	if got.header.Get("X-RateLimit-Limit") != "1600" {
		t.Errorf("headers %v", got.header)
	}
	for _, other := range []string{target + "avg:system.load.5%7B*%7D", fmt.Sprintf("/api/v1/query?from=1&to=2&query=avg:system.load.1%%7Benv:prod%%7Dby%%7Bhost%%7D")} {
		if got := ask(t, s, "GET", other, "").mustBe(t, 200).body; !strings.Contains(got, `"series":[]`) {
			t.Errorf("%s: %s", other, got)
		}
	}
}

func TestSnapshot(t *testing.T) {
	s := newServer()
	address := func(query string) string {
		body := ask(t, s, "GET", "/api/v1/graph/snapshot?start=1&end=2&metric_query="+query, "").mustBe(t, 200).body
		answer := decode[map[string]string](t, body)
		if answer["metric_query"] != query || !strings.Contains(answer["graph_def"], `"q":"`+query+`"`) {
			t.Errorf("answer %s", body)
		}
		return answer["snapshot_url"]
	}
	a, b := address("a"), address("b")
	if a == b || a != address("a") || !strings.HasPrefix(a, "https://p.datadoghq.com/snapshot/view/dd-snapshots-prod/org_321813/2026-03-14/") || !strings.HasSuffix(a, ".png") {
		t.Errorf("pictures %s and %s", a, b)
	}
}

func seedLines(s *fakedatadog.Server) {
	for i, l := range []fakedatadog.Log{
		{Message: "Connection refused", Status: "error", Service: "checkout", Host: "web-1", Tags: []string{"env:prod", "version:1.2"}},
		{Message: "connection reset", Status: "error", Service: "check out", Attributes: map[string]any{"n": 1}},
		{Message: "started", Service: "checkout", Tags: []string{"env:dev"}},
		{Message: "old", Status: "error", Service: "checkout", Timestamp: noon.Add(-time.Hour)},
	} {
		l.ID = fmt.Sprint("line-", i)
		if l.Timestamp.IsZero() {
			l.Timestamp = noon.Add(time.Duration(i-10) * time.Second)
		}
		s.AddLog(l)
	}
}

type found struct {
	Data []struct {
		ID         string
		Attributes fakedatadog.Log
	}
	Meta struct{ Page struct{ After string } }
}

func (f found) ids() (ids []string) {
	for _, one := range f.Data {
		ids = append(ids, one.ID)
	}
	return ids
}

func searchLogs(t *testing.T, s *fakedatadog.Server, body string) found {
	t.Helper()
	return decode[found](t, ask(t, s, "POST", "/api/v2/logs/events/search", body).mustBe(t, 200).body)
}

func TestLogs_Search(t *testing.T) {
	for query, want := range map[string][]string{
		"":                         {"line-0", "line-1", "line-2"},
		"*":                        {"line-0", "line-1", "line-2"},
		"status:error":             {"line-0", "line-1"},
		"-status:error":            {"line-2"},
		"service:checkout":         {"line-0", "line-2"},
		`service:\"check out\"`:    {"line-1"},
		"service:check*":           {"line-0", "line-1", "line-2"},
		"connection":               {"line-0", "line-1"},
		`\"connection refused\"`:   {"line-0"},
		"host:web-1":               {"line-0"},
		"env:prod AND version:1.*": {"line-0"},
		"env:dev status:info":      {"line-2"},
		"env:prod status:info":     nil,
	} {
		t.Run(query, func(t *testing.T) {
			s := newServer()
			seedLines(s)
			if diff := cmp.Diff(want, searchLogs(t, s, `{"filter":{"query":"`+query+`"}}`).ids()); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLogs_SearchTimeAndPage(t *testing.T) {
	s := newServer()
	seedLines(s)
	for body, want := range map[string][]string{
		`{"filter":{"from":"now-2h"},"sort":"-timestamp"}`: {"line-2", "line-1", "line-0", "line-3"},
		fmt.Sprintf(`{"filter":{"from":%q,"to":"%d"}}`, noon.Add(-2*time.Hour).Format(time.RFC3339), noon.Add(-10*time.Second).UnixMilli()): {"line-3", "line-0"},
		`{"page":{"limit":1}}`: {"line-0"},
	} {
		if diff := cmp.Diff(want, searchLogs(t, s, body).ids()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
	first := searchLogs(t, s, `{"page":{"limit":2}}`)
	next := searchLogs(t, s, `{"page":{"limit":2,"cursor":"`+first.Meta.Page.After+`"}}`)
	if diff := cmp.Diff([]string{"line-0", "line-1", "line-2"}, append(first.ids(), next.ids()...)); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
}

func TestServer_AddLog(t *testing.T) {
	s := newServer()
	id := s.AddLog(fakedatadog.Log{Message: "a", Tags: []string{"env:prod"}})
	got := searchLogs(t, s, `{}`).Data[0]
	if got.ID != id || id == "" || got.Attributes.Status != "info" || !got.Attributes.Timestamp.Equal(noon) {
		t.Errorf("got %+v", got)
	}
	if another := s.AddLog(fakedatadog.Log{}); another == id {
		t.Errorf("two lines have the id %s", id)
	}
}

func TestSLOs_Search(t *testing.T) {
	s := newServer()
	a := s.AddSLO(fakedatadog.SLO{Name: "Checkout answers", Tags: []string{"service:checkout", "env:prod"}, SLI: new(99.2), Budget: new(20.0), State: "ok"})
	b := s.AddSLO(fakedatadog.SLO{Name: "Checkout is quick", Tags: []string{"service:checkout"}})
	s.AddSLO(fakedatadog.SLO{Name: "Search answers"})
	for query, want := range map[string][]string{
		"query=service:checkout":                                     {a, b},
		"query=service:%22checkout%22":                               {a, b},
		"query=checkout+IS":                                          {b},
		"query=service:cart":                                         nil,
		"query=service:checkout&page%5Bsize%5D=1":                    {a},
		"query=service:checkout&page%5Bsize%5D=1&page%5Bnumber%5D=1": {b},
		"query=service:checkout&page%5Bnumber%5D=9":                  nil,
	} {
		answer := decode[struct {
			Data struct {
				Attributes struct {
					SLOs []struct{ Data struct{ ID string } }
				}
			}
		}](t, ask(t, s, "GET", "/api/v1/slo/search?"+query, "").mustBe(t, 200).body)
		var got []string
		for _, slo := range answer.Data.Attributes.SLOs {
			got = append(got, slo.Data.ID)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	body := ask(t, s, "GET", "/api/v1/slo/search?query=answers", "").body
	for _, part := range []string{`"error_budget_remaining":20`, `"sli":99.2`, `"service_tags":["service:checkout"]`, `"state":"ok"`, `"target_threshold":99`} {
		if !strings.Contains(body, part) {
			t.Errorf("no %s in %s", part, body)
		}
	}
}

func TestSLOs_History(t *testing.T) {
	type overall struct {
		SLI    *float64                     `json:"sli_value"`
		Budget map[string]float64           `json:"error_budget_remaining"`
		Errors []map[string]json.RawMessage `json:"errors"`
	}
	for name, tc := range map[string]struct {
		slo   fakedatadog.SLO
		query string
		want  overall
	}{
		"its budget":                        {fakedatadog.SLO{SLI: new(99.5), Budget: new(50.0)}, "", overall{SLI: new(99.5), Budget: map[string]float64{"7d": 50}}},
		"the budget of now goes before":     {fakedatadog.SLO{SLI: new(99.5), Budget: new(50.0), HistoryBudget: new(-3.0)}, "", overall{SLI: new(99.5), Budget: map[string]float64{"7d": -3}}},
		"the budget of a target of its own": {fakedatadog.SLO{Type: "monitor", MonitorIDs: []int64{7}, SLI: new(99.5), Timeframe: "30d", Budget: new(50.0)}, "&target=99.5", overall{SLI: new(99.5), Budget: map[string]float64{"30d": 50, "custom": 50}}},
		"nothing that could be calculated":  {fakedatadog.SLO{Type: "time_slice", Problem: "no data"}, "", overall{Errors: []map[string]json.RawMessage{{"error_message": []byte(`"no data"`), "error_type": []byte(`"ZERO_VALUED_DENOMINATOR"`)}}}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer()
			body := ask(t, s, "GET", "/api/v1/slo/"+s.AddSLO(tc.slo)+"/history?from_ts=1&to_ts=20000"+tc.query, "").mustBe(t, 200).body
			got := decode[struct{ Data struct{ Overall overall } }](t, body).Data.Overall
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("overall (-want +got):\n%s", diff)
			}
		})
	}
	ask(t, newServer(), "GET", "/api/v1/slo/unknown/history?from_ts=1&to_ts=2", "").mustBe(t, 404)
}
