package schema

import (
	"fmt"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/owner"
	"boomerang/shared/enrich/suspects"
	"boomerang/shared/event"
	"boomerang/shared/memory"
	"boomerang/shared/playbook"
)

// The alert of the reference's examples, what is known of earlier ones, and what steps found.
var (
	sampleTime  = time.Date(2026, 11, 20, 9, 12, 4, 0, time.UTC)
	sampleAlert = alert.Alert{
		ID: "8391951994415332266", AggregKey: "6cfc427d4b9e235010ed3b0e52f9924e", CycleKey: "8391188120777204410",
		MonitorID: "4711", Metric: "trace.http.request", Priority: "P2", Query: "avg(last_5m):p95:trace.http.request{env:prod} by {host} > 0.8",
		Scope: "env:prod,host:web-1", Status: "p95 of trace.http.request was > 0.8 on average during the last 5m.", AlertTitle: "Checkout p95 latency is high on web-1",
		Transition: alert.Triggered, Type: "error", Date: sampleTime, LastUpdated: sampleTime.Add(time.Second),
		Title: "[P2] [Triggered] Checkout p95 latency is high", Message: "%%%\nRoll **back** first.\n%%%", Text: "Roll back first.", EventType: "query_alert_monitor",
		EventPriority: "normal", Hostname: "web-1", Tags: alert.Tags{"env:prod", "service:checkout", "team:shop", "monitor"},
		Link: "https://app.datadoghq.com/monitors/4711", Snapshot: "https://p.datadoghq.com/snapshot/view/1.png", MetricNamespace: "trace",
		OrgID: "1000042", OrgName: "Example", Email: "shop@example.com", User: "shop@example.com", Username: "shop",
		LogsSample: []byte(`{"columns":["message"],"rows":[{"message":"timeout"}]}`),
		Incident: alert.Incident{
			Attachments: []byte(`[{"title":"Dashboard"}]`), Commander: []byte(`{"name":"Ada"}`), CustomerImpact: []byte(`{"scope":"one in ten orders"}`),
			Fields: []byte(`{"state":"active"}`), Integrations: []byte(`[{"type":"slack"}]`), Message: "Orders fail.", PublicID: "42", Severity: "SEV-2",
			Status: "active", Title: "Checkout is slow", Todos: []byte(`[{"task":"Roll back"}]`), URL: "https://app.datadoghq.com/incidents/42", UUID: "00000000-aaaa-0000-0000-000000000000",
		},
		Security: alert.Security{
			RuleName: "Brute force", RuleID: "abc-def-ghi", RuleType: "log_detection", RuleQueries: []byte(`["source:auth"]`), RuleGroupByFields: []byte(`{"usr.id":"ada"}`),
			SignalID: "AAAAAWgN8Xwgr1vKDQAAAABBWWdOOFh3ZzhYd2dySmVrQ2E", SignalSeverity: "high", SignalTitle: "Many failed logins", SignalMessage: "20 in a minute", SignalAttributes: []byte(`{"attempts":20}`),
		},
		Synthetics: alert.Synthetics{TestName: "Buy a book", FirstFailingStepName: "Pay", Summary: []byte(`{"total_test_failures":1}`)},
		Extra:      alert.Extra{"region": "eu"},
	}
	sampleMemory = memory.Memory{Count: 4, Days: 30, Recovered: 3, Median: 660, Longest: 5400, Followed: []memory.Followed{{Kind: "deploy", Service: "cart", Count: 3}}}
	sampleCycle  = event.Cycle{Lasted: 11 * time.Minute, Notified: 2, Kept: map[string]string{"ticket": "SHOP-7"}}
	samplePosted = event.Posted{ID: "8391952001122334455", URL: "https://app.datadoghq.com/event/event?id=8391952001122334455"}
	sampleTitle  = "Checkout is slow"
	sampleFound  = []enrich.Result{
		{Name: "owner", Status: enrich.OK, Finding: enrich.Finding{Data: owner.Data{Service: "checkout", Team: "shop", Tier: "1"}}},
		{Name: "suspects", Status: enrich.OK, Finding: enrich.Finding{Data: suspects.Data{Suspects: []suspects.Suspect{
			{Kind: "deploy", Title: "Deployed checkout 4.2.1", Time: sampleTime.Add(-17 * time.Minute), Before: 1020, Rule: "deploy", Service: "checkout"},
		}}}},
	}
)

// holds reports whether an expression holds for the sample alert.
func holds(expression string, kinds []enrich.Kind) (bool, error) {
	book, err := load(map[string]any{"name": "sample", "match": expression}, kinds)
	if err != nil {
		return false, err
	}
	return book.For(sampleAlert, sampleMemory).Name() == "sample", nil
}

// render returns what a template gives for the sample alert: in its event, or in a step
// behind the event.
func render(template string, kinds []enrich.Kind) (string, error) {
	type config struct {
		Text string `yaml:"text"`
	}
	var behind string
	capture := enrich.KindOf(enrich.Kind{Name: "capture"}, func(c config, _ time.Duration) enrich.Step {
		behind = c.Text
		return nil
	})
	sample := map[string]any{"name": "sample", "steps": []any{map[string]any{"uses": "owner"}, map[string]any{"uses": "suspects"}}}
	then := map[string]any{"uses": "capture", "keep": map[string]any{"ticket": "SHOP-7"}}
	sample["then"] = []any{then}
	isBehind := strings.Contains(template, ".event")
	if isBehind {
		then["with"] = map[string]any{"text": template}
	} else {
		sample["event"] = map[string]any{"text": template}
	}
	book, err := load(sample, append(kinds, capture))
	if err != nil {
		return "", err
	}
	plan := book.For(sampleAlert, sampleMemory)
	if isBehind {
		_, err := plan.Then(sampleFound, sampleTitle, samplePosted)[0].Named().Make(nil)
		return behind, err
	}
	draft, warnings := plan.Draft(sampleFound, sampleCycle)
	if len(warnings) > 0 {
		return "", warnings[0]
	}
	return draft.Text, nil
}

func load(sample map[string]any, kinds []enrich.Kind) (*playbook.Book, error) {
	source, err := yaml.Marshal(map[string]any{"playbooks": []any{sample}})
	if err != nil {
		return nil, err
	}
	book, err := playbook.Load("sample.yaml", source, kinds)
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, source)
	}
	return book, nil
}
