package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"boomerang/functions/local/functionurl"
	"boomerang/functions/webhook/handler"
	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/metric"
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
	var request events.LambdaFunctionURLRequest
	raw, err := os.ReadFile("../../../events/" + file)
	if err == nil {
		err = json.Unmarshal(raw, &request)
	}
	if err == nil {
		request, err = functionurl.Fresh(request, time.Now())
	}
	if err != nil {
		t.Fatal(err)
	}
	a, err := handler.Decode(request)
	if err != nil {
		t.Fatal(err)
	}
	s.Seed(a, time.Now())
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
	s.SeedStep(a, metric.Config{Query: "max:disk.used{*}"}, time.Now())
	s.SeedStep(a, metric.Config{Query: "no query"}, time.Now())
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
	if got := len(s.Datadog.Events()); got != 7 {
		t.Errorf("%d events, want 7", got)
	}
}

// TestSeed_Stories checks that what Datadog knows fits each request in the folder events.
func TestSeed_Stories(t *testing.T) {
	const deploy, pool = "Deployed checkout 4.2.1 to prod", "Connections of payments-db are near the limit"
	for file, tt := range map[string]struct {
		groups      string // The states of the alert's group, and of the two others.
		has, hasNot []string
	}{
		"triggered.json":               {"Alert OK Warn", []string{deploy, pool}, nil},
		"torq-payload.json":            {"Alert OK Warn", []string{deploy, pool}, nil},
		"datadog-default-payload.json": {"Alert OK Warn", []string{deploy, pool}, nil},
		"form.json":                    {"Alert OK Warn", []string{deploy, pool}, nil},
		"base64.json":                  {"Alert OK Warn", []string{deploy, pool}, nil},
		"test-notification.json":       {"Alert OK Warn", []string{deploy, pool}, nil},
		"warn.json":                    {"Warn OK OK", []string{deploy}, []string{pool}},
		"re-triggered.json":            {"Alert OK Warn", []string{deploy, pool}, nil},
		"renotify.json":                {"Alert OK Warn", []string{deploy, pool}, nil},
		"recovered.json":               {"OK OK OK", []string{deploy, pool}, nil},
		"no-data.json":                 {"No Data OK OK", []string{"Terminating EC2 instance: i-0a1b2c3d4e5f60718", "[No data] The Datadog Agent"}, []string{"checkout", "payments"}},
		"object-variables.json":        {"Alert", []string{"[Triggered] psp refuses connections"}, []string{"checkout", "Deployed"}},
		"unresolved-variables.json":    {"Alert", []string{"[Triggered] Payments API logs many errors"}, []string{"Deployed"}},
	} {
		s, a := seeded(t, file)
		titles := ""
		for _, e := range s.Datadog.Events() {
			titles += e.Title + "\n"
			if e.DateHappened > a.Date.Unix() {
				t.Errorf("%s: %s is in the future", file, e.Title)
			}
		}
		for _, want := range tt.has {
			if !strings.Contains(titles, want) {
				t.Errorf("%s lacks %q: %s", file, want, titles)
			}
		}
		for _, not := range tt.hasNot {
			if strings.Contains(titles, not) {
				t.Errorf("%s has %q: %s", file, not, titles)
			}
		}
		m, err := client(t, s).Monitor(t.Context(), newScenario(a, a.Date).monitor, datadog.MonitorQuery{GroupStates: []string{"all"}})
		if err != nil {
			t.Fatal(err)
		}
		isOwn := enrich.IsGroup(a)
		var own, others []string
		for _, g := range m.Groups {
			if isOwn(g.Name) || g.Name == "*" {
				own = append(own, g.Status)
			} else {
				others = append(others, g.Status)
			}
		}
		slices.Sort(others)
		if got := strings.Join(append(own, others...), " "); got != tt.groups {
			t.Errorf("%s: groups are %s, want %s", file, got, tt.groups)
		}
	}
}

func client(t *testing.T, s *Sandbox) *datadog.Client {
	t.Helper()
	c, err := s.Client()
	if err != nil {
		t.Fatal(err)
	}
	return c
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
	s.Seed(alert.Alert{ID: "1", MonitorID: "4711", Query: "avg:a{*} > 1"}, time.Now())
	s.SeedStep(alert.Alert{}, metric.Config{Query: "avg:a{*}"}, time.Now())
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
	env := s.Environment(map[string]string{"LEDGER_TABLE": "theirs", "REDELIVERY_QUEUE_URL": "theirs", "FOLLOW_UP_QUEUE_URL": "theirs", "ENRICH_BUDGET": "2s"}, slog.New(slog.DiscardHandler))
	for name, want := range map[string]string{"LEDGER_TABLE": "", "REDELIVERY_QUEUE_URL": "", "FOLLOW_UP_QUEUE_URL": "", "ENRICH_BUDGET": "2s", "DATADOG_API_URL": s.URL} {
		if got := env.Variables[name]; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if ok, err := secret.NewTokens(env.GetSecretValue, env.Variables["WEBHOOK_SECRET_ARN"], nil).Check(t.Context(), Token); !ok || err != nil {
		t.Errorf("the local token: %v, %v", ok, err)
	}
	keys, err := secret.NewDatadogKeys(env.GetSecretValue, env.Variables["DATADOG_SECRET_ARN"], nil).Get(t.Context())
	if err != nil || keys.API.Reveal() != s.Keys.API || keys.App.Reveal() != s.Keys.App {
		t.Errorf("other keys than the fake's, %v", err)
	}
	calls := len(s.Datadog.Requests())
	if _, err := ledger.New(dynamodb.NewFromConfig(env.AWS), "table").Claim(t.Context(), ledger.Delivery{Key: "1"}, time.Now().Add(time.Minute)); err == nil || len(s.Datadog.Requests()) == calls {
		t.Errorf("AWS was called elsewhere than in the sandbox: %v", err)
	}
}
