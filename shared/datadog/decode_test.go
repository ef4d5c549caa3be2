package datadog

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"boomerang/shared/fault"
)

// cases are response bodies and what the client makes of them.
type cases[T any] map[string]struct {
	body string
	want T
}

func testDecode[T any](t *testing.T, read func(context.Context, *Client) (T, error), tests cases[T]) {
	t.Helper()
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := read(t.Context(), clientOver(t, answering(200, tt.body), keyring{}))
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
				t.Errorf("(-want +got):\n%s%v", diff, err)
			}
		})
	}
}

const wholeMonitor = `{
	"id": 155844758, "org_id": 321813, "type": "log alert", "name": "Errors of foo", "message": "look here @team-foo",
	"tags": ["service:foo", "env:ci"], "query": "logs(\"service:foo\").by(\"source\").last(\"5m\") > 2", "priority": 3, "multi": true,
	"options": {
		"thresholds": {"critical": 2.0, "critical_recovery": 1.5, "warning": 1, "warning_recovery": 0.5, "ok": 0, "unknown": null},
		"notify_no_data": true, "no_data_timeframe": 10, "renotify_interval": 60, "escalation_message": "worse", "silenced": {}
	},
	"created_at": 1728578340000, "created": "2024-10-10T16:39:00.138359+00:00", "modified": "2024-10-11T18:39:00+02:00",
	"overall_state": "Alert", "overall_state_modified": "2024-10-12T16:39:00+00:00",
	"creator": {"name": "Frog", "email": "frog@example.com", "handle": "frog@example.com", "id": 1445416},
	"state": {"groups": {
		"source:b": {"name": "source:b", "status": "Alert", "last_triggered_ts": 1728664800, "last_notified_ts": 1728664860, "last_nodata_ts": 1728664920, "last_resolved_ts": 1728664980},
		"source:a": {"status": "No Data", "last_triggered_ts": null, "last_notified_ts": 0}
	}},
	"matching_downtimes": [{"id": 1625, "scope": ["env:ci"], "start": 1728664800, "end": null}, {"id": 1626, "scope": ["*"], "start": 1728664800, "end": 1728665800}],
	"assets": [{"category": "runbook", "name": "Restart foo", "url": "/notebook/7", "resource_key": "7"}, {"category": "runbook", "name": "Wiki", "url": "https://wiki.example/foo"}]
}`

func TestClient_Monitor(t *testing.T) {
	testDecode(t, func(ctx context.Context, c *Client) (Monitor, error) { return c.Monitor(ctx, 7, MonitorQuery{}) }, cases[Monitor]{
		"all fields": {wholeMonitor, Monitor{
			ID: 155844758, OrgID: 321813, Name: "Errors of foo", Type: "log alert", Query: `logs("service:foo").by("source").last("5m") > 2`,
			Message: "look here @team-foo", Tags: []string{"service:foo", "env:ci"}, Priority: 3,
			OverallState: "Alert",
			Thresholds:   map[string]float64{"critical": 2, "critical_recovery": 1.5, "warning": 1, "warning_recovery": 0.5, "ok": 0},
			Groups: []MonitorGroup{
				{Name: "source:a", Status: "No Data"},
				{
					Name: "source:b", Status: "Alert",
					LastTriggered: time.Unix(1728664800, 0).UTC(),
					LastNoData:    time.Unix(1728664920, 0).UTC(),
				},
			},
			Downtimes: []Downtime{
				{Scope: []string{"env:ci"}},
				{Scope: []string{"*"}, End: time.Unix(1728665800, 0).UTC()},
			},
			Assets: []Asset{
				{Category: "runbook", Name: "Restart foo", URL: "https://app.datadoghq.com/notebook/7"},
				{Category: "runbook", Name: "Wiki", URL: "https://wiki.example/foo"},
			},
		}},
		"nulls": {
			`{"id":7,"name":"n","tags":null,"priority":null,"options":{"thresholds":null,"renotify_interval":null,"no_data_timeframe":null},"creator":null,"overall_state_modified":null,"matching_downtimes":[],"state":null,"assets":null}`,
			Monitor{ID: 7, Name: "n", Thresholds: map[string]float64{}},
		},
		"unknown values": {
			`{"id":7,"type":"dream alert","overall_state":"Anxious","draft_status":"maybe","options":{"on_missing_data":"cry"},"state":{"groups":{"*":{"status":"Anxious"}}},"assets":[{"category":"song","name":"n","url":"javascript:sing()"}]}`,
			Monitor{ID: 7, Type: "dream alert", OverallState: "Anxious", Thresholds: map[string]float64{}, Groups: []MonitorGroup{{Name: "*", Status: "Anxious"}}, Assets: []Asset{{Category: "song", Name: "n"}}},
		},
		"other types": {
			`{"id":7,"query":{"x":1},"priority":"P1","created":"yesterday","modified":7,"tags":"a","multi":"yes",
			  "options":{"thresholds":{"critical":"2","warning":1},"renotify_interval":"never","notify_no_data":true},
			  "matching_downtimes":[{"scope":"env:dev","start":5}],"state":{"groups":{"a":7,"b":{"status":"OK"}}},"name":"n"}`,
			Monitor{
				ID: 7, Name: "n", Thresholds: map[string]float64{"warning": 1},
				Groups:    []MonitorGroup{{Name: "a"}, {Name: "b", Status: "OK"}},
				Downtimes: []Downtime{{}},
			},
		},
	})
}

func TestClient_Series(t *testing.T) {
	at := time.Date(2021, 4, 12, 9, 52, 15, 0, time.UTC)
	testDecode(t, func(ctx context.Context, c *Client) ([]Series, error) { return c.Series(ctx, SeriesQuery{}) }, cases[[]Series]{
		"all fields": {
			`{"status":"ok","res_type":"time_series","series":[{"metric":"trace.bytes","scope":"bar:baz,host:a","tag_set":["host:a"],"interval":1,"aggr":"avg",
			  "unit":[{"family":"bytes","name":"byte","short_name":"B","plural":"bytes"},{"family":"time","name":"second","short_name":"s"}],
			  "pointlist":[[1618221135000.0,10.5],[1618221136000,null],[1618221137000,1e-7]]}],"message":""}`,
			[]Series{{
				Group: []string{"host:a"}, Unit: "B/s",
				Points: []Point{{at, 10.5}, {at.Add(2 * time.Second), 1e-7}},
			}},
		},
		"unit without a short name": {
			`{"series":[{"unit":[{"name":"request","short_name":null},null]}]}`, []Series{{Unit: "request"}},
		},
		"no unit": {`{"series":[{"unit":null}]}`, []Series{{}}},
		"other types": {
			`{"series":[{"metric":7,"tag_set":"host:a","unit":"percent","pointlist":[[1618221135000],["x",1],[1618221135000,"1"],null,[1618221135000,2]]},7]}`,
			[]Series{{Points: []Point{{at, 2}}}, {}},
		},
	})
}

func TestClient_Logs(t *testing.T) {
	testDecode(t, func(ctx context.Context, c *Client) ([]Log, error) { return c.Logs(ctx, SearchQuery{}) }, cases[[]Log]{
		"all fields": {
			`{"data":[{"id":"AQ","type":"log","attributes":{"timestamp":"2022-04-11T16:29:47.402Z","status":"error","service":"checkout","host":"web-1",
			  "message":"no connection","tags":["env:prod"],"attributes":{"error":{"message":"not this one"},"http":{"status_code":500}}}}],"meta":{"page":{"after":"x"}}}`,
			[]Log{{
				Time: time.Date(2022, 4, 11, 16, 29, 47, 402_000_000, time.UTC), Message: "no connection",
			}},
		},
		"error attribute": {
			`{"data":[{"attributes":{"message":"","attributes":{"error":{"message":"no route","kind":"IOException"}}}}]}`,
			[]Log{{Message: "no route"}},
		},
		"other types": {
			`{"data":[{"id":7,"attributes":{"timestamp":"today","message":{"a":1},"tags":"x","attributes":{"error":"plain"},"status":"anxious"}},7]}`,
			[]Log{{}, {}},
		},
	})
}

func TestClient_Hosts(t *testing.T) {
	testDecode(t, func(ctx context.Context, c *Client) ([]Host, error) { return c.Hosts(ctx, "", time.Now()) }, cases[[]Host]{
		"all fields": {
			`{"exact_total_matching":true,"total_returned":1,"total_matching":1,"host_list":[{
			  "last_reported_time":1641906477,"name":"control-0","host_name":"control-0","id":7,"aliases":["control-0","i-0abc"],"aws_id":"i-0abc","is_muted":true,"mute_timeout":1641910077,
			  "apps":["agent","ntp"],"tags_by_source":{"Users":["team:shop"],"Datadog":["host:control-0","team:shop"]},"up":true,
			  "metrics":{"load":0.32,"iowait":0.08,"cpu":29.5},"sources":["agent"],
			  "meta":{"agent_version":"7.30.0","platform":"linux","cpuCores":4,"nixV":["ubuntu","18.04",""],"macV":["","",""],"winV":[null,null,null],"fbsdV":["","",""],
			    "agent_checks":[["cpu","cpu","cpu","OK","",""],["process","process","process:dca","WARNING",["No matching process 'dca' was found"],""],["ntp","ntp","ntp:1","ERROR","timeout",""],["http",null,null,"CRITICAL"]]}}]}`,
			[]Host{{
				Name: "control-0", Aliases: []string{"control-0", "i-0abc"}, CloudID: "i-0abc", Apps: []string{"agent", "ntp"}, Up: true, LastReported: time.Unix(1641906477, 0).UTC(),
				Muted: true, MutedUntil: time.Unix(1641910077, 0).UTC(), Tags: []string{"host:control-0", "team:shop"},
				AgentVersion: "7.30.0", Platform: "linux", OS: "ubuntu 18.04", CPUs: 4, CPU: new(29.5), IOWait: new(0.08), Load: new(0.32),
				Checks: []AgentCheck{{"process", "WARNING", "No matching process 'dca' was found"}, {"ntp", "ERROR", "timeout"}, {"http", "CRITICAL", ""}},
			}},
		},
		"metrics only": {
			`{"host_list":[{"last_reported_time":1618220973,"name":"a","is_muted":false,"mute_timeout":null,"apps":["go"],"tags_by_source":{"Datadog":["host:a"]},"up":true,"metrics":{"load":null,"iowait":null,"cpu":null},"sources":[],"meta":{},"host_name":"a","id":4,"aliases":["a"]}]}`,
			[]Host{{Name: "a", Aliases: []string{"a"}, Apps: []string{"go"}, Up: true, LastReported: time.Unix(1618220973, 0).UTC(), Tags: []string{"host:a"}}},
		},
		"a Mac": {`{"host_list":[{"host_name":"a","meta":{"platform":"darwin","macV":["13.1",["","",""],"arm64"]}}]}`, []Host{{Name: "a", Platform: "darwin", OS: "13.1"}}},
		"other types": {
			`{"host_list":[{"name":"a","aliases":"a","apps":null,"up":"yes","is_muted":1,"mute_timeout":"never","last_reported_time":null,"tags_by_source":{"Datadog":"x","Users":["b:c"]},
			  "metrics":{"cpu":"high","load":0},"meta":{"cpuCores":"4","nixV":{},"agent_version":7,"platform":"plan9","agent_checks":[["cpu"],[1,2,3,4,5],"x",["a","a","a","BAD",{"x":1}]]}},7]}`,
			[]Host{{Name: "a", Tags: []string{"b:c"}, Load: new(0.0), Platform: "plan9", Checks: []AgentCheck{{"a", "BAD", ""}}}, {}},
		},
	})
}

func TestClient_Incidents(t *testing.T) {
	testDecode(t, func(ctx context.Context, c *Client) (Incidents, error) { return c.Incidents(ctx, "", 5) }, cases[Incidents]{
		"all fields": {
			`{"data":{"type":"incidents_search_results","attributes":{"total":7,"facets":{},"incidents":[{"data":{"id":"u","type":"incidents","attributes":{
				"public_id":42,"title":"Checkout fails","state":"active","severity":"SEV-1","created":"2026-02-16T09:47:35+01:00","is_test":true,
				"customer_impacted":true,"customer_impact_scope":"No payments",
				"commander":{"data":{"id":"a","type":"users","attributes":{"name":"Ada","email":"ada@example.com"}}},
				"fields":{"services":{"type":"autocomplete","value":["checkout","cart"]},"teams":{"type":"dropdown","value":"shop"}}}}}]}},"included":[]}`,
			Incidents{7, []Incident{{
				ID: 42, Title: "Checkout fails", State: "active", Severity: "SEV-1", Test: true,
				Created:          time.Date(2026, 2, 16, 8, 47, 35, 0, time.UTC),
				CustomerImpacted: true, Commander: "ada@example.com",
				URL: "https://app.datadoghq.com/incidents/42",
			}}},
		},
		"nulls and unknown values": {
			`{"data":{"attributes":{"total":null,"incidents":[{"data":{"id":"u","attributes":{"title":"T","state":"dreaming","severity":null,
				"commander":null,"resolved":null,"fields":{"services":{"value":null},"teams":null}}}}]}}}`,
			Incidents{1, []Incident{{Title: "T", State: "dreaming"}}},
		},
	})
}

func TestClient_DowntimeMatches(t *testing.T) {
	testDecode(t, func(ctx context.Context, c *Client) ([]DowntimeMatch, error) { return c.DowntimeMatches(ctx, 7) }, cases[[]DowntimeMatch]{
		"some": {
			`{"data":[{"type":"downtime_match","id":"a","attributes":{"groups":["*"],"scope":"*","start":"2023-06-28T17:23:57.324000+00:00","end":null}},
				{"id":"b","attributes":{"groups":["host:a","host:b"],"scope":"env:dev","start":"2023-06-28T17:23:57+02:00","end":"2023-06-28T18:00:00+00:00"}}]}`,
			[]DowntimeMatch{
				{ID: "a", Scope: "*", Groups: []string{"*"}, Start: time.Date(2023, 6, 28, 17, 23, 57, 324e6, time.UTC)},
				{
					ID: "b", Scope: "env:dev", Groups: []string{"host:a", "host:b"},
					Start: time.Date(2023, 6, 28, 15, 23, 57, 0, time.UTC), End: time.Date(2023, 6, 28, 18, 0, 0, 0, time.UTC),
				},
			},
		},
		"other types": {`{"data":[{"id":"a","attributes":{"groups":"*","scope":7,"start":"now"}}]}`, []DowntimeMatch{{ID: "a"}}},
	})
}

func TestClient_CurrentDowntimes(t *testing.T) {
	testDecode(t, func(ctx context.Context, c *Client) ([]DowntimeNote, error) { return c.CurrentDowntimes(ctx) }, cases[[]DowntimeNote]{
		"two": {
			`{"data":[
			{"id":"a","type":"downtime","attributes":{"message":"upgrade","status":"active"},"relationships":{"created_by":{"data":{"id":"u","type":"users"}}}},
			{"id":"b","attributes":{"message":null},"relationships":{"created_by":{"data":null},"monitor":{"data":{"id":"7","type":"monitors"}}}}],
			"included":[{"id":"7","type":"monitors","attributes":{"name":"Load"}},{"id":"u","type":"users","attributes":{"name":"Ada","handle":"ada@example.com"}}]}`,
			[]DowntimeNote{{ID: "a", Message: "upgrade", Creator: User{"Ada", "ada@example.com"}}, {ID: "b"}},
		},
	})
}

func TestClient_Series_Rejected(t *testing.T) {
	_, err := clientOver(t, answering(200, `{"status":"error","error":"Error parsing\nquery: unexpected }"}`), keyring{}).Series(t.Context(), SeriesQuery{})
	f, e := failure(t, err)
	if want := "Datadog refused to query the metric: Error parsing query: unexpected }"; f.Public != want || f.Kind != fault.Permanent || e.Text == "" {
		t.Errorf("got %v, %q, want %q", f.Kind, f.Public, want)
	}
	if strings.Contains(err.Error()+fault.LogText(err), "parsing") {
		t.Errorf("the log text quotes the query: %v", err)
	}
}

func TestClient_Snapshot(t *testing.T) {
	c := clientOver(t, answering(200, `{"graph_def":"{}","snapshot_url":"https://p.datadoghq.com/snapshot/a.png"}`), keyring{})
	if got, err := c.Snapshot(t.Context(), SeriesQuery{}); err != nil || got != "https://p.datadoghq.com/snapshot/a.png" {
		t.Errorf("got %q, %v", got, err)
	}
	c = clientOver(t, answering(200, `{"snapshot_url":"javascript:alert()"}`), keyring{})
	if got, err := c.Snapshot(t.Context(), SeriesQuery{}); !fault.IsTemporary(err) || got != "" {
		t.Errorf("unusable URL: got %q, %v", got, err)
	}
}

// TestClient_Lists_Forms reads lists among other data, and rejects what is not a whole list.
func TestClient_Lists_Forms(t *testing.T) {
	for body, want := range map[string]string{
		`{"events":[]}`: "[]",
		`{"Events":[{"id_str":"7"},{"id_str":"8"}]}`:                        "[7 8]",
		`{"meta":{"events":[1]},"events":[{"id":7}],"x":[{}]}`:              "[7]",
		` {"events" : [ {"id_str":"7"} , 5, null, "x" ] } `:                 "[7   ]",
		`{"events":[{"id_str":7,"title":["x"],"tags":"x"},{"id_str":"8"}]}`: "[ 8]",

		`{"events":null}`: "", `{"events":{}}`: "", `{"events":"x"}`: "", `{}`: "", `[]`: "", `null`: "", ``: "", `{"event":[]}`: "",
		`{"events":[{"id_str":"7"}`: "", `{"events":[{"id_str":"7"`: "",
		`{"events":[{"id_str":"7"} {"id_str":"8"}]}`: "", `{"events":[x]}`: "", `{"meta":x,"events":[]}`: "", `{events:[]}`: "", `<html>`: "",
	} {
		events, err := clientOver(t, answering(200, body), keyring{}).Events(t.Context(), EventQuery{})
		ids := each(events, func(e Event) string { return e.ID })
		if got := fmt.Sprint(ids); err == nil && got != want || err != nil && (want != "" || !fault.IsTemporary(err)) {
			t.Errorf("%s: got %s (%v), want %s", body, got, err, want)
		}
	}
}

func TestClient_Events_MaxText(t *testing.T) {
	client, calls := counted(t, answering(200, `{"events":[{"id_str":"7","text":"aé€"}]}`))
	for limit, want := range []string{"aé€", "a", "a", "aé", "aé", "aé", "aé€", "aé€"} {
		events, err := client.Cached(time.Minute).Events(t.Context(), EventQuery{MaxText: limit})
		if err != nil || events[0].Text != want || calls.Load() != int64(limit+1) {
			t.Errorf("%d bytes: got %+v (%v), want %q", limit, events, err, want)
		}
	}
	client, calls = counted(t, answering(200, `{"data":[{"attributes":{"message":"first line"}}]}`))
	for n, want := range []string{"first line", "first"} {
		found, err := client.Cached(time.Minute).SearchEvents(t.Context(), SearchQuery{MaxText: 5 * n})
		if err != nil || found[0].Text != want || calls.Load() != int64(n+1) {
			t.Errorf("a search for %d bytes: got %+v, %v", 5*n, found, err)
		}
	}
}
