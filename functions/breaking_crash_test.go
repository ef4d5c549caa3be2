package functions_test

import (
	"slices"
	"testing"
	"time"

	"boomerang/functions/internal/e2e"
	"boomerang/shared/fakedatadog"
)

// crash is a moment at which a function is killed: while it waits for the answer
// to a call, before or after the call took effect.
type crash struct {
	// orders make the calls of a route go wrong, one after the other.
	on     fakedatadog.Route
	orders []fakedatadog.Fault
	// reached reports whether the moment has come.
	reached func(*e2e.Stack) bool
}

const (
	fine   fakedatadog.Fault = "slow:1ms"
	before                   = fakedatadog.Hang
	after  fakedatadog.Fault = "drip:1h"
)

var crashes = map[string]crash{
	"before the claim":          {fakedatadog.DynamoDBPut, orders(before), met(fakedatadog.DynamoDBPut, before)},
	"after the claim":           {fakedatadog.DynamoDBPut, orders(after), isClaimed},
	"at the cycle's memory":     {fakedatadog.DynamoDBUpdate, orders(before), met(fakedatadog.DynamoDBUpdate, before)},
	"after the cycle's memory":  {fakedatadog.DynamoDBUpdate, orders(after), met(fakedatadog.DynamoDBUpdate, after)},
	"at the read of a monitor":  {fakedatadog.MonitorGet, orders(before), met(fakedatadog.MonitorGet, before)},
	"at the read of the events": {fakedatadog.EventsList, orders(before), met(fakedatadog.EventsList, before)},
	"before the post":           {fakedatadog.EventsCreate, orders(before), met(fakedatadog.EventsCreate, before)},
	"after the post":            {fakedatadog.EventsCreate, orders(after), isPosted},
	"before the completion":     {fakedatadog.DynamoDBPut, orders(fine, before), met(fakedatadog.DynamoDBPut, before)},
	"after the completion":      {fakedatadog.DynamoDBPut, orders(fine, after), isCompleted},
}

func orders(ways ...fakedatadog.Fault) []fakedatadog.Fault { return ways }

func met(r fakedatadog.Route, m fakedatadog.Fault) func(*e2e.Stack) bool {
	return func(s *e2e.Stack) bool {
		return slices.ContainsFunc(s.Standin.Faulted(), func(met fakedatadog.Request) bool { return met.Route == r && met.Fault == m })
	}
}

func isPosted(s *e2e.Stack) bool { return len(s.Posted()) > 0 }

func isClaimed(s *e2e.Stack) bool { return hasRecord(s, "INPROGRESS") }

func isCompleted(s *e2e.Stack) bool { return hasRecord(s, "COMPLETED") }

func hasRecord(s *e2e.Stack, status string) bool {
	for _, i := range s.Standin.Items() {
		if i["status"] == status {
			return true
		}
	}
	return false
}

// intakeCrashes are where the webhook can be killed that only queues.
var intakeCrashes = map[string]crash{
	"before the queue":      {fakedatadog.SQSSend, orders(before), met(fakedatadog.SQSSend, before)},
	"after the queue":       {fakedatadog.SQSSend, orders(after), isQueued},
	"before the note of it": {fakedatadog.DynamoDBPut, orders(before), met(fakedatadog.DynamoDBPut, before)},
}

func isQueued(s *e2e.Stack) bool { return len(s.Standin.Messages(fakedatadog.RedeliveryQueue)) > 0 }

// TestCrash kills the webhook with SIGKILL at every call that it makes about an
// alert. Its caller sees a 502 and repeats; what the claim keeps back comes from
// the queue once the claim has ended.
func TestCrash(t *testing.T) {
	t.Parallel()
	for intake, crashes := range map[string]map[string]crash{"direct": crashes, "queue": intakeCrashes} {
		for name, c := range crashes {
			t.Run(intake+"/"+name, func(t *testing.T) {
				t.Parallel()
				s := c.begin(t)
				environment := map[string]string{"INTAKE": intake}
				webhook := s.Start(e2e.Webhook, environment)
				c.kill(t, s, webhook, func() error {
					_, err := webhook.Deliver(e2e.Alert{ID: delivered}, limit)
					return err
				})
				if r, err := s.Start(e2e.Webhook, environment).Deliver(e2e.Alert{ID: delivered}, limit); err != nil || r.StatusCode > 202 {
					t.Fatalf("the repetition was answered %d %s, %v", r.StatusCode, r.Body, err)
				}
				mustDrain(t, s, s.Start(e2e.Redelivery, nil))
				mustPost(t, s, map[int64]int{delivered: 1})
			})
		}
	}
}

// TestCrash_redelivery kills the redelivery between claim and completion. Its
// message comes again after the visibility timeout.
func TestCrash_redelivery(t *testing.T) {
	t.Parallel()
	for name, c := range crashes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := c.begin(t)
			enqueue(t, s, e2e.Alert{ID: waiting})
			worker := s.Start(e2e.Redelivery, nil)
			c.kill(t, s, worker, func() error { return s.Redeliver(worker, limit).Err })
			mustDrain(t, s, s.Start(e2e.Redelivery, nil))
			mustPost(t, s, map[int64]int{waiting: 1})
		})
	}
}

func (c crash) begin(t *testing.T) *e2e.Stack {
	s := e2e.New(t)
	s.Monitors(4711)
	for _, m := range c.orders {
		if err := s.Standin.Inject(c.on, m, 1); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// kill lets the instance work until the moment has come, and kills it then.
func (c crash) kill(t *testing.T, s *e2e.Stack, f *e2e.Instance, work func() error) {
	t.Helper()
	if err := f.Ready(); err != nil {
		t.Fatalf("%v; it wrote %s", err, f.Output())
	}
	done := make(chan error, 1)
	go func() { done <- work() }()
	for !c.reached(s) {
		select {
		case err := <-done:
			t.Fatalf("it finished before it could be killed (%v), and wrote %s", err, f.Output())
		case <-time.After(5 * time.Millisecond):
		}
	}
	f.Kill()
	if err := <-done; err == nil {
		t.Fatal("it answered although it was killed")
	}
	s.Standin.ClearFaults()
}
