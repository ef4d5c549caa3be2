package queue

import (
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
)

var update = flag.Bool("update", false, "write the golden files")

// whole is a message with something in every field.
func whole() Message {
	raw := func(s string) json.RawMessage { return json.RawMessage(s) }
	return Message{
		Version:     versionAlert,
		ReceivedAt:  time.Date(2026, 11, 21, 10, 0, 1, 500_000_000, time.UTC),
		Reason:      "Datadog answered 503",
		Attempt:     2,
		MaybePosted: true,
		Trace:       map[string]string{"x-datadog-trace-id": "4503601294373001537", "x-datadog-parent-id": "4503601294373001538"},
		Alert: alert.Alert{
			ID: "8306082202796025694", AggregKey: "06ade3da0286048d242ea8e46f521c93", CycleKey: "1712345678901234567",
			MonitorID: "221164084", Metric: "system.load.1", Priority: "P1", Query: `avg(last_5m):avg:system.load.1{*} > 100`,
			Scope: "host:my-host", Status: "system.load.1 over host:my-host was > 100", AlertTitle: "[Triggered on {host:my-host}] High load",
			Transition: alert.Triggered, Type: "error",
			Date:        time.Date(2025, 10, 1, 18, 37, 4, 0, time.UTC),
			LastUpdated: time.Date(2025, 10, 1, 18, 37, 5, 1_000_000, time.UTC),
			Title:       "[P1] [Triggered] High load", Message: "%%%\nLoad <b>&</b> more · @webhook-boomerang\n%%%", Text: "Load & more",
			EventType: "query_alert_monitor", EventPriority: "normal", Hostname: "my-host",
			Tags: alert.Tags{"monitor", "service:A B", "team:dev:ops"}, Link: "https://app.datadoghq.com/monitors/221164084?group=a&b",
			Snapshot: "https://p.datadoghq.com/snapshot/1.png", MetricNamespace: "system", OrgID: "352347", OrgName: "vng",
			Email: "dev@example.com", User: "dev", Username: "dev@example.com",
			LogsSample: raw(`{"columns":["Time"],"label":"Sample Logs","rows":[{"items":["1"],"message":"boom"}]}`),
			Incident: alert.Incident{
				Attachments: raw(`[]`), Commander: raw(`{"name":"Ada"}`), CustomerImpact: raw(`{"customer_impacted":true}`),
				Fields: raw(`{}`), Integrations: raw(`[1]`), Message: "down", PublicID: "17", Severity: "SEV-2", Status: "active",
				Title: "Down", Todos: raw(`[]`), URL: "https://app.datadoghq.com/incidents/17", UUID: "0f0e",
			},
			Security: alert.Security{
				RuleName: "Brute force", RuleID: "abc", RuleType: "log_detection", RuleQueries: raw(`[{"query":"x"}]`),
				RuleGroupByFields: raw(`{"@usr":"eve"}`), SignalID: "sig", SignalSeverity: "high", SignalTitle: "Eve",
				SignalMessage: "many logins", SignalAttributes: raw(`{"n":1}`),
			},
			Synthetics: alert.Synthetics{TestName: "checkout", FirstFailingStepName: "pay", Summary: raw(`{"failed":1}`)},
			Test:       true,
			Extra:      alert.Extra{"runbook": "https://example.com/r", "big": int64(9007199254740993), "ratio": 0.5, "nested": map[string]any{"a": []any{int64(1), nil}}},
			Unreadable: []alert.Problem{{Field: "metadata.DATE", Reason: "is not a date"}},
			Digest:     strings.Repeat("ab", 32),
		},
	}
}

// noise is text that compresses badly, the same for the same seed.
func noise(seed uint64, length int) string {
	r := rand.New(rand.NewPCG(seed, 1))
	b := make([]byte, length)
	for i := range b {
		b[i] = byte(' ' + r.IntN(95))
	}
	return string(b)
}

func mustEncode(t *testing.T, m Message) string {
	t.Helper()
	body, err := Encode(m)
	if err != nil {
		t.Fatalf("Encode: %v", err)
	}
	if len(body) > maxBodyBytes {
		t.Fatalf("the body has %d bytes, more than %d", len(body), maxBodyBytes)
	}
	return body
}

func mustDecode(t *testing.T, body string) Message {
	t.Helper()
	m, err := Decode(body)
	if err != nil {
		t.Fatalf("Decode: %v", err)
	}
	return m
}

func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; write it with go test -update", err)
	}
	return strings.TrimSpace(string(b))
}
