package functions_test

import (
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"boomerang/functions/internal/e2e"
	"boomerang/shared/alert"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/queue"
)

// The breaking tests run the built functions against the stand-in, break what
// the functions depend on, and ask each time: is there one event for each alert?

func TestMain(m *testing.M) {
	flag.Parse()
	// These tests wait far more than they work.
	if err := flag.Set("test.parallel", "24"); err != nil {
		panic(err)
	}
	os.Exit(e2e.Main(m))
}

// limit is what an invocation has. It leaves the steps 2 s, and is otherwise as
// short as it can be, because whatever hangs hangs until it is over.
const limit = 8 * time.Second

const patience = 40 * time.Second

// isRead reports whether a route only asks Datadog about something.
func isRead(r fakedatadog.Route) bool {
	for _, other := range []string{"events.create", "secrets.", "sqs.", "dynamodb."} {
		if strings.HasPrefix(string(r), other) {
			return false
		}
	}
	return true
}

func startsWith(prefix string) func(fakedatadog.Route) bool {
	return func(r fakedatadog.Route) bool { return strings.HasPrefix(string(r), prefix) }
}

// misbehave makes the routes go wrong until Behave.
func misbehave(t *testing.T, s *e2e.Stack, m fakedatadog.Fault, on func(fakedatadog.Route) bool) {
	t.Helper()
	for _, r := range s.Standin.Routes() {
		if !on(r) {
			continue
		}
		if err := s.Standin.Inject(r, m, 0); err != nil {
			t.Fatal(err)
		}
	}
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

// mustPost fails unless there are as many events about each notification as wanted.
func mustPost(t *testing.T, s *e2e.Stack, want map[int64]int) {
	t.Helper()
	got := s.Posted()
	for id, n := range want {
		if got[id] != n {
			t.Errorf("notification %d has %d events, want %d", id, got[id], n)
		}
		delete(got, id)
	}
	if len(got) > 0 {
		t.Errorf("there are events about what nobody sent: %v", got)
	}
}

// mustLogJSON fails when an instance wrote what CloudWatch could not search.
func mustLogJSON(t *testing.T, f *e2e.Instance) {
	t.Helper()
	for line := range strings.Lines(f.Output()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("it wrote a line that is no JSON: %s", line)
		}
	}
}

// mustDrain redelivers until the queue is empty, and fails when a message becomes
// a dead letter on the way.
func mustDrain(t *testing.T, s *e2e.Stack, worker *e2e.Instance) {
	t.Helper()
	if err := s.Drain(worker, limit, patience); err != nil {
		t.Fatalf("%v; the worker wrote %s", err, worker.Output())
	}
	for _, m := range s.Standin.Messages(fakedatadog.DeadLetterQueue) {
		t.Errorf("a dead letter: %s", m.Attributes["reason"])
	}
}
