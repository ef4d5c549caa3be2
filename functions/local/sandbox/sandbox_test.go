package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"boomerang/functions/local/functionurl"
	"boomerang/functions/webhook/handler"
	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/ledger"
	"boomerang/shared/secret"
)

// seeded returns a sandbox with the scenario of an event file.
func seeded(t *testing.T, file string) (*Sandbox, alert.Alert) {
	t.Helper()
	s, err := Start(nil, false, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	request, err := functionurl.ReadFresh("../../../events/"+file, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	a, err := handler.Decode(request)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Seed(a, time.Now()); err != nil {
		t.Fatal(err)
	}
	return s, a
}

// get reads from the fake.
func get(t *testing.T, s *Sandbox, path string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("DD-API-KEY", s.Keys.API)
	r.Header.Set("DD-APPLICATION-KEY", s.Keys.App)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || !json.Valid(body) {
		t.Fatalf("%s: %d %s %v", path, resp.StatusCode, body, err)
	}
	return string(body)
}

func metricPath(query string, at time.Time) string {
	return fmt.Sprintf("/api/v1/query?from=%d&to=%d&query=%s", at.Add(-time.Hour).Unix(), at.Unix(), url.QueryEscape(query))
}

func TestSeed(t *testing.T) {
	s, a := seeded(t, "torq-payload.json")
	s.SeedMetric(a, "max:disk.used{*}", time.Now())
	s.SeedMetric(a, "no query", time.Now())
	for path, wants := range map[string][]string{
		"/api/v1/monitor/4711": {`"Checkout p95 latency is high"`, `"critical":0.8`, `"warning":0.6`},
		metricPath("p95:trace.http.request{env:prod,service:checkout} by {availability-zone}", a.Date): {`"scope":"availability-zone:eu-west-1b"`, "0.9"},
		metricPath("max:disk.used{*}", a.Date):                                                         {`"scope":"*"`},
		"/api/v2/team?filter[keyword]=checkout":                                                        {`"handle":"checkout"`},
		"/api/v1/slo/search?query=service:checkout":                                                    {"checkout answers in time"},
	} {
		got := get(t, s, path)
		for _, want := range wants {
			if !strings.Contains(got, want) {
				t.Errorf("%s has no %s: %s", path, want, got)
			}
		}
	}
	if got := len(s.Datadog.Events()); got != 4 {
		t.Errorf("%d events, want 4", got)
	}
}

func TestSeed_NoService(t *testing.T) {
	s, _ := seeded(t, "no-data.json")
	titles := ""
	for _, e := range s.Datadog.Events() {
		titles += e.Title + "\n"
	}
	if !strings.Contains(titles, "Deployed i-0a1b2c3d4e5f60718 4.2.1") || !strings.Contains(titles, "[Triggered] The Datadog Agent does not report") {
		t.Errorf("events are\n%s", titles)
	}
}

func TestStart_Live(t *testing.T) {
	if _, err := Start(map[string]string{"DD_APP_KEY": "b"}, true, time.Now); err == nil || !strings.Contains(err.Error(), "DD_API_KEY") {
		t.Errorf("without keys: %v", err)
	}
	s, err := Start(map[string]string{"DD_API_KEY": "a", "DD_APP_KEY": "b"}, true, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Seed(alert.Alert{ID: "1", MonitorID: "4711", Query: "avg:a{*} > 1"}, time.Now()); err != nil {
		t.Fatal(err)
	}
	s.SeedMetric(alert.Alert{}, "avg:a{*}", time.Now())
	if len(s.Datadog.Events()) > 0 || s.Keys != (datadog.FixedKeys{API: "a", App: "b"}) {
		t.Errorf("it seeded the fake, or has other keys than the user's")
	}
	if s.Name() != "datadoghq.com" {
		t.Errorf("the name is %s", s.Name())
	}
	if got := s.Environment(map[string]string{"DD_SITE": "datadoghq.eu"}, nil).Variables; got["DATADOG_API_URL"] != "" || got["DD_SITE"] != "datadoghq.eu" {
		t.Errorf("variables are %v", got)
	}
}

// TestEnvironment_NoAWS holds the function to the user's settings and to no AWS account.
func TestEnvironment_NoAWS(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://192.0.2.1")
	s, _ := seeded(t, "torq-payload.json")
	env := s.Environment(map[string]string{"LEDGER_TABLE": "theirs", "REDELIVERY_QUEUE_URL": "theirs", "ENRICH_BUDGET": "2s"}, slog.New(slog.DiscardHandler))
	for name, want := range map[string]string{"LEDGER_TABLE": "", "REDELIVERY_QUEUE_URL": "", "ENRICH_BUDGET": "2s", "DATADOG_API_URL": s.URL} {
		if got := env.Variables[name]; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if ok, err := secret.NewTokens(env.SecretsManager, env.Variables["WEBHOOK_SECRET_ARN"], nil).Check(t.Context(), Token); !ok || err != nil {
		t.Errorf("the local token: %v, %v", ok, err)
	}
	keys, err := secret.NewDatadogKeys(env.SecretsManager, env.Variables["DATADOG_SECRET_ARN"], nil).Get(t.Context())
	if err != nil || keys.API.Reveal() != s.Keys.API || keys.App.Reveal() != s.Keys.App {
		t.Errorf("other keys than the fake's, %v", err)
	}
	calls := len(s.Datadog.Requests())
	if _, err := ledger.New(dynamodb.NewFromConfig(env.AWS), "table").Claim(t.Context(), ledger.Delivery{Key: "1"}, time.Now().Add(time.Minute)); err == nil || len(s.Datadog.Requests()) == calls {
		t.Errorf("AWS was called elsewhere than in the sandbox: %v", err)
	}
}
