package datadog

import (
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/DataDog/datadog-api-client-go/v2/api/datadogV1"
)

func TestClient_Hosts(t *testing.T) {
	for name, tt := range map[string]struct {
		body string
		want []Host
	}{
		"all_there_is": {
			`{"exact_total_matching":true,"total_returned":1,"total_matching":1,"host_list":[{
			  "last_reported_time":1641906477,"name":"control-0","host_name":"control-0","id":7,"aliases":["control-0","i-0abc"],"aws_id":"i-0abc","is_muted":true,"mute_timeout":1641910077,
			  "apps":["agent","ntp"],"tags_by_source":{"Users":["team:shop"],"Datadog":["host:control-0","team:shop"]},"up":true,
			  "metrics":{"load":0.32,"iowait":0.08,"cpu":29.5},"sources":["agent"],
			  "meta":{"agent_version":"7.30.0","platform":"linux","cpuCores":4,"nixV":["ubuntu","18.04",""],"macV":["","",""],"winV":[null,null,null],"fbsdV":["","",""],
			    "agent_checks":[["cpu","cpu","cpu","OK","",""],["process","process","process:dca","WARNING",["No matching process 'dca' was found"],""],["ntp","ntp","ntp:1","ERROR","timeout",""],["http",null,null,"CRITICAL"]]}}]}`,
			[]Host{{
				Name: "control-0", Aliases: []string{"control-0", "i-0abc"}, CloudID: "i-0abc", Apps: []string{"agent", "ntp"}, Up: true, LastReported: time.Unix(1641906477, 0).UTC(),
				Muted: true, MutedUntil: time.Unix(1641910077, 0).UTC(), Tags: []string{"host:control-0", "team:shop"},
				AgentVersion: "7.30.0", Platform: "linux", OS: "ubuntu 18.04", CPUs: 4, CPU: number(29.5), IOWait: number(0.08), Load: number(0.32),
				Checks: []AgentCheck{{"process", "WARNING", "No matching process 'dca' was found"}, {"ntp", "ERROR", "timeout"}, {"http", "CRITICAL", ""}},
			}},
		},
		"none": {`{"exact_total_matching":true,"total_returned":0,"host_list":[],"total_matching":0}`, []Host{}},
		"a_host_that_sends_metrics_only": {
			`{"host_list":[{"last_reported_time":1618220973,"name":"a","is_muted":false,"mute_timeout":null,"apps":["go"],"tags_by_source":{"Datadog":["host:a"]},"up":true,"metrics":{"load":null,"iowait":null,"cpu":null},"sources":[],"meta":{},"host_name":"a","id":4,"aliases":["a"]}]}`,
			[]Host{{Name: "a", Aliases: []string{"a"}, Apps: []string{"go"}, Up: true, LastReported: time.Unix(1618220973, 0).UTC(), Tags: []string{"host:a"}}},
		},
		"a_Mac": {`{"host_list":[{"host_name":"a","meta":{"platform":"darwin","macV":["13.1",["","",""],"arm64"]}}]}`, []Host{{Name: "a", Platform: "darwin", OS: "13.1"}}},
		"values_of_other_types": {
			`{"host_list":[{"name":"a","aliases":"a","apps":null,"up":"yes","is_muted":1,"mute_timeout":"never","last_reported_time":null,"tags_by_source":{"Datadog":"x","Users":["b:c"]},
			  "metrics":{"cpu":"high","load":0},"meta":{"cpuCores":"4","nixV":{},"agent_version":7,"platform":"plan9","agent_checks":[["cpu"],[1,2,3,4,5],"x",["a","a","a","BAD",{"x":1}]]}},7]}`,
			[]Host{{Name: "a", Tags: []string{"b:c"}, Load: number(0), Platform: "plan9", Checks: []AgentCheck{{"a", "BAD", ""}}}, {}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := clientOver(t, answering(200, tt.body), keyring{}).Hosts(t.Context(), HostQuery{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestClient_Hosts_query(t *testing.T) {
	for name, tt := range map[string]struct {
		query HostQuery
		want  url.Values
	}{
		"nothing": {HostQuery{}, url.Values{"count": {"100"}, "include_hosts_metadata": {"true"}, "include_muted_hosts_data": {"true"}}},
		"every_parameter": {
			HostQuery{Filter: "host:a b", From: time.Unix(1700000000, 5)},
			url.Values{"count": {"100"}, "include_hosts_metadata": {"true"}, "include_muted_hosts_data": {"true"}, "filter": {"host:a b"}, "from": {"1700000000"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var l log
			if _, err := clientOver(t, l.answering(200, `{"host_list":[]}`), keyring{}).Hosts(t.Context(), tt.query); err != nil {
				t.Fatal(err)
			}
			asked, err := url.Parse(l.requests[0].url)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, asked.Query()); diff != "" || asked.Path != "/api/v1/hosts" || l.requests[0].method != "GET" {
				t.Errorf("asked %s %s: %s", l.requests[0].method, asked, diff)
			}
		})
	}
}

// playHosts is one of answerPlays.
func playHosts(t *testing.T, c *Client, body string) error {
	got, err := c.Hosts(t.Context(), HostQuery{})
	if err != nil {
		return err
	}
	var want datadogV1.HostListResponse
	official(t, body, &want)
	if len(got) != len(want.HostList) {
		t.Fatalf("got %d hosts, want %d", len(got), len(want.HostList))
	}
	for i, w := range want.HostList {
		if got[i].Name != w.GetName() || got[i].Up != w.GetUp() || got[i].Muted != w.GetIsMuted() || got[i].LastReported.Unix() != w.GetLastReportedTime() ||
			got[i].AgentVersion != w.Meta.GetAgentVersion() || got[i].Platform != w.Meta.GetPlatform() || !cmp.Equal(got[i].Apps, w.GetApps()) || len(got[i].Tags) == 0 {
			t.Errorf("got %+v", got[i])
		}
	}
	return nil
}
