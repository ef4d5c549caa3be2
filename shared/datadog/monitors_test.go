package datadog

import (
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

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

func number(f float64) *float64 { return &f }

func TestClient_Monitor(t *testing.T) {
	tests := map[string]struct {
		body string
		want Monitor
	}{
		"all_there_is": {wholeMonitor, Monitor{
			ID: 155844758, OrgID: 321813, Name: "Errors of foo", Type: "log alert", Query: `logs("service:foo").by("source").last("5m") > 2`,
			Message: "look here @team-foo", Tags: []string{"service:foo", "env:ci"}, Priority: 3, Multi: true,
			OverallState: "Alert", OverallStateModified: time.Date(2024, 10, 12, 16, 39, 0, 0, time.UTC),
			Creator:    Creator{Name: "Frog", Handle: "frog@example.com", Email: "frog@example.com"},
			Created:    time.Date(2024, 10, 10, 16, 39, 0, 138359000, time.UTC),
			Modified:   time.Date(2024, 10, 11, 16, 39, 0, 0, time.UTC),
			Thresholds: Thresholds{Critical: number(2), CriticalRecovery: number(1.5), Warning: number(1), WarningRecovery: number(0.5), OK: number(0)},

			NotifyNoData: true, NoDataTimeframe: 10 * time.Minute, RenotifyInterval: time.Hour, EscalationMessage: "worse",
			Groups: []MonitorGroup{
				{Name: "source:a", Status: "No Data"},
				{
					Name: "source:b", Status: "Alert",
					LastTriggered: time.Unix(1728664800, 0).UTC(), LastNotified: time.Unix(1728664860, 0).UTC(),
					LastNoData: time.Unix(1728664920, 0).UTC(), LastResolved: time.Unix(1728664980, 0).UTC(),
				},
			},
			Downtimes: []Downtime{
				{ID: 1625, Scope: []string{"env:ci"}, Start: time.Unix(1728664800, 0).UTC()},
				{ID: 1626, Scope: []string{"*"}, Start: time.Unix(1728664800, 0).UTC(), End: time.Unix(1728665800, 0).UTC()},
			},
			Assets: []Asset{
				{Category: "runbook", Name: "Restart foo", URL: "https://app.datadoghq.com/notebook/7"},
				{Category: "runbook", Name: "Wiki", URL: "https://wiki.example/foo"},
			},
		}},
		"nulls": {
			`{"id":7,"name":"n","tags":null,"priority":null,"options":{"thresholds":null,"renotify_interval":null,"no_data_timeframe":null},"creator":null,"overall_state_modified":null,"matching_downtimes":[],"state":null,"assets":null}`,
			Monitor{ID: 7, Name: "n"},
		},
		"values_from_the_future": {
			`{"id":7,"type":"dream alert","overall_state":"Anxious","draft_status":"maybe","options":{"on_missing_data":"cry"},"state":{"groups":{"*":{"status":"Anxious"}}},"assets":[{"category":"song","name":"n","url":"javascript:sing()"}]}`,
			Monitor{ID: 7, Type: "dream alert", OverallState: "Anxious", Groups: []MonitorGroup{{Name: "*", Status: "Anxious"}}, Assets: []Asset{{Category: "song", Name: "n"}}},
		},
		"values_of_other_types_cost_themselves_alone": {
			`{"id":7,"query":{"x":1},"priority":"P1","created":"yesterday","modified":7,"tags":"a","multi":"yes",
			  "options":{"thresholds":{"critical":"2","warning":1},"renotify_interval":"never","notify_no_data":true},
			  "matching_downtimes":[{"scope":"env:dev","start":5}],"state":{"groups":{"a":7,"b":{"status":"OK"}}},"name":"n"}`,
			Monitor{
				ID: 7, Name: "n", Thresholds: Thresholds{Warning: number(1)}, NotifyNoData: true,
				Groups:    []MonitorGroup{{Name: "a"}, {Name: "b", Status: "OK"}},
				Downtimes: []Downtime{{Start: time.Unix(5, 0).UTC()}},
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := clientOver(t, answering(200, tt.body), keyring{}).Monitor(t.Context(), 7, MonitorQuery{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestClient_Monitor_query(t *testing.T) {
	tests := map[string]struct {
		query MonitorQuery
		want  url.Values
	}{
		"nothing": {MonitorQuery{}, url.Values{}},
		"every_parameter": {
			MonitorQuery{GroupStates: []string{"alert", "warn", "no data"}, WithDowntimes: true, WithAssets: true},
			url.Values{"group_states": {"alert,warn,no data"}, "with_downtimes": {"true"}, "with_assets": {"true"}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var l log
			if _, err := clientOver(t, l.answering(200, wholeMonitor), keyring{}).Monitor(t.Context(), 155844758, tt.query); err != nil {
				t.Fatal(err)
			}
			asked, err := url.Parse(l.requests[0].url)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, asked.Query()); diff != "" || asked.Path != "/api/v1/monitor/155844758" {
				t.Errorf("asked %s: %s", asked, diff)
			}
		})
	}
}
