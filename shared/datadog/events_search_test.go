package datadog

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestClient_SearchEvents(t *testing.T) {
	for name, tt := range map[string]struct {
		body string
		want []FoundEvent
	}{
		"an_event_of_the_stream": {
			`{"meta":{"page":{"after":"x"}},"data":[{"attributes":{"attributes":{"status":"info","event_object":"adip","service":"undefined","title":"Deployed","timestamp":1655744852000,
			  "hostname":"a","priority":"normal","aggregation_key":"adip","monitor_id":null,"evt":{"source_id":100,"type":"api","id":"6567977849972254562"}},
			  "message":"See https://ci.example.com/7","tags":["environment:staging","source:my_apps"],"timestamp":"2022-06-20T17:07:32Z"},"type":"event","id":"AgAAAYGCFXAg"}]}`,
			[]FoundEvent{{
				ID: "AgAAAYGCFXAg", StreamID: "6567977849972254562", Title: "Deployed", Text: "See https://ci.example.com/7", Happened: time.Date(2022, 6, 20, 17, 7, 32, 0, time.UTC), Status: "info", Source: "my_apps",
				Host: "a", Tags: []string{"environment:staging", "source:my_apps"}, URL: "https://app.datadoghq.com/event/event?id=6567977849972254562",
			}},
		},
		"a_change": {
			`{"data":[{"id":"A1","attributes":{"message":"m","tags":["service:shop"],"timestamp":"2026-08-21T10:00:00.5Z","attributes":{
			  "title":"Flag on","service":"shop","status":"ok","author":{"name":"ann@example.com","type":"user"},"changed_resource":{"name":"fallback","type":"feature_flag"},
			  "impacted_resources":[{"name":"shop","type":"service"},{"name":"cart"}],"prev_value":{"enabled": false},"new_value":{ "enabled": true },"change_metadata":{},
			  "evt":{"category":"change","uid":"AZsKLCxv","id":"7"},"monitor_id":8}}}]}`,
			[]FoundEvent{{
				ID: "A1", StreamID: "7", Title: "Flag on", Text: "m", Happened: time.Date(2026, 8, 21, 10, 0, 0, 5e8, time.UTC), Status: "ok", Category: "change", Service: "shop",
				Tags: []string{"service:shop"}, URL: "https://app.datadoghq.com/event/event?uid=AZsKLCxv", MonitorID: 8,
				Change: Change{Author: "ann@example.com", Resource: "fallback", ResourceType: "feature_flag", Impacted: []string{"shop", "cart"}, Previous: `{"enabled":false}`, New: `{"enabled":true}`},
			}},
		},
		"none": {`{"data":[]}`, []FoundEvent{}},
		"values_of_other_types": {
			`{"data":[{"id":7,"attributes":{"tags":"a","timestamp":1,"attributes":{"title":"t","evt":7,"author":"ann","source_type_name":"github","impacted_resources":{},"prev_value":null,"new_value":true}}},7]}`,
			[]FoundEvent{{Title: "t", Source: "github", Change: Change{New: "true"}}, {}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := clientOver(t, answering(200, tt.body), keyring{}).SearchEvents(t.Context(), EventSearch{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestClient_SearchEvents_query(t *testing.T) {
	at := time.Date(2026, 11, 21, 13, 0, 0, 5e8, time.FixedZone("CET", 3600))
	for name, tt := range map[string]struct {
		search EventSearch
		want   string
	}{
		"every_parameter": {
			EventSearch{Query: `service:"a" -source:alert`, From: at.Add(-time.Hour), To: at, Limit: 100},
			`{"filter":{"query":"service:\"a\" -source:alert","from":"2026-11-21T11:00:00Z","to":"2026-11-21T12:00:00Z"},"page":{"limit":100},"sort":"-timestamp"}`,
		},
		"without_a_limit": {
			EventSearch{Query: "*", From: at, To: at},
			`{"filter":{"query":"*","from":"2026-11-21T12:00:00Z","to":"2026-11-21T12:00:00Z"},"sort":"-timestamp"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var l log
			if _, err := clientOver(t, l.answering(200, `{"data":[]}`), keyring{}).SearchEvents(t.Context(), tt.search); err != nil {
				t.Fatal(err)
			}
			r := l.requests[0]
			if diff := cmp.Diff(fromJSON(t, tt.want), fromJSON(t, r.body)); diff != "" || r.method != "POST" || r.url != "https://api.datadoghq.com/api/v2/events/search" {
				t.Errorf("asked %s %s: %s", r.method, r.url, diff)
			}
		})
	}
}

// playEventSearch is one of answerPlays.
func playEventSearch(t *testing.T, c *Client, body string) error {
	got, err := c.SearchEvents(t.Context(), EventSearch{})
	if err != nil {
		return err
	}
	list, _ := fromJSON(t, body).(map[string]any)["data"].([]any)
	if len(got) != len(list) {
		t.Fatalf("got %d events, want %d", len(got), len(list))
	}
	for i := range list {
		outer := list[i].(map[string]any)["attributes"].(map[string]any)
		inner := outer["attributes"].(map[string]any)
		if got[i].Title != inner["title"] || got[i].Host != inner["hostname"] || got[i].Text != outer["message"] || !got[i].Happened.Equal(instant(outer["timestamp"].(string))) || got[i].Source != "my_apps" {
			t.Errorf("got %+v", got[i])
		}
	}
	return nil
}
