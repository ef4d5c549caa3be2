package functions_test

import (
	"encoding/json"
	"strings"
	"testing"

	"boomerang/functions/internal/e2e"
)

// TestStart_Wrong starts functions whose environment or secrets are wrong: they say why, and end.
func TestStart_Wrong(t *testing.T) {
	t.Parallel()
	playbooks := writePlaybooks(t, "playbok: []\n")
	for name, c := range map[string]struct {
		function e2e.Function
		changes  map[string]string
		reasons  []string
	}{
		"nothing set":     {e2e.Webhook, map[string]string{"DATADOG_SECRET_ARN": "", "WEBHOOK_SECRET_ARN": ""}, []string{"DATADOG_SECRET_ARN", "WEBHOOK_SECRET_ARN"}},
		"unknown site":    {e2e.Webhook, map[string]string{"DD_SITE": "datadog.example"}, []string{"DD_SITE", "us5.datadoghq.com"}},
		"plain http":      {e2e.Webhook, map[string]string{"DATADOG_API_URL": "http://192.0.2.1"}, []string{"DATADOG_API_URL", "https"}},
		"wrong playbooks": {e2e.Webhook, map[string]string{"PLAYBOOKS_FILE": playbooks}, []string{"playbooks.yaml:1", "playbok"}},
		"no playbooks":    {e2e.Webhook, map[string]string{"PLAYBOOKS_FILE": "no-such-file.yaml"}, []string{"PLAYBOOKS_FILE", "no-such-file.yaml"}},
		"AWS and ours":    {e2e.Webhook, map[string]string{"AWS_RETRY_MODE": "often", "INTAKE": "later"}, []string{"AWS_RETRY_MODE", "INTAKE"}},
		"no region":       {e2e.Webhook, map[string]string{"AWS_REGION": "", "INTAKE": "later"}, []string{"AWS_REGION", "INTAKE"}},
		"missing secret":  {e2e.Webhook, map[string]string{"WEBHOOK_SECRET_ARN": "no-such-secret"}, []string{"no-such-secret"}},
		"reconcile":       {e2e.Reconcile, map[string]string{"LEDGER_TABLE": "", "WEBHOOK_NAME": "@webhook-boomerang"}, []string{"LEDGER_TABLE", "WEBHOOK_NAME"}},
		"drill":           {e2e.Drill, map[string]string{"FUNCTION_URL": "http://example.com/", "WEBHOOK_SECRET_ARN": ""}, []string{"FUNCTION_URL is plain http to another machine", "WEBHOOK_SECRET_ARN"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e2e.New(t).Start(c.function, c.changes).MustExit(t, c.reasons...)
		})
	}
	s := e2e.New(t)
	s.SetSecret(s.WebhookSecret, `{"token":" "}`)
	s.SetSecret(s.DatadogSecret, `{"api_key":"x"}`)
	s.Start(e2e.Webhook, nil).MustExit(t, s.WebhookSecret, s.DatadogSecret)
}

// records returns the lines that an instance wrote, which must all be JSON objects.
func records(t *testing.T, f *e2e.Instance) (all []map[string]any) {
	t.Helper()
	f.Kill()
	for line := range strings.Lines(f.Output()) {
		var record map[string]any
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Errorf("%v: %s", err, line)
		}
		all = append(all, record)
	}
	return all
}

func TestStart_NoExtension(t *testing.T) {
	_, webhook, _ := begin(t)
	mustDeliver(t, webhook, e2e.Alert{ID: 1}, "posted")
	for _, r := range records(t, webhook) {
		if message, ok := r["message"].(string); !ok || strings.Contains(strings.ToLower(message), "datadog:") || r["dd.trace_id"] != nil {
			t.Errorf("a library wrote %v", r)
		}
	}
}

// Without the extension, the Datadog Forwarder reads metrics and traces from the log.
func TestStart_FlushToLog(t *testing.T) {
	_, webhook, _ := beginWith(t, map[string]string{"DD_FLUSH_TO_LOG": "true"})
	mustDeliver(t, webhook, e2e.Alert{ID: 1}, "posted")
	mustDeliver(t, webhook, e2e.Alert{ID: 2}, "posted")
	metrics, traces := 0, 0
	for _, r := range records(t, webhook) {
		if r["m"] == "boomerang.received" {
			metrics++
		}
		if r["traces"] != nil {
			traces++
		}
	}
	if metrics < 2 || traces == 0 {
		t.Errorf("%d metrics and %d traces are in the log: %s", metrics, traces, webhook.Output())
	}
	mustLack(t, "the log", webhook.Output(), e2e.Token)
}
