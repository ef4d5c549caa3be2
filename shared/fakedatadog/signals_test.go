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

func TestMetrics_AnswerTheQueryThatASeriesWasSeededFor(t *testing.T) {
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

func TestSignals_RefuseWhatIsMissingOrWrong(t *testing.T) {
	s := newServer()
	id := s.AddSLO(fakedatadog.SLO{Name: "a"})
	for _, tc := range []struct{ method, target, body, want string }{
		{"GET", "/api/v1/query?to=1&query=x", "", "The parameter 'from' is required"},
		{"GET", "/api/v1/query?from=0&to=x&query=x", "", "The value provided for parameter 'to' is invalid"},
		{"GET", "/api/v1/query?from=0&to=1", "", "The parameter 'query' is required"},
		{"GET", "/api/v1/graph/snapshot?start=1&end=2", "", "The parameter 'metric_query' is required"},
		{"GET", "/api/v1/graph/snapshot?end=2&metric_query=x", "", "The parameter 'start' is required"},
		{"GET", "/api/v1/slo/search?page%5Bsize%5D=many", "", "The value provided for parameter 'page[size]' is invalid"},
		{"GET", "/api/v1/slo/" + id + "/history?from_ts=9&to_ts=9", "", "The timeframe is incorrect: invalid from 9 or to 9 timestamp"},
		{"GET", "/api/v1/slo/" + id + "/history?from_ts=1", "", "The parameter 'to_ts' is required"},
		{"GET", "/api/v1/slo/" + id + "/history?from_ts=1&to_ts=2&target=100", "", "The value provided for parameter 'target' is invalid"},
		{"POST", "/api/v2/logs/events/search", "no JSON", "Payload is not valid JSON"},
		{"POST", "/api/v2/logs/events/search", `{"filter":{"from":"yesterday"}}`, `input_validation_error(Field 'filter' is invalid: invalid time "yesterday")`},
		{"POST", "/api/v2/logs/events/search", `{"page":{"limit":1001}}`, "input_validation_error(Field 'page.limit' is invalid: limit must be between 0 and 1000)"},
		{"POST", "/api/v2/logs/events/search", `{"filter":{"query":"service:(a"}}`, `input_validation_error(Field 'filter.query' is invalid: fakedatadog cannot parse "service:(a")`},
	} {
		if diff := cmp.Diff([]string{tc.want}, ask(t, s, tc.method, tc.target, tc.body).mustBe(t, 400).errorsIn(t)); diff != "" {
			t.Errorf("%s %s %s (-want +got):\n%s", tc.method, tc.target, tc.body, diff)
		}
	}
}

func TestSnapshot_IsAnotherPictureForEachQuery(t *testing.T) {
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

func TestSnapshot_IsLimitedToSixtyAnHour(t *testing.T) {
	s := newServer()
	for range 60 {
		ask(t, s, "GET", "/api/v1/graph/snapshot?start=1&end=2&metric_query=a", "").mustBe(t, 200)
	}
	if got := ask(t, s, "GET", "/api/v1/graph/snapshot?start=1&end=2&metric_query=a", "").mustBe(t, 429); got.header.Get("X-RateLimit-Period") != "3600" {
		t.Errorf("headers %v", got.header)
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

func TestLogs_SearchByTimeAndPage(t *testing.T) {
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

func TestLogs_TheEleventhSearchInTenSecondsIsRefused(t *testing.T) {
	s := newServer()
	for range 10 {
		searchLogs(t, s, `{}`)
	}
	if got := ask(t, s, "POST", "/api/v2/logs/events/search", "{}").mustBe(t, 429); got.header.Get("X-RateLimit-Reset") != "10" {
		t.Errorf("headers %v", got.header)
	}
}

func TestServer_AddLog_FillsInWhatIsMissing(t *testing.T) {
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

func TestSLOs_SearchByTagOrName(t *testing.T) {
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
		"its_budget":                        {fakedatadog.SLO{SLI: new(99.5), Budget: new(50.0)}, "", overall{SLI: new(99.5), Budget: map[string]float64{"7d": 50}}},
		"the_budget_of_now_goes_before":     {fakedatadog.SLO{SLI: new(99.5), Budget: new(50.0), HistoryBudget: new(-3.0)}, "", overall{SLI: new(99.5), Budget: map[string]float64{"7d": -3}}},
		"the_budget_of_a_target_of_its_own": {fakedatadog.SLO{Type: "monitor", MonitorIDs: []int64{7}, SLI: new(99.5), Timeframe: "30d", Budget: new(50.0)}, "&target=99.5", overall{SLI: new(99.5), Budget: map[string]float64{"30d": 50, "custom": 50}}},
		"nothing_that_could_be_calculated":  {fakedatadog.SLO{Type: "time_slice", Problem: "no data"}, "", overall{Errors: []map[string]json.RawMessage{{"error_message": []byte(`"no data"`), "error_type": []byte(`"ZERO_VALUED_DENOMINATOR"`)}}}},
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

func TestControl_SeedsSignals(t *testing.T) {
	s := newServer()
	ask(t, s, "POST", "/_fake/series", fmt.Sprintf(`{"query":"avg:a{*}","pointlist":[[%d,1]]}`, noon.UnixMilli())).mustBe(t, 204)
	ask(t, s, "POST", "/_fake/logs", `{"message":"a","status":"error"}`).mustBe(t, 201)
	id := decode[map[string]string](t, ask(t, s, "POST", "/_fake/slos", `{"name":"a","tags":["service:a"]}`).mustBe(t, 201).body)["id"]
	if body := ask(t, s, "GET", fmt.Sprintf("/api/v1/query?from=%d&to=%d&query=avg:a%%7B*%%7D", noon.Unix(), noon.Unix()), "").body; !strings.Contains(body, `"length":1`) {
		t.Errorf("series: %s", body)
	}
	if got := searchLogs(t, s, `{"filter":{"query":"status:error"}}`); len(got.Data) != 1 {
		t.Errorf("logs: %+v", got)
	}
	if body := ask(t, s, "GET", "/api/v1/slo/search?query=service:a", "").body; !strings.Contains(body, `"id":"`+id+`"`) {
		t.Errorf("SLOs: %s", body)
	}
}
