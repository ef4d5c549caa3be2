// Package bench measures the built webhook function as it is deployed: 256 MB, the
// embedded playbooks, the template's GOGC, TLS to every dependency. In each round it takes turns with a bare
// function of the same libraries, with a plain Python function that does the same work,
// and with the webhook of another commit. `make bench` runs it and compares.
package bench

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"hash/crc32"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"boomerang/functions/internal/e2e"
	"boomerang/functions/internal/runtimeapi"
	"boomerang/shared/fakedatadog"
)

const (
	warmUp      = 5  // invocations that open connections
	invocations = 25 // that are measured
	timeout     = 14 * time.Second
	firstID     = 8391473610920841000
	heapGrowth  = "GOGC=" + e2e.HeapGrowth
)

// BenchmarkFunction starts each function once. BIN is the folder of the built functions,
// PYTHON an interpreter with boto3.
func BenchmarkFunction(b *testing.B) {
	bin := os.Getenv("BIN")
	if bin == "" {
		b.Skip("make bench builds the functions and sets BIN")
	}
	targets := map[string][]string{}
	for _, name := range []string{"bare", "webhook", "base"} {
		if path := filepath.Join(bin, name); isFile(path) {
			targets[name] = []string{path}
		}
	}
	if python := os.Getenv("PYTHON"); python != "" {
		targets["python"] = []string{python, "python/bootstrap.py", "handler.handle"}
	}
	for _, name := range []string{"bare", "webhook", "python", "base"} {
		if command, ok := targets[name]; ok {
			b.Run("function="+name, func(b *testing.B) {
				for b.Loop() {
					measure(b, command, name != "bare")
				}
			})
		}
	}
}

func isFile(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// measure runs one instance from its start to its end and reports its figures.
func measure(b *testing.B, command []string, posts bool) {
	s := newServices(b)
	started := time.Now()
	var variables []string
	if posts { // Nobody sets it for a bare function.
		variables = append(variables, heapGrowth)
	}
	i := start(b, s, command, variables...)
	ready := time.Since(started)

	var first time.Duration
	var own []time.Duration
	for n := range warmUp + invocations {
		alert := e2e.Alert{ID: int64(firstID + n), Monitor: int64(4000 + n), Service: "checkout-" + strconv.Itoa(n)}
		if posts {
			s.seed(alert)
		}
		s.takeBusy()
		begin := time.Now()
		i.invoke(b, alert.Request(), `posted`)
		took := time.Since(begin)
		if n == 0 {
			first = time.Since(started)
		}
		if n >= warmUp {
			own = append(own, took-s.takeBusy())
		}
	}
	if posted := len(s.datadog.Posted()); posts && posted != warmUp+invocations {
		b.Fatalf("%d events for %d alerts", posted, warmUp+invocations)
	}
	slices.Sort(own)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(ready.Microseconds())/1000, "ready-ms")
	b.ReportMetric(float64(first.Microseconds())/1000, "first-ms")
	b.ReportMetric(float64(own[len(own)/2].Microseconds())/1000, "own-ms")
	b.ReportMetric(i.peak(b), "peak-MB")
}

// instance is a function that runs.
type instance struct {
	api     *runtimeapi.Server
	process *os.Process
	output  bytes.Buffer
}

// start returns an instance that waits for its first invocation.
func start(b *testing.B, s *services, command []string, variables ...string) *instance {
	api, err := runtimeapi.Start()
	if err != nil {
		b.Fatal(err)
	}
	i := &instance{api: api}
	function := exec.Command(command[0], command[1:]...)
	function.Env = append(s.environment(b, api.Addr), variables...)
	function.Stdout, function.Stderr = &i.output, &i.output
	if err := function.Start(); err != nil {
		b.Fatal(err)
	}
	i.process = function.Process
	b.Cleanup(func() { _, _ = function.Process.Kill(), function.Wait(); api.Close() })
	select {
	case <-api.Ready:
	case <-time.After(timeout):
		b.Fatal("the function did not start: " + i.output.String())
	}
	return i
}

// invoke fails the benchmark unless the response contains a text.
func (i *instance) invoke(b *testing.B, event any, want string) {
	payload, err := json.Marshal(event)
	if err != nil {
		b.Fatal(err)
	}
	result, err := i.api.Invoke(context.Background(), payload, time.Now().Add(timeout))
	if err != nil || result.Failed || !bytes.Contains(result.Body, []byte(want)) {
		b.Fatalf("the response is %s %v; the function wrote %s", result.Body, err, i.output.String())
	}
}

// peak is the most memory that a process had
// (https://docs.kernel.org/filesystems/proc.html), in MB.
func (i *instance) peak(b *testing.B) float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", i.process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kilobytes, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64) // Zero fails below.
			return float64(kilobytes<<10) / 1e6
		}
	}
	b.Fatal("the process has ended")
	return 0
}

// services answers for Datadog and AWS over TLS. AWS's answers are fixed, because a real
// emulator would take longer than what is measured.
type services struct {
	datadog *fakedatadog.Server
	api     *httptest.Server // Datadog's
	aws     *httptest.Server
	roots   string

	mu       sync.Mutex
	underway int
	since    time.Time
	busy     time.Duration
}

func newServices(b *testing.B) *services {
	s := &services{datadog: fakedatadog.New(fakedatadog.Options{})}
	s.api = s.listen(b, s.datadog, true) // Datadog's API speaks HTTP/2, AWS's endpoints do not.
	s.aws = s.listen(b, http.HandlerFunc(answerAWS), false)
	s.roots = filepath.Join(b.TempDir(), "roots.pem")
	if err := os.WriteFile(s.roots, append(encode(s.api.Certificate()), systemRoots()...), 0o600); err != nil {
		b.Fatal(err)
	}
	return s
}

func (s *services) listen(b *testing.B, h http.Handler, http2 bool) *httptest.Server {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.count(1)
		defer s.count(-1)
		h.ServeHTTP(w, r)
	}))
	server.EnableHTTP2 = http2
	server.StartTLS()
	b.Cleanup(server.Close)
	return server
}

func encode(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

// systemRoots are what a function in Lambda reads before its first TLS connection.
func systemRoots() []byte {
	bundle, _ := os.ReadFile("/etc/ssl/certs/ca-certificates.crt") // Other systems start sooner.
	return bundle
}

func (s *services) environment(b *testing.B, runtime string) []string {
	task, err := filepath.Abs("python")
	if err != nil {
		b.Fatal(err)
	}
	return []string{
		"PATH=" + os.Getenv("PATH"), "AWS_LAMBDA_RUNTIME_API=" + runtime, "LAMBDA_TASK_ROOT=" + task, "PYTHONPYCACHEPREFIX=" + os.TempDir(),
		"AWS_LAMBDA_LOG_FORMAT=JSON", "AWS_LAMBDA_FUNCTION_NAME=boomerang", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=256",
		"AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1", "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test",
		"AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
		"DATADOG_SECRET_ARN=keys", "WEBHOOK_SECRET_ARN=token", "LEDGER_TABLE=ledger", "REDELIVERY_QUEUE_URL=" + s.aws.URL + "/1/queue",
		"AWS_ENDPOINT_URL=" + s.aws.URL, "DATADOG_API_URL=" + s.api.URL,
		"SSL_CERT_FILE=" + s.roots, "SSL_CERT_DIR=" + os.DevNull, "REQUESTS_CA_BUNDLE=" + s.roots, // boto3 has roots of its own.
	}
}

// seed makes Datadog know an alert's monitor and a deployment before it.
func (s *services) seed(a e2e.Alert) {
	s.datadog.AddMonitor(fakedatadog.Monitor{
		ID: a.Monitor, Name: "Checkout is slow", Type: "query alert", Query: "avg(last_5m):p95:trace.http.request{*} > 0.8",
		Options: map[string]any{"thresholds": map[string]any{"critical": 0.8}},
	})
	s.datadog.AddEvent(fakedatadog.Event{
		Title: "Deployed " + a.Service, DateHappened: time.Now().Add(-17 * time.Minute).Unix(), Tags: []string{"service:" + a.Service},
	})
}

func answerAWS(w http.ResponseWriter, r *http.Request) {
	var in struct {
		SecretID                  string `json:"SecretId"`
		VersionStage              string
		ExpressionAttributeValues map[string]any
	}
	_ = json.NewDecoder(r.Body).Decode(&in) // The SDKs write JSON.
	out := map[string]any{}
	switch _, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), "."); {
	case in.VersionStage == "AWSPREVIOUS":
		w.WriteHeader(http.StatusBadRequest)
		out["__type"] = "ResourceNotFoundException"
	case operation == "GetSecretValue":
		keys := `{"api_key":"` + fakedatadog.DefaultAPIKey + `","app_key":"` + fakedatadog.DefaultAppKey + `","token":"` + e2e.Token + `"}`
		out["Name"], out["VersionId"], out["SecretString"] = in.SecretID, "1", keys
	case operation == "UpdateItem":
		out["Attributes"] = map[string]any{"seen": in.ExpressionAttributeValues[":seen"], "expires_at": in.ExpressionAttributeValues[":expires"]}
	}
	body, _ := json.Marshal(out) // Strings and maps always marshal.
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.Header().Set("X-Amz-Crc32", fmt.Sprint(crc32.ChecksumIEEE(body))) // As DynamoDB does: the SDK warns without it.
	_, _ = w.Write(body)                                                // The caller reports a lost answer.
}

// count measures how long at least one call is under way.
func (s *services) count(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.underway > 0 {
		s.busy += now.Sub(s.since)
	}
	s.underway, s.since = s.underway+n, now
}

// takeBusy returns that time since it was last taken.
func (s *services) takeBusy() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	busy := s.busy
	s.busy = 0
	return busy
}
