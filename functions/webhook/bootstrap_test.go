package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/functions/internal/e2e"
	"boomerang/functions/local/request"
	"boomerang/shared/awstest"
)

// alone takes away what a function can do without.
var alone = map[string]string{"LEDGER_TABLE": "", "REDELIVERY_QUEUE_URL": ""}

// deliver sends the request in a file under events/, as if it happened now.
func deliver(t *testing.T, f *e2e.Instance, file string) events.LambdaFunctionURLResponse {
	t.Helper()
	r, err := request.Read(filepath.Join("../../events", file), nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	response, err := f.Send(r.LambdaFunctionURLRequest, 14*time.Second)
	if err != nil {
		t.Fatalf("%v; the function wrote %s", err, f.Output())
	}
	return response
}

func TestBootstrap_EventFiles(t *testing.T) {
	s := e2e.New(t)
	f := s.Start(e2e.Webhook, alone)
	files, err := filepath.Glob("../../events/*.json")
	if err != nil || len(files) < 15 {
		t.Fatalf("%d event files, %v", len(files), err)
	}
	posted := 0
	for _, file := range files {
		status, body := 200, `"status":"posted"`
		switch filepath.Base(file) {
		case "webhook-payload.json":
			continue
		case "wrong-token.json":
			status, body = 401, ""
		case "own-event.json":
			body = `"status":"ignored"`
		default:
			posted++
		}
		if r := deliver(t, f, filepath.Base(file)); r.StatusCode != status || !strings.Contains(r.Body, body) {
			t.Errorf("%s: got %d %s, want %d %s", file, r.StatusCode, r.Body, status, body)
		}
	}
	if got := len(s.Datadog.Posted()); got != posted {
		t.Errorf("%d events were posted, want %d", got, posted)
	}
}

func TestBootstrap_WrongEnvironment(t *testing.T) {
	playbooks := filepath.Join(t.TempDir(), "playbooks.yaml")
	if err := os.WriteFile(playbooks, []byte("playbok: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		changes map[string]string
		reasons []string
	}{
		"nothing set":     {map[string]string{"DATADOG_SECRET_ARN": "", "WEBHOOK_SECRET_ARN": ""}, []string{"DATADOG_SECRET_ARN", "WEBHOOK_SECRET_ARN"}},
		"unknown site":    {map[string]string{"DD_SITE": "datadog.example"}, []string{"DD_SITE", "us5.datadoghq.com"}},
		"plain http":      {map[string]string{"DATADOG_API_URL": "http://192.0.2.1"}, []string{"DATADOG_API_URL", "https"}},
		"wrong playbooks": {map[string]string{"PLAYBOOKS_FILE": playbooks}, []string{"playbooks.yaml:1", "playbok"}},
		"no playbooks":    {map[string]string{"PLAYBOOKS_FILE": "no-such-file.yaml"}, []string{"PLAYBOOKS_FILE", "no-such-file.yaml"}},
		"AWS and ours":    {map[string]string{"AWS_RETRY_MODE": "often", "INTAKE": "later"}, []string{"AWS_RETRY_MODE", "INTAKE"}},
		"no region":       {map[string]string{"AWS_REGION": "", "INTAKE": "later"}, []string{"AWS_REGION", "INTAKE"}},
		"missing secret":  {map[string]string{"WEBHOOK_SECRET_ARN": "no-such-secret"}, []string{"no-such-secret"}},
	} {
		t.Run(name, func(t *testing.T) {
			e2e.New(t).Start(e2e.Webhook, tt.changes).MustExit(t, tt.reasons...)
		})
	}
}

func TestBootstrap_WrongSecrets(t *testing.T) {
	s := e2e.New(t)
	s.SetSecret(s.WebhookSecret, `{"token":" "}`)
	s.SetSecret(s.DatadogSecret, `{"api_key":"x"}`)
	s.Start(e2e.Webhook, nil).MustExit(t, s.WebhookSecret, s.DatadogSecret)
}

func TestBootstrap_SlowSecrets(t *testing.T) {
	s := e2e.New(t)
	s.AWS.Break(awstest.Fault{Service: "SecretsManager", Effect: awstest.Delay(500 * time.Millisecond)})
	f := s.Start(e2e.Webhook, nil)
	if r := deliver(t, f, "triggered.json"); r.StatusCode != 200 || len(s.Datadog.Posted()) != 1 {
		t.Errorf("got %d %s", r.StatusCode, r.Body)
	}
}

func TestBootstrap_RotatedKeys(t *testing.T) {
	s := e2e.New(t)
	f := s.Start(e2e.Webhook, alone)
	if r := deliver(t, f, "triggered.json"); r.StatusCode != 200 {
		t.Fatalf("got %d %s", r.StatusCode, r.Body)
	}
	s.Datadog.SetKeys("new-api-key", "new-app-key")
	s.SetSecret(s.DatadogSecret, `{"api_key":"new-api-key","app_key":"new-app-key"}`)
	if r := deliver(t, f, "recovered.json"); r.StatusCode != 200 || len(s.Datadog.Posted()) != 2 {
		t.Errorf("after the rotation: %d %s", r.StatusCode, r.Body)
	}
}

func TestBootstrap_RotatedToken(t *testing.T) {
	s := e2e.New(t)
	f := s.Start(e2e.Webhook, alone)
	if err := f.Ready(); err != nil {
		t.Fatal(err)
	}
	s.SetSecret(s.WebhookSecret, `{"token":"rotated"}`)
	if r := deliver(t, f, "triggered.json"); r.StatusCode != 200 {
		t.Errorf("the token before the rotation: %d %s", r.StatusCode, r.Body)
	}
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

func TestBootstrap_NoExtension(t *testing.T) {
	f := e2e.New(t).Start(e2e.Webhook, alone)
	deliver(t, f, "triggered.json")
	for _, r := range records(t, f) {
		if message, ok := r["message"].(string); !ok || strings.Contains(strings.ToLower(message), "datadog:") || r["dd.trace_id"] != nil {
			t.Errorf("a library wrote %v", r)
		}
	}
}

// Without the extension, the Datadog Forwarder reads metrics and traces from the log.
func TestBootstrap_FlushToLog(t *testing.T) {
	f := e2e.New(t).Start(e2e.Webhook, map[string]string{"DD_FLUSH_TO_LOG": "true"})
	for range 2 {
		deliver(t, f, "triggered.json")
	}
	metrics, traces := 0, 0
	for _, r := range records(t, f) {
		if r["m"] == "boomerang.received" {
			metrics++
		}
		if r["traces"] != nil {
			traces++
		}
	}
	if metrics != 2 || traces == 0 {
		t.Errorf("%d metrics and %d traces are in the log: %s", metrics, traces, f.Output())
	}
	if strings.Contains(f.Output(), e2e.Token) {
		t.Error("the token is in the log")
	}
}
