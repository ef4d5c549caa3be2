package functions_test

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"boomerang/functions/internal/e2e"
	"boomerang/functions/local/output"
	"boomerang/shared/awstest"
	"boomerang/shared/fakedatadog"
)

// fault is a way for a dependency to fail. Without effects it refuses connections.
type fault struct {
	name    string
	datadog fakedatadog.Fault
	aws     awstest.Effect
}

// The slow ones come first, so that the others run beside them.
var faults = []fault{
	{"timeout", fakedatadog.Hang, awstest.Hang},
	{"slow drip", "drip:30s", awstest.Drip(30 * time.Second)},
	{"refused", "", nil},
	{"403", fakedatadog.Forbidden, awstest.Error(400, "AccessDeniedException")},
	{"429", "rate-limited:2s", awstest.Error(400, "ThrottlingException")},
	{"500", fakedatadog.Status(500), awstest.Error(500, "InternalServerError")},
	{"reset", fakedatadog.Reset, awstest.Reset},
	{"truncated body", fakedatadog.Truncate, awstest.Truncate},
	{"corrupt body", fakedatadog.Corrupt, awstest.Corrupt},
}

// target is a dependency, or one part of it.
type target struct {
	name       string
	dependency e2e.Dependency
	service    string // of AWS
	routes     func(fakedatadog.Route) bool
}

var targets = []target{
	{"Secrets Manager", e2e.SecretsManager, "SecretsManager", nil},
	{"ledger", e2e.Ledger, "DynamoDB", nil},
	{"queue", e2e.Queue, "SQS", nil},
	{"Datadog events", e2e.Datadog, "", isPost},
	{"Datadog reads", e2e.Datadog, "", isRead},
}

// targetsOf are what the webhook calls. If it only queues, it does not call Datadog.
func targetsOf(intake string) []target {
	if intake == "direct" {
		return targets
	}
	return slices.DeleteFunc(slices.Clone(targets), func(on target) bool { return on.dependency == e2e.Datadog })
}

// TestMatrix breaks each dependency in every way, under both intakes, while the
// webhook takes an alert and the worker has another. The webhook always answers
// posted, queued or 503, in time. Once the fault is over there is one event for each
// of the two: at once, from the queue, or when Datadog repeats what was answered 503.
func TestMatrix(t *testing.T) {
	t.Parallel()
	var results sync.Map
	var done atomic.Int64
	progress := output.Progress(os.Stderr, "tried", "faults")
	t.Run("cells", func(t *testing.T) {
		for _, f := range faults {
			for _, intake := range []string{"direct", "queue"} {
				for _, on := range targetsOf(intake) {
					t.Run(strings.ReplaceAll(intake+"/"+on.name+"/"+f.name, " ", "_"), func(t *testing.T) {
						t.Parallel()
						c := cell{T: t, target: on, fault: f, intake: intake}
						results.Store(intake+on.name+f.name, c.run())
						progress(int(done.Add(1)), len(faults)*(len(targetsOf("direct"))+len(targetsOf("queue"))))
					})
				}
			}
		}
	})
	t.Logf("what the webhook answered while the dependency failed, and after how long:\n%s", table(&results))
}

// cell is one experiment.
type cell struct {
	*testing.T
	target target
	fault  fault
	intake string
	s      *e2e.Stack
}

const (
	delivered = 1001 // the alert that the webhook gets
	waiting   = 1002 // the alert that is in the queue already
)

func (c *cell) run() string {
	c.begin()
	webhook := c.s.Start(e2e.Webhook, map[string]string{"INTAKE": c.intake})
	worker := c.s.Start(e2e.Redeliver, nil)
	mustReady(c.T, webhook)
	started := time.Now()
	answer := c.deliver(webhook)
	took := time.Since(started)
	if b := c.s.Poll(worker, limit); b.Received == 0 || b.Err != nil {
		c.Errorf("the worker: %+v; it wrote %s", b, worker.Output())
	}
	c.mustHaveFailed()

	c.s.ClearFaults()
	c.s.Open(c.target.dependency)
	if answer == "503" {
		insist(c.T, webhook, e2e.Alert{ID: delivered})
	}
	mustDrain(c.T, c.s, worker)
	mustLogJSON(c.T, webhook)
	mustLogJSON(c.T, worker)
	mustPost(c.T, c.s, map[int64]int{delivered: 1, waiting: 1})
	return fmt.Sprintf("%s %.1f s", answer, took.Seconds())
}

// begin injects the fault before the functions start, which is when they depend on
// the most.
func (c *cell) begin() {
	isRefused := c.fault.aws == nil
	var closed []e2e.Dependency
	if isRefused {
		closed = append(closed, c.target.dependency)
	}
	c.s = e2e.New(c.T, closed...)
	c.s.AddMonitors(4711)
	enqueue(c.T, c.s, e2e.Alert{ID: waiting})
	switch {
	case isRefused && c.target.name == "Datadog reads":
		c.refuseReadsOnly()
	case !isRefused:
		c.inject()
	}
	if c.target.name == "queue" {
		// The queue is used only while Datadog does not take events.
		inject(c.T, c.s, isPost, fakedatadog.Status(500), 0)
	}
}

// refuseReadsOnly accepts connections to Datadog between the reads and the post: the
// pipeline waits for the cycle before it posts.
func (c *cell) refuseReadsOnly() {
	slow := awstest.Delay(500 * time.Millisecond)
	c.s.AWS.Break(awstest.Fault{Service: "DynamoDB", Operation: "UpdateItem", Effect: func(w http.ResponseWriter, r *http.Request, forward func() awstest.Response) {
		slow(w, r, func() awstest.Response {
			c.s.Open(e2e.Datadog)
			return forward()
		})
	}})
}

// deliver is one attempt of Datadog's, and its result.
func (c *cell) deliver(webhook *e2e.Instance) string {
	c.Helper()
	code, status := deliver(c.T, webhook, e2e.Alert{ID: delivered})
	switch {
	case code == 200 && status == "posted", code == 202 && status == "queued":
		return status
	case code == 503:
		return "503"
	}
	c.Fatalf("answered %d %s", code, status)
	return ""
}

// mustHaveFailed guards the test: a dependency without calls cannot fail. Refused
// connections cannot be counted.
func (c *cell) mustHaveFailed() {
	c.Helper()
	failed := c.fault.aws == nil || c.target.service != "" && isFaulted(c.s, c.target.service, "") ||
		slices.ContainsFunc(c.s.Datadog.Faulted(), func(r fakedatadog.Request) bool {
			return c.target.routes != nil && c.target.routes(r.Route) && r.Fault == c.fault.datadog
		})
	if !failed {
		c.Error("nothing called the dependency that failed")
	}
}

// table shows the cells' results, by intake, target and fault.
func table(results *sync.Map) string {
	var b strings.Builder
	for _, intake := range []string{"direct", "queue"} {
		fmt.Fprintf(&b, "\n%-16s", "INTAKE="+intake)
		for _, f := range faults {
			fmt.Fprintf(&b, " %-14s", f.name)
		}
		for _, on := range targetsOf(intake) {
			fmt.Fprintf(&b, "\n%-16s", on.name)
			for _, f := range faults {
				result, ok := results.Load(intake + on.name + f.name)
				if !ok {
					result = "WRONG"
				}
				fmt.Fprintf(&b, " %-14s", result)
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}
