package functions_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"boomerang/functions/internal/e2e"
	"boomerang/shared/awstest"
)

// crash is the call at which a function is killed, before or after it takes effect.
// The function never sees a response.
type crash struct {
	service, operation string // of AWS
	nth                int    // call of it
	datadog            string // a method and the beginning of a path
	after              bool
}

var crashes = map[string]crash{
	"before the claim":      {service: "DynamoDB", operation: "PutItem", nth: 1},
	"after the claim":       {service: "DynamoDB", operation: "PutItem", nth: 1, after: true},
	"after the cycle":       {service: "DynamoDB", operation: "UpdateItem", nth: 1, after: true},
	"at a monitor's read":   {datadog: "GET /api/v1/monitor/"},
	"at the read of events": {datadog: "GET /api/v1/events"},
	"before the post":       {datadog: "POST /api/v1/events"},
	"after the post":        {datadog: "POST /api/v1/events", after: true},
	"after the completion":  {service: "DynamoDB", operation: "PutItem", nth: 2, after: true},
}

// queueCrashes are where the webhook can be killed that only queues.
var queueCrashes = map[string]crash{
	"before the queue":      {service: "SQS", operation: "SendMessage", nth: 1},
	"after the queue":       {service: "SQS", operation: "SendMessage", nth: 1, after: true},
	"before the note of it": {service: "DynamoDB", operation: "PutItem", nth: 1},
}

// TestCrash kills the webhook with SIGKILL at every call that it makes about an alert. Datadog sees a 502 and repeats: at
// once, or later, when the claim has ended and Datadog's search may not show the event yet. What the claim suppresses
// comes from the queue once the claim has ended.
func TestCrash(t *testing.T) {
	t.Parallel()
	later := map[string]crash{"before the post": crashes["before the post"], "after the post": crashes["after the post"]}
	for when, crashes := range map[string]map[string]crash{"direct": crashes, "direct, later": later, "queue": queueCrashes} {
		for name, c := range crashes {
			t.Run(when+"/"+name, func(t *testing.T) {
				t.Parallel()
				intake, isLater := strings.CutSuffix(when, ", later")
				s, webhook := c.start(t, e2e.Webhook, map[string]string{"INTAKE": intake}, nil)
				killed := time.Now()
				mustDie(t, s, webhook, e2e.Alert{ID: delivered}, limit)
				again := s.Start(e2e.Webhook, map[string]string{"INTAKE": intake})
				if isLater {
					time.Sleep(time.Until(killed.Add(limit + time.Second)))
				}
				insist(t, again, e2e.Alert{ID: delivered})
				mustDrain(t, s, s.Start(e2e.Redeliver, nil))
				mustPost(t, s, map[int64]int{delivered: 1})
			})
		}
	}
}

// TestCrash_Worker kills the worker. Its message comes again after the visibility timeout.
func TestCrash_Worker(t *testing.T) {
	t.Parallel()
	for name, c := range crashes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, worker := c.start(t, e2e.Redeliver, nil, nil)
			enqueue(t, s, e2e.Alert{ID: waiting})
			mustDieOf(t, s, s.Poll(worker, limit))
			mustDrain(t, s, s.Start(e2e.Redeliver, nil))
			mustPost(t, s, map[int64]int{waiting: 1})
		})
	}
}

// mustDie delivers an alert to an instance, which is killed at it.
func mustDie(t *testing.T, s *e2e.Stack, victim *e2e.Instance, a e2e.Alert, limit time.Duration) {
	t.Helper()
	r, err := victim.Deliver(a, limit)
	for end := time.Now().Add(timeout); err == nil && r.StatusCode == http.StatusServiceUnavailable && time.Now().Before(end); {
		r, err = victim.Deliver(a, limit)
	}
	mustDieOf(t, s, e2e.Batch{Err: err})
}

// mustDieOf is mustDie for a batch of messages. On a busy machine a run may have to go on without the ledger, and may not
// come to the call at which it is killed: this shows nothing.
func mustDieOf(t *testing.T, s *e2e.Stack, b e2e.Batch) {
	t.Helper()
	switch {
	case b.Err == nil && lateCalls(s) > 0:
		t.Skip("the ledger did not respond in time")
	case b.Err == nil:
		t.Fatalf("it was not killed: %s", s.Output())
	}
	s.ClearFaults()
}

// start runs the function that the crash is to kill, after what comes before.
func (c crash) start(t *testing.T, f e2e.Function, variables map[string]string, before func(*e2e.Stack)) (s *e2e.Stack, victim *e2e.Instance) {
	t.Helper()
	s = e2e.New(t)
	s.AddMonitors(4711)
	if before != nil {
		before(s)
	}
	datadog := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c.datadog == "" || !strings.HasPrefix(r.Method+" "+r.URL.Path, c.datadog) {
			s.Datadog.ServeHTTP(w, r)
			return
		}
		if c.after {
			s.Datadog.ServeHTTP(httptest.NewRecorder(), r)
		}
		victim.Kill()
	}))
	t.Cleanup(datadog.Close)
	changes := map[string]string{string(e2e.Datadog): datadog.URL}
	maps.Copy(changes, variables)
	victim = s.Start(f, changes)
	mustReady(t, victim)
	if c.service != "" {
		s.AWS.Break(awstest.Fault{Service: c.service, Operation: c.operation, Every: c.nth, Times: 1, Effect: func(_ http.ResponseWriter, _ *http.Request, forward func() awstest.Response) {
			if c.after {
				forward()
			}
			victim.Kill()
		}})
	}
	return s, victim
}
