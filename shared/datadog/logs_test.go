package datadog

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestClient_Logs(t *testing.T) {
	for name, tt := range map[string]struct {
		body string
		want []Log
	}{
		"all_there_is": {
			`{"data":[{"id":"AQ","type":"log","attributes":{"timestamp":"2022-04-11T16:29:47.402Z","status":"error","service":"checkout","host":"web-1",
			  "message":"no connection","tags":["env:prod"],"attributes":{"error":{"message":"not this one"},"http":{"status_code":500}}}}],"meta":{"page":{"after":"x"}}}`,
			[]Log{{
				ID: "AQ", Time: time.Date(2022, 4, 11, 16, 29, 47, 402_000_000, time.UTC), Status: "error", Service: "checkout", Host: "web-1",
				Message: "no connection", Tags: []string{"env:prod"},
			}},
		},
		"an_error_without_a_line": {
			`{"data":[{"attributes":{"message":"","attributes":{"error":{"message":"no route","kind":"IOException"}}}}]}`,
			[]Log{{Message: "no route"}},
		},
		"no_line": {`{"data":[],"meta":{"status":"done"}}`, []Log{}},
		"values_of_other_types": {
			`{"data":[{"id":7,"attributes":{"timestamp":"today","message":{"a":1},"tags":"x","attributes":{"error":"plain"},"status":"anxious"}},7]}`,
			[]Log{{Status: "anxious"}, {}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := clientOver(t, answering(200, tt.body), keyring{}).Logs(t.Context(), LogQuery{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestClient_Logs_request(t *testing.T) {
	from := time.Date(2026, 11, 21, 13, 0, 0, 0, time.FixedZone("CET", 3600))
	for name, tt := range map[string]struct {
		query LogQuery
		want  string
	}{
		"every_parameter": {
			LogQuery{Query: `service:a "b"`, Indexes: []string{"main"}, From: from, To: from.Add(time.Hour), Limit: 200},
			`{"filter":{"query":"service:a \"b\"","indexes":["main"],"from":"2026-11-21T12:00:00Z","to":"2026-11-21T13:00:00Z"},"page":{"limit":200},"sort":"-timestamp"}`,
		},
		"as_few_as_possible": {
			LogQuery{Query: "*", From: from, To: from},
			`{"filter":{"query":"*","from":"2026-11-21T12:00:00Z","to":"2026-11-21T12:00:00Z"},"sort":"-timestamp"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var l log
			if _, err := clientOver(t, l.answering(200, wholeAnswer), keyring{}).Logs(t.Context(), tt.query); err != nil {
				t.Fatal(err)
			}
			got := l.requests[0]
			if diff := cmp.Diff(fromJSON(t, tt.want), fromJSON(t, got.body)); diff != "" || got.method != "POST" || got.url != "https://api.datadoghq.com/api/v2/logs/events/search" {
				t.Errorf("asked %s %s: %s", got.method, got.url, diff)
			}
		})
	}
}
