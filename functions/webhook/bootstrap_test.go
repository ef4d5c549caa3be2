package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/functions/internal/e2e"
	"boomerang/functions/local/functionurl"
	"boomerang/shared/awstest"
)

// alone takes away what a function can do without.
var alone = map[string]string{"LEDGER_TABLE": "", "REDELIVERY_QUEUE_URL": ""}

// deliver sends the request in a file under events/, as if it happened now.
func deliver(t *testing.T, f *e2e.Instance, file string) events.LambdaFunctionURLResponse {
	t.Helper()
	request, err := functionurl.ReadFile(filepath.Join("../../events", file))
	if err != nil {
		t.Fatal(err)
	}
	if request, err = functionurl.Fresh(request, time.Now()); err != nil {
		t.Fatal(err)
	}
	response, err := f.Send(request, 14*time.Second)
	if err != nil {
		t.Fatalf("%v; the function wrote %s", err, f.Output())
	}
	return response
}

func TestBootstrap_answers_every_event_file(t *testing.T) {
	s := e2e.New(t)
	f := s.Start(e2e.Webhook, alone)
	want := map[string]struct {
		status int
		says   string
	}{
		"wrong-token.json": {401, ""},
		"own-event.json":   {200, `"status":"ignored"`},
	}
	files, err := filepath.Glob("../../events/*.json")
	if err != nil || len(files) < 15 {
		t.Fatalf("%d event files, %v", len(files), err)
	}
	posted := 0
	for _, file := range files {
		name := filepath.Base(file)
		if name == "webhook-payload.json" {
			continue
		}
		expected, ok := want[name]
		if !ok {
			expected.status, expected.says = 200, `"status":"posted"`
			posted++
		}
		r := deliver(t, f, name)
		if r.StatusCode != expected.status || !strings.Contains(r.Body, expected.says) {
			t.Errorf("%s: got %d %s, want %d %s", name, r.StatusCode, r.Body, expected.status, expected.says)
		}
	}
	if got := len(s.Datadog.Posted()); got != posted {
		t.Errorf("%d events were posted, want %d", got, posted)
	}
}

func TestBootstrap_does_not_start_with_what_cannot_work(t *testing.T) {
	playbooks := filepath.Join(t.TempDir(), "playbooks.yaml")
	if err := os.WriteFile(playbooks, []byte("playbok: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		changes map[string]string
		says    []string
	}{
		"nothing set":           {map[string]string{"DATADOG_SECRET_ARN": "", "WEBHOOK_SECRET_ARN": ""}, []string{"DATADOG_SECRET_ARN", "WEBHOOK_SECRET_ARN"}},
		"an unknown site":       {map[string]string{"DD_SITE": "datadog.example"}, []string{"DD_SITE", "us5.datadoghq.com"}},
		"keys sent in clear":    {map[string]string{"DATADOG_API_URL": "http://192.0.2.1"}, []string{"DATADOG_API_URL", "https"}},
		"several at once":       {map[string]string{"INTAKE": "later", "ENRICH_BUDGET": "five"}, []string{"INTAKE", "ENRICH_BUDGET"}},
		"wrong playbooks":       {map[string]string{"PLAYBOOKS_FILE": playbooks}, []string{"playbooks.yaml:1", "playbok"}},
		"no playbooks":          {map[string]string{"PLAYBOOKS_FILE": "no-such-file.yaml"}, []string{"PLAYBOOKS_FILE", "no-such-file.yaml"}},
		"AWS and ours":          {map[string]string{"AWS_RETRY_MODE": "often", "INTAKE": "later"}, []string{"AWS_RETRY_MODE", "INTAKE"}},
		"no region":             {map[string]string{"AWS_REGION": "", "INTAKE": "later"}, []string{"AWS_REGION", "INTAKE"}},
		"a secret that is gone": {map[string]string{"WEBHOOK_SECRET_ARN": "no-such-secret"}, []string{"no-such-secret"}},
	} {
		t.Run(name, func(t *testing.T) {
			mustExit(t, e2e.New(t).Start(e2e.Webhook, c.changes), c.says...)
		})
	}
}

func TestBootstrap_WrongSecrets(t *testing.T) {
	s := e2e.New(t)
	s.SetSecret(s.WebhookSecret, `{"token":" "}`)
	s.SetSecret(s.DatadogSecret, `{"api_key":"x"}`)
	mustExit(t, s.Start(e2e.Webhook, nil), s.WebhookSecret, s.DatadogSecret)
}

// mustExit makes sure that a function ends before it asks for work.
func mustExit(t *testing.T, f *e2e.Instance, says ...string) {
	t.Helper()
	if err := f.Ready(); err == nil {
		t.Fatal("it started")
	}
	if err := f.Ended(); err != nil {
		t.Fatalf("%v; it wrote %s", err, f.Output())
	}
	for _, word := range says {
		if !strings.Contains(f.Output(), word) {
			t.Errorf("it does not say %q: %s", word, f.Output())
		}
	}
}

func TestBootstrap_SlowSecrets(t *testing.T) {
	s := e2e.New(t)
	s.AWS.Break(awstest.Fault{Service: "SecretsManager", Effect: awstest.Delay(500 * time.Millisecond)})
	f := s.Start(e2e.Webhook, nil)
	if r := deliver(t, f, "triggered.json"); r.StatusCode != 200 || len(s.Datadog.Posted()) != 1 {
		t.Errorf("got %d %s", r.StatusCode, r.Body)
	}
}

func TestBootstrap_learns_a_rotated_Datadog_key(t *testing.T) {
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

func TestBootstrap_lets_in_the_new_token_and_the_one_before(t *testing.T) {
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
