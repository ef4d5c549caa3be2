package functions_test

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"boomerang/functions/internal/e2e"
	"boomerang/shared/awstest"
	"boomerang/shared/fakedatadog"
)

// crash is a moment at which a function is killed: while it waits for the response to
// a call, before or after the call took effect.
type crash struct {
	aws     awstest.Fault
	datadog fakedatadog.Route
	fault   fakedatadog.Fault
	// reached reports whether the moment has come.
	reached func(*e2e.Stack) bool
}

// respondNever makes the call and never responds.
var respondNever = awstest.Drip(time.Hour)

const neverResponds fakedatadog.Fault = "drip:1h"

func atAWS(service, operation string, effect awstest.Effect, nth int) crash {
	return crash{
		aws:     awstest.Fault{Service: service, Operation: operation, Effect: effect, Every: nth, Times: 1},
		reached: func(s *e2e.Stack) bool { return isFaulted(s, service, operation) },
	}
}

func atDatadog(route fakedatadog.Route, fault fakedatadog.Fault) crash {
	return crash{datadog: route, fault: fault, reached: func(s *e2e.Stack) bool {
		return slices.ContainsFunc(s.Datadog.Faulted(), func(r fakedatadog.Request) bool { return r.Route == route })
	}}
}

// when replaces the moment by a state, for a call that takes effect first.
func (c crash) when(reached func(*e2e.Stack) bool) crash {
	c.reached = reached
	return c
}

var crashes = map[string]crash{
	"before the claim":      atAWS("DynamoDB", "PutItem", awstest.Hang, 1),
	"after the claim":       atAWS("DynamoDB", "PutItem", respondNever, 1).when(hasItem("INPROGRESS")),
	"before the cycle":      atAWS("DynamoDB", "UpdateItem", awstest.Hang, 1),
	"after the cycle":       atAWS("DynamoDB", "UpdateItem", respondNever, 1),
	"at a monitor's read":   atDatadog(fakedatadog.MonitorGet, fakedatadog.Hang),
	"at the read of events": atDatadog(fakedatadog.EventsList, fakedatadog.Hang),
	"before the post":       atDatadog(fakedatadog.EventsCreate, fakedatadog.Hang),
	"after the post":        atDatadog(fakedatadog.EventsCreate, neverResponds).when(func(s *e2e.Stack) bool { return len(s.Posted()) > 0 }),
	"before the completion": atAWS("DynamoDB", "PutItem", awstest.Hang, 2),
	"after the completion":  atAWS("DynamoDB", "PutItem", respondNever, 2).when(hasItem("COMPLETED")),
}

func hasItem(status string) func(*e2e.Stack) bool {
	return func(s *e2e.Stack) bool {
		return len(s.Items("#status = :v", &types.AttributeValueMemberS{Value: status})) > 0
	}
}

// queueCrashes are where the webhook can be killed that only queues.
var queueCrashes = map[string]crash{
	"before the queue":      atAWS("SQS", "SendMessage", awstest.Hang, 1),
	"after the queue":       atAWS("SQS", "SendMessage", respondNever, 1).when(func(s *e2e.Stack) bool { return s.Length(s.Queue) > 0 }),
	"before the note of it": atAWS("DynamoDB", "PutItem", awstest.Hang, 1),
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
				s := c.begin(t)
				environment := map[string]string{"INTAKE": intake}
				webhook := s.Start(e2e.Webhook, environment)
				c.kill(t, s, webhook, func() error {
					_, err := webhook.Deliver(e2e.Alert{ID: delivered}, limit)
					return err
				})
				if code, status := deliver(t, s.Start(e2e.Webhook, environment), e2e.Alert{ID: delivered}); code > 202 {
					t.Fatalf("the repetition was answered %d %s", code, status)
				}
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
			s := c.begin(t)
			enqueue(t, s, e2e.Alert{ID: waiting})
			worker := s.Start(e2e.Redeliver, nil)
			c.kill(t, s, worker, func() error { return s.Poll(worker, limit).Err })
			mustDrain(t, s, s.Start(e2e.Redeliver, nil))
			mustPost(t, s, map[int64]int{waiting: 1})
		})
	}
}

func (c crash) begin(t *testing.T) *e2e.Stack {
	t.Helper()
	s := e2e.New(t)
	s.AddMonitors(4711)
	if c.datadog == "" {
		s.AWS.Break(c.aws)
	} else if err := s.Datadog.Inject(c.datadog, c.fault, 1); err != nil {
		t.Fatal(err)
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
		case <-time.After(20 * time.Millisecond):
		}
	}
	f.Kill()
	if err := <-done; err == nil {
		t.Fatal("it answered although it was killed")
	}
	s.ClearFaults()
}
