package fakedatadog_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fakedatadog"
)

const monitorBody = `{"type":"query alert","name":"CPU","message":"@pagerduty","query":"avg(last_5m):avg:system.cpu{*} by {host} > 90",` +
	`"tags":["team:web"],"priority":2,"options":{"thresholds":{"critical":90,"warning":null},"renotify_interval":60}}`

// createMonitor returns the path of a new monitor.
func createMonitor(t *testing.T, s *fakedatadog.Server) (path string) {
	t.Helper()
	answer := ask(t, s, "POST", "/api/v1/monitor", monitorBody).mustBe(t, 200).body
	if !strings.Contains(answer, `"restriction_policy":null`) || !strings.Contains(answer, `"creator":{`) {
		t.Errorf("the answer to a create lacks the policy or the creator: %s", answer)
	}
	created := decode[fakedatadog.Monitor](t, answer)
	return "/api/v1/monitor/" + strconv.FormatInt(created.ID, 10)
}

func TestMonitors_Lifecycle(t *testing.T) {
	s := newServer()
	path := createMonitor(t, s)

	got := decode[fakedatadog.Monitor](t, ask(t, s, "GET", path, "").mustBe(t, 200).body)
	want := fakedatadog.Monitor{
		ID: got.ID, OrgID: 321813, Type: "query alert", Name: "CPU", Message: "@pagerduty", Tags: []string{"team:web"},
		Query: "avg(last_5m):avg:system.cpu{*} by {host} > 90", Multi: true, Priority: new(int64(2)), OverallState: "No Data",
		CreatedAt: noon.UnixMilli(), Created: "2026-03-14T12:00:00.000000+00:00", Modified: "2026-03-14T12:00:00.000000+00:00",
		Creator: &fakedatadog.Creator{ID: 1, Handle: "someone@example.com", Email: "someone@example.com"},
		Options: map[string]any{
			"thresholds": map[string]any{"critical": json.Number("90")}, "renotify_interval": json.Number("60"), "silenced": map[string]any{},
			"notify_no_data": false, "notify_audit": false, "include_tags": true, "new_host_delay": json.Number("300"),
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("created (-want +got):\n%s", diff)
	}

	updated := ask(t, s, "PUT", path, `{"name":"CPU is busy","options":{"timeout_h":1},"id":1}`).mustBe(t, 200).body
	if strings.Contains(updated, `"creator"`) || strings.Contains(updated, `"restriction_policy"`) {
		t.Errorf("the answer to an update has the policy or the creator: %s", updated)
	}
	changed := decode[fakedatadog.Monitor](t, ask(t, s, "GET", path, "").mustBe(t, 200).body)
	want.Name = "CPU is busy"
	delete(want.Options, "thresholds")
	delete(want.Options, "renotify_interval")
	want.Options["timeout_h"] = json.Number("1")
	if diff := cmp.Diff(want, changed); diff != "" {
		t.Errorf("updated, options as a whole (-want +got):\n%s", diff)
	}
	ask(t, s, "PUT", path, `{"message":"only this"}`).mustBe(t, 200)
	if kept := decode[fakedatadog.Monitor](t, ask(t, s, "GET", path, "").body); kept.Options["timeout_h"] == nil || kept.Message != "only this" {
		t.Errorf("an update without options changed them: %v", kept.Options)
	}

	if got := ask(t, s, "DELETE", path, "").mustBe(t, 200).body; !strings.HasPrefix(got, `{"deleted_monitor_id":155`) {
		t.Errorf("deleted: %s", got)
	}
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		if diff := cmp.Diff([]string{"Monitor not found"}, ask(t, s, method, path, "{}").mustBe(t, 404).errorsIn(t)); diff != "" {
			t.Errorf("%s of a deleted monitor (-want +got):\n%s", method, diff)
		}
	}
}

func TestMonitors_GetOptional(t *testing.T) {
	s := newServer()
	groups := map[string]fakedatadog.GroupState{
		"host:a": {Name: "host:a", Status: "Alert", LastTriggeredTS: 1773489000, LastNotifiedTS: 1773489001},
		"host:b": {Name: "host:b", Status: "OK", LastResolvedTS: 1773480000},
		"host:c": {Name: "host:c", Status: "No Data", LastNodataTS: 1773481000},
		"host:d": {Name: "host:d", Status: "Warn"},
	}
	id := s.AddMonitor(fakedatadog.Monitor{
		Name: "CPU", Query: "x", State: &fakedatadog.MonitorState{Groups: groups},
		MatchingDowntimes: []fakedatadog.Downtime{{ID: 9, Scope: []string{"*"}, Start: 1, Active: true}},
		Assets:            []fakedatadog.Asset{{Category: "runbook", Name: "Restart it", URL: "https://example.com/runbook"}},
	})
	groups["host:late"] = fakedatadog.GroupState{Status: "Alert"}
	path := "/api/v1/monitor/" + strconv.FormatInt(id, 10)

	bare := ask(t, s, "GET", path, "").mustBe(t, 200).body
	for _, key := range []string{"state", "matching_downtimes", "assets", "restriction_policy"} {
		if strings.Contains(bare, `"`+key+`":`) {
			t.Errorf("%s is shown unasked: %s", key, bare)
		}
	}
	if !strings.Contains(bare, `"overall_state":"Alert"`) {
		t.Errorf("the overall state is not that of the worst group: %s", bare)
	}
	for filter, want := range map[string][]string{
		"all":              {"host:a", "host:b", "host:c", "host:d"},
		"alert":            {"host:a"},
		"alert,warn":       {"host:a", "host:d"},
		"no%20data":        {"host:c"},
		"Alert,No+Data":    {"host:a", "host:c"},
		"warn,all":         {"host:a", "host:b", "host:c", "host:d"},
		"alert&with_x=yes": {"host:a"},
	} {
		shown := decode[fakedatadog.Monitor](t, ask(t, s, "GET", path+"?group_states="+filter, "").mustBe(t, 200).body)
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(shown.State.Groups))); diff != "" {
			t.Errorf("group_states=%s (-want +got):\n%s", filter, diff)
		}
	}
	all := ask(t, s, "GET", path+"?group_states=alert&with_downtimes=true&with_assets=true", "").mustBe(t, 200).body
	for _, part := range []string{
		`"state":{"groups":{"host:a":{"name":"host:a","status":"Alert","last_triggered_ts":1773489000,"last_notified_ts":1773489001,"last_resolved_ts":0,"last_nodata_ts":0}}}`,
		`"matching_downtimes":[{"id":9,"monitor_id":0,"scope":["*"],"groups":null,"start":1,"end":null,"active":true}]`,
		`"assets":[{"category":"runbook","name":"Restart it","url":"https://example.com/runbook"}]`,
	} {
		if !strings.Contains(all, part) {
			t.Errorf("no %s in %s", part, all)
		}
	}

	empty := createMonitor(t, s)
	all = ask(t, s, "GET", empty+"?group_states=all&with_downtimes=true&with_assets=true", "").mustBe(t, 200).body
	for _, part := range []string{`"state":{"groups":{}}`, `"matching_downtimes":[]`, `"assets":[]`} {
		if !strings.Contains(all, part) {
			t.Errorf("what a monitor does not have is not shown as empty: no %s in %s", part, all)
		}
	}
}

func TestServer_AddMonitor(t *testing.T) {
	for name, tc := range map[string]struct {
		monitor fakedatadog.Monitor
		want    string
	}{
		"never evaluated":           {fakedatadog.Monitor{}, "No Data"},
		"all well":                  {fakedatadog.Monitor{State: &fakedatadog.MonitorState{Groups: map[string]fakedatadog.GroupState{"a": {Status: "OK"}}}}, "OK"},
		"the given state stands":    {fakedatadog.Monitor{OverallState: "Skipped"}, "Skipped"},
		"the given id stands":       {fakedatadog.Monitor{ID: 7}, "No Data"},
		"a log monitor has options": {fakedatadog.Monitor{Type: "log alert"}, "No Data"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer()
			id := s.AddMonitor(tc.monitor)
			if tc.monitor.ID != 0 && id != tc.monitor.ID {
				t.Errorf("id %d, want %d", id, tc.monitor.ID)
			}
			got := decode[fakedatadog.Monitor](t, ask(t, s, "GET", "/api/v1/monitor/"+strconv.FormatInt(id, 10), "").mustBe(t, 200).body)
			if got.OverallState != tc.want {
				t.Errorf("overall state %q, want %q", got.OverallState, tc.want)
			}
			if _, grouped := got.Options["groupby_simple_monitor"]; grouped != (got.Type == "log alert") {
				t.Errorf("options of a %s: %v", got.Type, got.Options)
			}
		})
	}
}

func TestMonitors_List(t *testing.T) {
	s := newServer()
	for _, m := range []fakedatadog.Monitor{
		{ID: 30, Name: "Latency", Tags: []string{"team:web", "env:prod"}},
		{ID: 10, Name: "CPU busy", Tags: []string{"team:web"}},
		{ID: 20, Name: "Disk full", Tags: []string{"team:db"}},
	} {
		s.AddMonitor(m)
	}
	for query, want := range map[string][]int64{
		"":                                 {10, 20, 30},
		"?name=cpu":                        {10},
		"?monitor_tags=team:web":           {10, 30},
		"?monitor_tags=team:web,env:prod":  {30},
		"?page=0&page_size=2":              {10, 20},
		"?page=1&page_size=2":              {30},
		"?page=9&page_size=2":              {},
		"?page=0":                          {10, 20, 30},
		"?page=0&page_size=2000&name=none": {},
	} {
		got := []int64{}
		body := ask(t, s, "GET", "/api/v1/monitor"+query, "").mustBe(t, 200).body
		for _, m := range decode[[]fakedatadog.Monitor](t, body) {
			got = append(got, m.ID)
			if m.MatchingDowntimes == nil || m.State != nil {
				t.Errorf("%q: a listed monitor with %v and %v, want downtimes and no state", query, m.MatchingDowntimes, m.State)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", query, diff)
		}
	}
	if one := ask(t, s, "GET", "/api/v1/monitor?name=cpu&group_states=all", "").body; !strings.Contains(one, `"state":{"groups":{}}`) {
		t.Errorf("a list with group_states shows no state: %s", one)
	}
}

func TestMonitors_ListPageSize(t *testing.T) {
	s := newServer()
	for range 1001 {
		s.AddMonitor(fakedatadog.Monitor{})
	}
	for query, want := range map[string]int{"": 1001, "?page=0": 100, "?page=0&page_size=5000": 1000, "?page=1&page_size=5000": 1} {
		if got := len(decode[[]fakedatadog.Monitor](t, ask(t, s, "GET", "/api/v1/monitor"+query, "").mustBe(t, 200).body)); got != want {
			t.Errorf("%q lists %d monitors, want %d", query, got, want)
		}
	}
}
