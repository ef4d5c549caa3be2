package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/functions/internal/runtimeapi"
	"boomerang/functions/local/functionurl"
	"boomerang/shared/standin"
)

// bootstrap is the built function, which the tests run as Lambda does.
var bootstrap string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "bootstrap")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	bootstrap = filepath.Join(dir, "bootstrap")
	build := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", bootstrap, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		panic("build the function: " + string(out))
	}
	return m.Run()
}

// function is one running instance, with the stand-in for Datadog and AWS.
type function struct {
	api     *runtimeapi.Server
	standin *standin.Server
	output  *bytes.Buffer
	exited  chan error
}

// start runs the function with the environment that a deployed one has, changed
// as given: an empty value takes a variable away.
func start(t *testing.T, changes map[string]string) *function {
	t.Helper()
	f := &function{standin: standin.New(standin.Options{Token: "local-token"}), output: &bytes.Buffer{}, exited: make(chan error, 1)}
	server := httptest.NewServer(f.standin)
	t.Cleanup(server.Close)
	api, err := runtimeapi.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(api.Close)
	f.api = api

	env := map[string]string{
		"AWS_LAMBDA_RUNTIME_API": api.Addr, "AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_FUNCTION_NAME": "webhook",
		"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_ENDPOINT_URL": server.URL,
		"DATADOG_SECRET_ARN": standin.DefaultDatadogSecret, "WEBHOOK_SECRET_ARN": standin.DefaultWebhookSecret, "DATADOG_API_URL": server.URL,
	}
	for name, value := range changes {
		env[name] = value
	}
	command := exec.Command(bootstrap)
	for name, value := range env {
		if value != "" {
			command.Env = append(command.Env, name+"="+value)
		}
	}
	command.Stdout, command.Stderr = f.output, f.output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { f.exited <- command.Wait() }()
	t.Cleanup(func() { _ = command.Process.Kill() })
	return f
}

func (f *function) deliver(t *testing.T, file string) events.LambdaFunctionURLResponse {
	t.Helper()
	request, err := functionurl.ReadFile(filepath.Join("../../events", file))
	if err != nil {
		t.Fatal(err)
	}
	if request, err = functionurl.Fresh(request, time.Now()); err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	result, err := f.api.Invoke(ctx, payload, time.Now().Add(14*time.Second))
	if err != nil || result.Failed {
		t.Fatalf("%v, the function said %s and wrote %s", err, result.Body, f.output)
	}
	var response events.LambdaFunctionURLResponse
	if err := json.Unmarshal(result.Body, &response); err != nil {
		t.Fatal(err)
	}
	return response
}

func TestBootstrap_answers_every_event_file(t *testing.T) {
	f := start(t, nil)
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
		r := f.deliver(t, name)
		if r.StatusCode != expected.status || !strings.Contains(r.Body, expected.says) {
			t.Errorf("%s: got %d %s, want %d %s", name, r.StatusCode, r.Body, expected.status, expected.says)
		}
	}
	if got := len(f.standin.Posted()); got != posted {
		t.Errorf("%d events were posted, want %d", got, posted)
	}
}

func TestBootstrap_does_not_start_with_what_cannot_work(t *testing.T) {
	for name, c := range map[string]struct {
		changes map[string]string
		says    []string
	}{
		"nothing set":           {map[string]string{"DATADOG_SECRET_ARN": "", "WEBHOOK_SECRET_ARN": ""}, []string{"DATADOG_SECRET_ARN", "WEBHOOK_SECRET_ARN"}},
		"an unknown site":       {map[string]string{"DD_SITE": "datadog.example"}, []string{"DD_SITE", "us5.datadoghq.com"}},
		"keys sent in clear":    {map[string]string{"DATADOG_API_URL": "http://192.0.2.1"}, []string{"DATADOG_API_URL", "https"}},
		"several at once":       {map[string]string{"INTAKE": "later", "ENRICH_BUDGET": "five"}, []string{"INTAKE", "ENRICH_BUDGET"}},
		"a secret that is gone": {map[string]string{"WEBHOOK_SECRET_ARN": "no-such-secret"}, []string{"no-such-secret"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t, c.changes)
			mustExit(t, f, c.says...)
		})
	}
}

func mustExit(t *testing.T, f *function, says ...string) {
	t.Helper()
	select {
	case err := <-f.exited:
		if err == nil {
			t.Error("it exited without an error")
		}
	case <-f.api.Ready:
		t.Fatal("it started")
	case <-time.After(20 * time.Second):
		t.Fatal("it neither started nor stopped")
	}
	for _, word := range says {
		if !strings.Contains(f.output.String(), word) {
			t.Errorf("it does not say %q: %s", word, f.output)
		}
	}
}

func TestBootstrap_does_not_start_with_an_empty_token(t *testing.T) {
	empty := standin.New(standin.Options{})
	empty.SetSecret(standin.DefaultWebhookSecret, `{"token":" "}`)
	server := httptest.NewServer(empty)
	t.Cleanup(server.Close)
	mustExit(t, start(t, map[string]string{"AWS_ENDPOINT_URL": server.URL}), standin.DefaultWebhookSecret)
}

func TestBootstrap_learns_a_rotated_Datadog_key(t *testing.T) {
	f := start(t, nil)
	if r := f.deliver(t, "triggered.json"); r.StatusCode != 200 {
		t.Fatalf("got %d %s", r.StatusCode, r.Body)
	}
	f.standin.SetKeys("new-api-key", "new-app-key")
	f.standin.SetSecret(standin.DefaultDatadogSecret, `{"api_key":"new-api-key","app_key":"new-app-key"}`)
	if r := f.deliver(t, "recovered.json"); r.StatusCode != 200 || len(f.standin.Posted()) != 2 {
		t.Errorf("after the rotation: %d %s", r.StatusCode, r.Body)
	}
}

func TestBootstrap_lets_in_the_new_token_and_the_one_before(t *testing.T) {
	f := start(t, nil)
	<-f.api.Ready
	f.standin.SetSecret(standin.DefaultWebhookSecret, `{"token":"rotated"}`)
	if r := f.deliver(t, "triggered.json"); r.StatusCode != 200 {
		t.Errorf("the token before the rotation: %d %s", r.StatusCode, r.Body)
	}
}
