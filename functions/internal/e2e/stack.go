// Package e2e is a whole Boomerang on this machine, for tests: instances of the
// built functions, each a process of its own, and the stand-in for Datadog and
// AWS behind one door for each of them. Of what is not ours, Deliver plays
// Datadog's webhook, and Redeliver the event source mapping from SQS to Lambda.
package e2e

import (
	"maps"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"boomerang/shared/fakedatadog"
	"boomerang/shared/telemetry/telemetrytest"
)

// Token is what the stack's webhook accepts; the files under events/ carry it.
const Token = "local-token"

// Dependency is something that the functions call at an address of its own.
type Dependency string

// The dependencies.
const (
	SecretsManager Dependency = "AWS_ENDPOINT_URL_SECRETS_MANAGER"
	Ledger         Dependency = "AWS_ENDPOINT_URL_DYNAMODB"
	Queue          Dependency = "AWS_ENDPOINT_URL_SQS"
	Datadog        Dependency = "DATADOG_API_URL"
)

var dependencies = []Dependency{SecretsManager, Ledger, Queue, Datadog}

// Stack is the world around the instances. Its methods end the test when the
// test's own means fail, and only then.
type Stack struct {
	Standin *fakedatadog.Server

	t         testing.TB
	doors     map[Dependency]*door
	sqs       *sqs.Client
	extension *telemetrytest.Extension // nil: there is none

	mu    sync.Mutex
	ahead time.Duration

	// working is held by whoever works on a batch, and by whoever lets time pass for
	// want of work: no visibility timeout is over while a batch is worked on.
	working sync.RWMutex
	// failed counts the messages that failed since time passed.
	failed atomic.Int64
}

// New returns a stack without instances. Connections to the dependencies that are
// closed are refused until Open.
func New(t testing.TB, closed ...Dependency) *Stack {
	t.Helper()
	s := &Stack{t: t, doors: map[Dependency]*door{}}
	s.Standin = fakedatadog.New(fakedatadog.Options{Token: Token, Now: s.Now, VisibleAfter: -1})
	for _, dependency := range dependencies {
		d, err := newDoor(s.Standin)
		if err != nil {
			t.Fatalf("a port for %s: %v", dependency, err)
		}
		t.Cleanup(d.close)
		s.doors[dependency] = d
		if !slices.Contains(closed, dependency) {
			s.Open(dependency)
		}
	}
	// The event source mapping is not one of the functions, and has a way of its own.
	mapping, err := newDoor(s.Standin)
	if err == nil {
		err = mapping.open()
	}
	if err != nil {
		t.Fatalf("a port for the event source mapping: %v", err)
	}
	t.Cleanup(mapping.close)
	s.sqs = newSQS(mapping.url())
	return s
}

// Install puts the Datadog Lambda Extension beside the instances that start from now on.
func (s *Stack) Install(e *telemetrytest.Extension) { s.extension = e }

// Open lets connections to a dependency in.
func (s *Stack) Open(dependency Dependency) {
	s.t.Helper()
	if err := s.doors[dependency].open(); err != nil {
		s.t.Fatalf("open the port for %s: %v", dependency, err)
	}
}

// Now is the time of SQS and of Datadog, which the functions' own clock is not:
// a message's delay and visibility timeout need not be waited for.
func (s *Stack) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.ahead)
}

// Skip lets d pass for SQS and Datadog.
func (s *Stack) Skip(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead += d
}

// environment is that of a deployed function, changed as given: an empty value
// takes a variable away.
func (s *Stack) environment(changes map[string]string) []string {
	all := map[string]string{
		"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_FUNCTION_NAME": "boomerang", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
		"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"DATADOG_SECRET_ARN": fakedatadog.DefaultDatadogSecret, "WEBHOOK_SECRET_ARN": fakedatadog.DefaultWebhookSecret,
		"LEDGER_TABLE":          fakedatadog.LedgerTable,
		"REDELIVERY_QUEUE_URL":  fakedatadog.QueueURL(fakedatadog.RedeliveryQueue),
		"DEAD_LETTER_QUEUE_URL": fakedatadog.QueueURL(fakedatadog.DeadLetterQueue),
	}
	for dependency, d := range s.doors {
		all[string(dependency)] = d.url()
	}
	maps.Copy(all, changes)
	var environ []string
	for name, value := range all {
		if value != "" {
			environ = append(environ, name+"="+value)
		}
	}
	return environ
}
