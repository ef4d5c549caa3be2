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
	"before the cycle":      {service: "DynamoDB", operation: "UpdateItem", nth: 1},
	"after the cycle":       {service: "DynamoDB", operation: "UpdateItem", nth: 1, after: true},
	"at a monitor's read":   {datadog: "GET /api/v1/monitor/"},
	"at the read of events": {datadog: "GET /api/v1/events"},
	"before the post":       {datadog: "POST /api/v1/events"},
	"after the post":        {datadog: "POST /api/v1/events", after: true},
	"before the completion": {service: "DynamoDB", operation: "PutItem", nth: 2},
	"after the completion":  {service: "DynamoDB", operation: "PutItem", nth: 2, after: true},
}

// queueCrashes are where the webhook can be killed that only queues.
var queueCrashes = map[string]crash{
	"before the queue":      {service: "SQS", operation: "SendMessage", nth: 1},
	"after the queue":       {service: "SQS", operation: "SendMessage", nth: 1, after: true},
	"before the note of it": {service: "DynamoDB", operation: "PutItem", nth: 1},
}

// TestCrash kills the webhook with SIGKILL at every call that it makes about an alert.
// Datadog sees a 502 and repeats. What the claim suppresses comes from the queue once
// the claim has ended.
func TestCrash(t *testing.T) {
	t.Parallel()
	for intake, crashes := range map[string]map[string]crash{"direct": crashes, "queue": queueCrashes} {
		for name, c := range crashes {
			t.Run(intake+"/"+name, func(t *testing.T) {
				t.Parallel()
				s, webhook := c.start(t, e2e.Webhook, intake)
				if r, err := webhook.Deliver(e2e.Alert{ID: delivered}, limit); err == nil {
					t.Fatalf("it was not killed, and answered %d %s", r.StatusCode, r.Body)
				}
				s.ClearFaults()
				if code, status := deliver(t, s.Start(e2e.Webhook, map[string]string{"INTAKE": intake}), e2e.Alert{ID: delivered}); code > 202 {
					t.Fatalf("the repetition was answered %d %s", code, status)
				}
				mustDrain(t, s, s.Start(e2e.Redeliver, nil))
				mustPost(t, s, map[int64]int{delivered: 1})
			})
		}
	}
}

// TestCrash_Later repeats the delivery when the killed run's claim has ended and Datadog's
// search may not show its event yet.
func TestCrash_Later(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"before the post", "after the post"} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			s, webhook := crashes[at].start(t, e2e.Webhook, "direct")
			killed := time.Now()
			if r, err := webhook.Deliver(e2e.Alert{ID: delivered}, limit); err == nil {
				t.Fatalf("it was not killed, and answered %d %s", r.StatusCode, r.Body)
			}
			s.ClearFaults()
			time.Sleep(time.Until(killed.Add(limit + time.Second)))
			mustDeliver(t, s.Start(e2e.Webhook, nil), e2e.Alert{ID: delivered}, "queued")
			mustDrain(t, s, s.Start(e2e.Redeliver, nil))
			mustPost(t, s, map[int64]int{delivered: 1})
		})
	}
}

// TestCrash_Worker kills the worker. Its message comes again after the visibility timeout.
func TestCrash_Worker(t *testing.T) {
	t.Parallel()
	for name, c := range crashes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, worker := c.start(t, e2e.Redeliver, "")
			enqueue(t, s, e2e.Alert{ID: waiting})
			if b := s.Poll(worker, limit); b.Err == nil {
				t.Fatalf("it was not killed: %+v", b)
			}
			s.ClearFaults()
			mustDrain(t, s, s.Start(e2e.Redeliver, nil))
			mustPost(t, s, map[int64]int{waiting: 1})
		})
	}
}

// start runs the function that the crash is to kill.
func (c crash) start(t *testing.T, f e2e.Function, intake string) (s *e2e.Stack, victim *e2e.Instance) {
	t.Helper()
	return c.startWith(t, f, map[string]string{"INTAKE": intake}, nil)
}

// startWith runs it with variables, after what comes before.
func (c crash) startWith(t *testing.T, f e2e.Function, variables map[string]string, before func(*e2e.Stack)) (s *e2e.Stack, victim *e2e.Instance) {
	t.Helper()
	s = e2e.New(t)
	s.AddMonitors(4711)
	if before != nil {
		before(s)
	}
	variables = maps.Clone(variables)
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
	variables[string(e2e.Datadog)] = datadog.URL
	victim = s.Start(f, variables)
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
