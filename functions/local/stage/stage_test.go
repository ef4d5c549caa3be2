package stage_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/functions/local/functionurl"
	"boomerang/functions/local/stage"
	"boomerang/functions/webhook/handler"
	"boomerang/shared/datadog"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/site"
)

func nothing(string) string { return "" }

// told is a stage that knows the story of an event file, and the time of its alert.
func told(t *testing.T, file string) (*stage.Stage, time.Time) {
	t.Helper()
	now := time.Now()
	s, err := stage.Start(nothing, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	request, err := functionurl.ReadFile("../../../events/" + file)
	if err != nil {
		t.Fatal(err)
	}
	if request, err = functionurl.Fresh(request, now); err != nil {
		t.Fatal(err)
	}
	s.Tell(request, now)
	a, err := handler.Decode(request)
	if err != nil {
		t.Fatal(err)
	}
	return s, a.Date
}

// asked returns what the stand-in answers to a read.
func asked(t *testing.T, s *stage.Stage, path string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := s.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("DD-API-KEY", keys.API)
	r.Header.Set("DD-APPLICATION-KEY", keys.App)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var body json.RawMessage
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s %v", path, resp.StatusCode, body, err)
	}
	return string(body)
}

func TestStage_tells_a_story_that_fits_the_alert(t *testing.T) {
	s, at := told(t, "torq-payload.json")
	window := "?from=" + strconv.FormatInt(at.Add(-time.Hour).Unix(), 10) + "&to=" + strconv.FormatInt(at.Unix(), 10)
	query := "p95:trace.http.request{env:prod,service:checkout} by {availability-zone}"
	for path, wants := range map[string][]string{
		"/api/v1/monitor/4711": {`"Checkout p95 latency is high"`, `"critical":0.8`, `"warning":0.6`},
		"/api/v1/query" + window + "&query=" + url.QueryEscape(query): {`"scope":"availability-zone:eu-west-1b"`, "0.9"},
		"/api/v2/team?filter[keyword]=checkout":                       {`"handle":"checkout"`},
		"/api/v1/slo/search?query=service:checkout":                   {"checkout answers in time"},
	} {
		got := asked(t, s, path)
		for _, want := range wants {
			if !strings.Contains(got, want) {
				t.Errorf("%s does not tell %s: %s", path, want, got)
			}
		}
	}
	if got := len(s.Server.Events()); got != 4 {
		t.Errorf("%d events happened, want 4", got)
	}
}

func TestStage_tells_of_an_alert_without_a_service(t *testing.T) {
	s, _ := told(t, "no-data.json")
	titles := ""
	for _, e := range s.Server.Events() {
		titles += e.Title + "\n"
	}
	if !strings.Contains(titles, "Deployed i-0a1b2c3d4e5f60718 4.2.1") || !strings.Contains(titles, "[Triggered] The Datadog Agent does not report") {
		t.Errorf("events are\n%s", titles)
	}
}

func TestStage_tells_of_a_metric_that_a_playbook_asks_for(t *testing.T) {
	s, at := told(t, "torq-payload.json")
	request, err := functionurl.ReadFile("../../../events/torq-payload.json")
	if err != nil {
		t.Fatal(err)
	}
	a, err := handler.Decode(request)
	if err != nil {
		t.Fatal(err)
	}
	a.Date = at
	s.TellMetric(a, "max:disk.used{*}", at)
	s.TellMetric(a, "no query", at)
	window := "?from=" + strconv.FormatInt(at.Add(-time.Hour).Unix(), 10) + "&to=" + strconv.FormatInt(at.Unix(), 10)
	if got := asked(t, s, "/api/v1/query"+window+"&query="+url.QueryEscape("max:disk.used{*}")); !strings.Contains(got, `"scope":"*"`) {
		t.Errorf("got %s", got)
	}
}

func TestStage_leaves_Datadog_alone_when_it_is_live(t *testing.T) {
	env := map[string]string{"LIVE": "1", "DD_API_KEY": "a", "DD_APP_KEY": "b"}
	s, err := stage.Start(func(name string) string { return env[name] }, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	request, err := functionurl.ReadFile("../../../events/torq-payload.json")
	if err != nil {
		t.Fatal(err)
	}
	s.Tell(request, time.Now())
	a, _ := handler.Decode(request)
	s.TellMetric(a, "", time.Now())
	if len(s.Server.Events()) > 0 {
		t.Error("it told the stand-in a story")
	}
	keys, _ := s.Renew(t.Context(), datadog.Keys{})
	if keys != (datadog.Keys{API: "a", App: "b"}) || strings.Join(s.Secrets(), ",") != "a,b" {
		t.Error("the keys are not the user's")
	}
	if got := s.Environment([]string{"DD_SITE=datadoghq.eu"}); got["DATADOG_API_URL"] != "" || got["DD_SITE"] != "datadoghq.eu" {
		t.Errorf("the environment is %v", got)
	}
}

func TestStage_environment_leads_to_nobody_s_AWS(t *testing.T) {
	s, _ := told(t, "torq-payload.json")
	got := s.Environment([]string{
		"LEDGER_TABLE=theirs", "REDELIVERY_QUEUE_URL=theirs", "AWS_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=theirs", "AWS_SESSION_TOKEN=theirs",
		"AWS_ENDPOINT_URL_DYNAMODB=theirs", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true", "AWS_USE_FIPS_ENDPOINT=true", "ENRICH_BUDGET=2s",
	})
	want := map[string]string{
		"DATADOG_SECRET_ARN": fakedatadog.DefaultDatadogSecret, "WEBHOOK_SECRET_ARN": fakedatadog.DefaultWebhookSecret, "LEDGER_TABLE": fakedatadog.LedgerTable,
		"DATADOG_API_URL": s.URL, "AWS_ENDPOINT_URL": s.URL, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local",
		"ENRICH_BUDGET": "2s",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the environment (-want +got):\n%s", diff)
	}
}

func TestStage_keys_are_those_that_the_stand_in_takes(t *testing.T) {
	s, _ := told(t, "torq-payload.json")
	client, err := datadog.New(datadog.Config{Site: site.US1, BaseURL: s.URL}, s)
	if err != nil {
		t.Fatal(err)
	}
	if service, err := client.Service(t.Context(), "checkout"); err != nil || service.Owner != "checkout" {
		t.Errorf("%+v, %v", service, err)
	}
	if got := s.Environment(nil)["DATADOG_SECRET_ARN"]; got != fakedatadog.DefaultDatadogSecret {
		t.Errorf("the secret is %q", got)
	}
}
