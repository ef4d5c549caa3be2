package functions_test

import (
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"boomerang/functions/internal/e2e"
	"boomerang/shared/alert"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/queue"
)

func TestMain(m *testing.M) {
	flag.Parse()
	// The tests of whole stacks wait more than they work. Too many at once wait for each other.
	if err := flag.Set("test.parallel", strconv.Itoa(6*runtime.GOMAXPROCS(0))); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// limit is the timeout of an invocation: as short as it can be with 2 s for the
// steps, because a call that hangs takes all of it.
const limit = 8 * time.Second

const timeout = 60 * time.Second

func isRead(r fakedatadog.Route) bool { return !isPost(r) }

func isPost(r fakedatadog.Route) bool { return strings.HasPrefix(string(r), "events.create") }

// inject breaks routes of Datadog; 0 calls means all until ClearFaults.
func inject(t *testing.T, s *e2e.Stack, on func(fakedatadog.Route) bool, f fakedatadog.Fault, calls int) {
	t.Helper()
	for _, r := range s.Datadog.Routes() {
		if !on(r) {
			continue
		}
		if err := s.Datadog.Inject(r, f, calls); err != nil {
			t.Fatal(err)
		}
	}
}

// begin returns a stack with a webhook and a worker.
func begin(t *testing.T) (s *e2e.Stack, webhook, worker *e2e.Instance) {
	t.Helper()
	return beginWith(t, nil)
}

// beginWith begins with variables of the functions.
func beginWith(t *testing.T, variables map[string]string) (s *e2e.Stack, webhook, worker *e2e.Instance) {
	t.Helper()
	t.Parallel()
	s = e2e.New(t)
	s.AddMonitors(4711)
	return s, s.Start(e2e.Webhook, variables), s.Start(e2e.Redeliver, variables)
}

// writePlaybooks returns the path of a file with playbooks.
func writePlaybooks(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "playbooks.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// enqueue puts an alert into the redelivery queue, as the webhook does.
func enqueue(t *testing.T, s *e2e.Stack, a e2e.Alert) {
	t.Helper()
	decoded, err := alert.Decode([]byte(a.Request().Body))
	if err != nil {
		t.Fatal(err)
	}
	body, err := queue.Encode(queue.Message{Alert: decoded, ReceivedAt: time.Now(), Reason: "a test"})
	if err != nil {
		t.Fatal(err)
	}
	s.Enqueue(body)
}

// mustReady waits until the instances can be invoked.
func mustReady(t *testing.T, instances ...*e2e.Instance) {
	t.Helper()
	for _, f := range instances {
		if err := f.Ready(); err != nil {
			t.Fatalf("%v; it wrote %s", err, f.Output())
		}
	}
}

// deliver delivers an alert once, and returns the status of the response and the one in its body. It may run beside the
// test.
func deliver(t *testing.T, f *e2e.Instance, a e2e.Alert) (code int, status string) {
	t.Helper()
	r, err := f.Deliver(a, limit)
	if err != nil {
		t.Errorf("alert %d: %v; the function wrote %s", a.ID, err, f.Output())
		return http.StatusBadGateway, ""
	}
	var body struct{ Status any }
	_ = json.Unmarshal([]byte(r.Body), &body) // Then there is no status.
	status, _ = body.Status.(string)
	return r.StatusCode, status
}

// insist delivers an alert as Datadog does, which repeats what is answered 503, and returns the last status.
func insist(t *testing.T, f *e2e.Instance, a e2e.Alert) (status string) {
	t.Helper()
	code, status := deliver(t, f, a)
	for end := time.Now().Add(timeout); code == http.StatusServiceUnavailable && time.Now().Before(end); code, status = deliver(t, f, a) {
		time.Sleep(200 * time.Millisecond)
	}
	if code > http.StatusAccepted {
		t.Errorf("alert %d was answered %d; the function wrote %s", a.ID, code, f.Output())
	}
	return status
}

// mustDeliver insists, and fails unless the status is that.
func mustDeliver(t *testing.T, f *e2e.Instance, a e2e.Alert, want string) {
	t.Helper()
	if got := insist(t, f, a); got != want {
		t.Errorf("got %q, want %q; the function wrote %s", got, want, f.Output())
	}
}

// mustPost fails unless there are as many events about each notification as wanted. On a busy machine a run may have to
// go on without the ledger, and there may be another event.
func mustPost(t *testing.T, s *e2e.Stack, want map[int64]int) {
	t.Helper()
	got := s.Posted()
	for id, n := range want {
		if got[id] < n || got[id] > n && lateCalls(s) == 0 {
			t.Errorf("notification %d has %d events, want %d", id, got[id], n)
		}
		delete(got, id)
	}
	if len(got) > 0 {
		t.Errorf("unexpected events: %v", got)
	}
	if t.Failed() {
		t.Log(s.Output())
	}
}

var lateCall = regexp.MustCompile(`ledger table \S+ did not answer in time`)

// lateCalls counts the calls that the ledger did not answer in time although no fault broke them.
func lateCalls(s *e2e.Stack) int {
	n := len(lateCall.FindAllString(s.Output(), -1))
	for _, c := range s.AWS.Calls("DynamoDB", "") {
		if c.Faulted {
			n--
		}
	}
	return max(0, n)
}

func mustLogJSON(t *testing.T, f *e2e.Instance) {
	t.Helper()
	for line := range strings.Lines(f.Output()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("not a line of JSON: %s", line)
		}
	}
}

// mustDrain redelivers until the queue is empty, and fails if there is a dead letter.
func mustDrain(t *testing.T, s *e2e.Stack, worker *e2e.Instance) {
	t.Helper()
	if err := s.Drain(worker, limit, timeout); err != nil {
		t.Fatalf("%v; the worker wrote %s", err, worker.Output())
	}
	for _, m := range s.Take(s.DeadLetters) {
		t.Errorf("a dead letter: %s", reason(m))
	}
}

// reason is why a message is a dead letter.
func reason(m types.Message) string {
	if a, ok := m.MessageAttributes["reason"]; ok && a.StringValue != nil {
		return *a.StringValue
	}
	return ""
}

// isFaulted reports whether a call of AWS met a fault.
func isFaulted(s *e2e.Stack, service, operation string) bool {
	for _, c := range s.AWS.Calls(service, operation) {
		if c.Faulted {
			return true
		}
	}
	return false
}
