package functions_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/functions/internal/e2e"
	"boomerang/shared/awstest"
)

// thisMachine is what a container calls the machine that it runs on. The keys are sent to
// another host by https only: the certificate of httptest is for this name, and is beside
// the function.
const (
	thisMachine = "example.com"
	ca          = "ca.pem"
)

// TestSAM builds the webhook with SAM and invokes it with SAM, in the container
// that AWS makes for that, on every file of events/ or on the one in SAM_EVENT.
func TestSAM(t *testing.T) {
	if os.Getenv("SAM") == "" {
		t.Skip("it needs SAM and Docker: run `make test-sam`")
	}
	s := buildWithSAM(t)
	eachEvent(t, s.stack, func(t *testing.T, event events.LambdaFunctionURLRequest) events.LambdaFunctionURLResponse {
		answer := s.invoke(t, event)
		t.Logf("answered %d %s", answer.StatusCode, answer.Body)
		return answer
	})
}

// sam is a built function, and the world that its container talks to.
type sam struct {
	folder, template, url string
	stack                 *e2e.Stack
	flags                 []string
}

// buildWithSAM builds the webhook for this machine's processor. In the name of the
// variable for the certificate, since SAM sets only those that are named, the template
// differs from the one that is deployed.
func buildWithSAM(t *testing.T) *sam {
	t.Helper()
	folder := t.TempDir()
	s := &sam{folder: folder, template: filepath.Join(folder, "build", "template.yaml"), flags: []string{"--add-host", thisMachine + ":host-gateway"}}
	architecture := map[string]string{"amd64": "x86_64", "arm64": "arm64"}[runtime.GOARCH]
	if architecture == "" {
		t.Fatalf("Lambda has no containers for %s", runtime.GOARCH)
	}
	s.flags = append(s.flags, "--parameter-overrides", "Architecture="+architecture)
	if exec.CommandContext(t.Context(), "docker", "image", "inspect", "public.ecr.aws/lambda/provided:al2023-"+architecture).Run() == nil {
		s.flags = append(s.flags, "--skip-pull-image")
	}
	source, err := os.ReadFile("../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const endpoint = "        AWS_ENDPOINT_URL: \"\"\n"
	changed := strings.Replace(string(source), endpoint, endpoint+"        SSL_CERT_FILE: \"\"\n", 1)
	if !strings.Contains(changed, "SSL_CERT_FILE") {
		t.Fatal("template.yaml names AWS_ENDPOINT_URL elsewhere than this test thinks")
	}
	write(t, filepath.Join(folder, "template.yaml"), []byte(changed))
	s.run(t, "build", "WebhookFunction", "--template", filepath.Join(folder, "template.yaml"), "--base-dir", "..", "--build-dir", filepath.Join(folder, "build"),
		"--build-in-source", "--parameter-overrides", "Architecture="+architecture)
	s.serve(t)
	return s
}

// serve opens the fakes to the containers.
func (s *sam) serve(t *testing.T) {
	t.Helper()
	s.stack = e2e.New(t)
	server := httptest.NewUnstartedServer(http.HandlerFunc(s.serveHTTP))
	_ = server.Listener.Close()
	server.Listener = listen(t)
	server.StartTLS()
	t.Cleanup(server.Close)
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	s.url = "https://" + net.JoinHostPort(thisMachine, port)
	write(t, filepath.Join(s.folder, "build", "WebhookFunction", ca), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
}

func (s *sam) serveHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Amz-Target") != "" {
		s.stack.AWS.ServeHTTP(w, r)
		return
	}
	s.stack.Datadog.ServeHTTP(w, r)
}

// listen opens a port that containers reach: on Linux at their network's gateway;
// elsewhere Docker hands on what they send to the loopback address.
func listen(t *testing.T) net.Listener {
	t.Helper()
	gateway, _ := exec.CommandContext(t.Context(), "docker", "network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}").Output()
	var failed error
	for _, address := range []string{cmp.Or(strings.TrimSpace(string(gateway)), "172.17.0.1"), "127.0.0.1"} {
		listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", net.JoinHostPort(address, "0"))
		if err == nil {
			return listener
		}
		failed = errors.Join(failed, err)
	}
	t.Fatal(failed)
	return nil
}

// invoke returns what the function in the container answers.
func (s *sam) invoke(t *testing.T, event events.LambdaFunctionURLRequest) events.LambdaFunctionURLResponse {
	t.Helper()
	eventFile, environment := filepath.Join(s.folder, "event.json"), filepath.Join(s.folder, "environment.json")
	writeJSON(t, eventFile, event)
	writeJSON(t, environment, map[string]map[string]string{"WebhookFunction": {
		"DATADOG_SECRET_ARN": s.stack.DatadogSecret, "WEBHOOK_SECRET_ARN": s.stack.WebhookSecret,
		"LEDGER_TABLE": s.stack.Table, "REDELIVERY_QUEUE_URL": s.stack.Queue, "FOLLOW_UP_QUEUE_URL": s.stack.FollowUps,
		"DATADOG_API_URL": s.url, "AWS_ENDPOINT_URL": s.url, "SSL_CERT_FILE": "/var/task/" + ca,
	}})
	arguments := append([]string{"local", "invoke", "WebhookFunction", "--template", s.template, "--event", eventFile, "--env-vars", environment}, s.flags...)
	out := bytes.TrimSpace(s.run(t, arguments...))
	var answer events.LambdaFunctionURLResponse
	if err := json.Unmarshal(out[bytes.LastIndexByte(out, '\n')+1:], &answer); err != nil {
		t.Fatalf("SAM wrote something else than an answer: %v\n%s", err, out)
	}
	return answer
}

// run returns what SAM writes to its standard output. It has no account to ask for,
// and must not wait for one.
func (s *sam) run(t *testing.T, arguments ...string) []byte {
	t.Helper()
	command := exec.CommandContext(t.Context(), "sam", arguments...)
	command.Env = append(os.Environ(), "SAM_CLI_TELEMETRY=0",
		"AWS_REGION="+awstest.Region, "AWS_DEFAULT_REGION="+awstest.Region, "AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_ENDPOINT_URL_STS=http://127.0.0.1:9", "AWS_MAX_ATTEMPTS=1")
	var progress bytes.Buffer
	command.Stderr = &progress
	out, err := command.Output()
	if err != nil || testing.Verbose() {
		t.Logf("sam %s\n%s", strings.Join(arguments, " "), progress.String())
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

func writeJSON(t *testing.T, path string, content any) {
	t.Helper()
	raw, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, raw)
}
