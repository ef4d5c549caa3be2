package functions_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"boomerang/functions/internal/e2e"
	"boomerang/shared/fakedatadog"
)

// trouble is a way for a dependency to go wrong. Without a misbehaviour it
// refuses connections.
type trouble struct {
	name         string
	misbehaviour fakedatadog.Fault
}

// Those that take long come first, so that the others run beside them.
var troubles = []trouble{
	{"timeout", fakedatadog.Hang},
	{"slow drip", "drip:30s"},
	{"refused", ""},
	{"403", fakedatadog.Forbidden},
	{"429", "rate-limited:2s"},
	{"500", fakedatadog.Status(500)},
	{"reset", fakedatadog.Reset},
	{"cut body", fakedatadog.Truncate},
	{"garbage", fakedatadog.Corrupt},
}

// victim is a dependency, or one part of it.
type victim struct {
	name       string
	dependency e2e.Dependency
	has        func(fakedatadog.Route) bool
}

var victims = []victim{
	{"Secrets Manager", e2e.SecretsManager, startsWith("secrets.")},
	{"ledger", e2e.Ledger, startsWith("dynamodb.")},
	{"queue", e2e.Queue, startsWith("sqs.send")},
	{"Datadog events", e2e.Datadog, startsWith("events.create")},
	{"Datadog reads", e2e.Datadog, isRead},
}

// TestMatrix breaks each dependency in every way, under both intakes, while the
// webhook takes an alert and the redelivery has another. Whatever happens, the
// webhook says posted, queued or 503, in time; and once the trouble is over there
// is one event for each of the two: by itself, from the queue, or by the
// repetition that Datadog owes a 503.
func TestMatrix(t *testing.T) {
	t.Parallel()
	results := table{cells: map[string]string{}}
	t.Run("cells", func(t *testing.T) {
		for _, how := range troubles {
			for _, intake := range []string{"direct", "queue"} {
				for _, who := range victims {
					t.Run(strings.ReplaceAll(intake+"/"+who.name+"/"+how.name, " ", "_"), func(t *testing.T) {
						t.Parallel()
						c := cell{T: t, victim: who, trouble: how, intake: intake}
						results.set(intake, who.name, how.name, c.run())
					})
				}
			}
		}
	})
	t.Logf("what the webhook answered while the dependency was in trouble, and after how long:\n%s", results.text())
}

// cell is one experiment.
type cell struct {
	*testing.T
	victim
	trouble
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
	worker := c.s.Start(e2e.Redelivery, nil)
	if err := webhook.Ready(); err != nil {
		c.Fatalf("%v; it wrote %s", err, webhook.Output())
	}
	started := time.Now()
	answer := c.deliver(webhook)
	took := time.Since(started)
	c.s.Skip(20 * time.Second) // So that the worker meets what the webhook queued.
	if b := c.s.Redeliver(worker, limit); b.Received == 0 || b.Err != nil {
		c.Errorf("the redelivery in trouble: %+v; it wrote %s", b, worker.Output())
	}
	c.mustHaveSuffered()

	c.end()
	for again := answer; again == "503"; again = c.deliver(webhook) {
		if time.Since(started) > patience {
			c.Fatalf("the webhook does not recover; it wrote %s", webhook.Output())
		}
		time.Sleep(200 * time.Millisecond)
	}
	mustDrain(c.T, c.s, worker)
	mustLogJSON(c.T, webhook)
	mustLogJSON(c.T, worker)
	mustPost(c.T, c.s, map[int64]int{delivered: 1, waiting: 1})
	return fmt.Sprintf("%s %.1f s", answer, took.Seconds())
}

// begin starts the trouble before the functions start, which is when they depend
// on the most.
func (c *cell) begin() {
	if c.misbehaviour == "" {
		c.s = e2e.New(c.T, c.dependency)
	} else {
		c.s = e2e.New(c.T)
	}
	c.s.Monitors(4711)
	enqueue(c.T, c.s, e2e.Alert{ID: waiting})
	if c.misbehaviour != "" {
		misbehave(c.T, c.s, c.misbehaviour, c.has)
	}
	switch {
	case c.name() == "queue":
		// Nobody asks the queue for anything while Datadog takes the events.
		misbehave(c.T, c.s, fakedatadog.Status(500), startsWith("events.create"))
	case c.name() == "Datadog reads" && c.misbehaviour == "":
		c.refuseReadsOnly()
	}
}

func (c *cell) name() string { return c.victim.name }

// refuseReadsOnly lets connections to Datadog in again between the reads, which
// nobody can refuse by themselves, and the post: the pipeline waits for the
// ledger's memory of the cycle before it posts.
func (c *cell) refuseReadsOnly() {
	misbehave(c.T, c.s, "slow:900ms", func(r fakedatadog.Route) bool { return r == fakedatadog.DynamoDBUpdate })
	var opener sync.WaitGroup
	c.Cleanup(opener.Wait)
	opener.Go(func() {
		for c.Context().Err() == nil {
			for _, r := range c.s.Standin.Requests() {
				if r.Route == fakedatadog.DynamoDBUpdate {
					time.Sleep(400 * time.Millisecond)
					c.s.Open(e2e.Datadog)
					return
				}
			}
			time.Sleep(10 * time.Millisecond)
		}
	})
}

func (c *cell) end() {
	c.s.Standin.ClearFaults()
	c.s.Open(c.dependency)
}

// deliver is one attempt of Datadog's, and what it was told.
func (c *cell) deliver(webhook *e2e.Instance) string {
	c.Helper()
	response, err := webhook.Deliver(e2e.Alert{ID: delivered}, limit)
	if err != nil {
		c.Fatalf("no answer: %v; it wrote %s", err, webhook.Output())
	}
	switch response.StatusCode {
	case 200:
		if !strings.Contains(response.Body, `"status":"posted"`) {
			c.Errorf("answered %s", response.Body)
		}
		return "posted"
	case 202:
		return "queued"
	case 503:
		return "503"
	}
	c.Fatalf("answered %d %s", response.StatusCode, response.Body)
	return ""
}

// mustHaveSuffered guards the test: a dependency that nobody asked is no trouble.
// Connections that were refused cannot be counted.
func (c *cell) mustHaveSuffered() {
	c.Helper()
	suffered := slices.ContainsFunc(c.s.Standin.Faulted(), func(r fakedatadog.Request) bool {
		return c.has(r.Route) && r.Fault == c.misbehaviour
	})
	if !suffered && c.misbehaviour != "" {
		c.Error("nobody asked the dependency that was in trouble")
	}
}

// table collects the cells' results, which come in any order.
type table struct {
	mu    sync.Mutex
	cells map[string]string
}

func (r *table) set(intake, who, how, result string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cells[intake+who+how] = result
}

func (r *table) text() string {
	var b strings.Builder
	for _, intake := range []string{"direct", "queue"} {
		fmt.Fprintf(&b, "\n%-16s", "INTAKE="+intake)
		for _, how := range troubles {
			fmt.Fprintf(&b, " %-13s", how.name)
		}
		for _, who := range victims {
			fmt.Fprintf(&b, "\n%-16s", who.name)
			for _, how := range troubles {
				result, ok := r.cells[intake+who.name+how.name]
				if !ok {
					result = "WRONG"
				}
				fmt.Fprintf(&b, " %-13s", result)
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}
