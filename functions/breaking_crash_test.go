package functions_test

import (
	"slices"
	"testing"
	"time"

	"boomerang/functions/internal/stack"
	"boomerang/shared/standin"
)

// crash is a moment at which a function is killed: while it waits for the answer
// to a call, before or after the call took effect.
type crash struct {
	// orders make the calls of a route go wrong, one after the other.
	on     standin.Route
	orders []standin.Misbehaviour
	// reached reports whether the moment has come.
	reached func(*stack.Stack) bool
}

const (
	fine   standin.Misbehaviour = "slow:1ms"
	before                      = standin.Hang
	after  standin.Misbehaviour = "drip:1h"
)

var crashes = map[string]crash{
	"before the claim":          {standin.DynamoDBPut, orders(before), met(standin.DynamoDBPut, before)},
	"after the claim":           {standin.DynamoDBPut, orders(after), isClaimed},
	"at the cycle's memory":     {standin.DynamoDBUpdate, orders(before), met(standin.DynamoDBUpdate, before)},
	"after the cycle's memory":  {standin.DynamoDBUpdate, orders(after), met(standin.DynamoDBUpdate, after)},
	"at the read of a monitor":  {standin.MonitorGet, orders(before), met(standin.MonitorGet, before)},
	"at the read of the events": {standin.EventsList, orders(before), met(standin.EventsList, before)},
	"before the post":           {standin.EventsCreate, orders(before), met(standin.EventsCreate, before)},
	"after the post":            {standin.EventsCreate, orders(after), isPosted},
	"before the completion":     {standin.DynamoDBPut, orders(fine, before), met(standin.DynamoDBPut, before)},
	"after the completion":      {standin.DynamoDBPut, orders(fine, after), isCompleted},
}

func orders(ways ...standin.Misbehaviour) []standin.Misbehaviour { return ways }

func met(r standin.Route, m standin.Misbehaviour) func(*stack.Stack) bool {
	return func(s *stack.Stack) bool {
		return slices.ContainsFunc(s.Standin.Misbehaved(), func(met standin.Request) bool { return met.Route == r && met.Misbehaviour == m })
	}
}

func isPosted(s *stack.Stack) bool { return len(s.Posted()) > 0 }

func isClaimed(s *stack.Stack) bool { return hasRecord(s, "INPROGRESS") }

func isCompleted(s *stack.Stack) bool { return hasRecord(s, "COMPLETED") }

func hasRecord(s *stack.Stack, status string) bool {
	for _, i := range s.Standin.Items() {
		if i["status"] == status {
			return true
		}
	}
	return false
}

// intakeCrashes are where the webhook can be killed that only queues.
var intakeCrashes = map[string]crash{
	"before the queue":      {standin.SQSSend, orders(before), met(standin.SQSSend, before)},
	"after the queue":       {standin.SQSSend, orders(after), isQueued},
	"before the note of it": {standin.DynamoDBPut, orders(before), met(standin.DynamoDBPut, before)},
}

func isQueued(s *stack.Stack) bool { return len(s.Standin.Messages(standin.RedeliveryQueue)) > 0 }

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
				webhook := s.Start(stack.Webhook, environment)
				c.kill(t, s, webhook, func() error {
					_, err := webhook.Deliver(stack.Alert{ID: delivered}, limit)
					return err
				})
				if r, err := s.Start(stack.Webhook, environment).Deliver(stack.Alert{ID: delivered}, limit); err != nil || r.StatusCode > 202 {
					t.Fatalf("the repetition was answered %d %s, %v", r.StatusCode, r.Body, err)
				}
				mustDrain(t, s, s.Start(stack.Redelivery, nil))
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
			enqueue(t, s, stack.Alert{ID: waiting})
			worker := s.Start(stack.Redelivery, nil)
			c.kill(t, s, worker, func() error { return s.Redeliver(worker, limit).Err })
			mustDrain(t, s, s.Start(stack.Redelivery, nil))
			mustPost(t, s, map[int64]int{waiting: 1})
		})
	}
}

func (c crash) begin(t *testing.T) *stack.Stack {
	s := stack.New(t)
	s.Monitors(4711)
	for _, m := range c.orders {
		if err := s.Standin.Misbehave(c.on, m, 1); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// kill lets the instance work until the moment has come, and kills it then.
func (c crash) kill(t *testing.T, s *stack.Stack, f *stack.Instance, work func() error) {
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
	s.Standin.Behave()
}
