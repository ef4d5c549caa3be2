package ledger

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/go-cmp/cmp"

	"boomerang/shared/awstest"
	"boomerang/shared/event"
	"boomerang/shared/fault"
)

// clock begins at start and moves by Advance only.
type clock struct{ passed atomic.Int64 }

func (c *clock) Now() time.Time { return start.Add(time.Duration(c.passed.Load())) }

func (c *clock) Advance(d time.Duration) { c.passed.Add(int64(d)) }

// env is one table, and two processes that use it by one clock.
type env struct {
	*testing.T
	*clock
	aws    *awstest.AWS
	client *dynamodb.Client
	table  string
	a, b   *Ledger
}

// each runs the cases, each with a table of its own.
func each(t *testing.T, cases map[string]func(env)) {
	t.Helper()
	server := awstest.New(t)
	for name, test := range cases {
		t.Run(name, func(t *testing.T) { test(newEnv(t, server)) })
	}
}

func newEnv(t *testing.T, server *awstest.AWS) env {
	e := env{T: t, clock: new(clock), aws: server, client: dynamodb.NewFromConfig(server.Config()), table: server.Table(t)}
	t.Cleanup(server.ClearFaults)
	e.a, e.b = e.process(), e.process()
	return e
}

// process is another process that uses the table.
func (s env) process() *Ledger {
	l := New(s.client, s.table)
	l.now = s.Now
	return l
}

// put writes an item, and item reads one, past the ledger.
func (s env) put(i item) {
	s.Helper()
	if _, err := s.client.PutItem(s.Context(), &dynamodb.PutItemInput{TableName: &s.table, Item: i}); err != nil {
		s.Fatal(err)
	}
}

func (s env) item(id string) item {
	s.Helper()
	out, err := s.client.GetItem(s.Context(), &dynamodb.GetItemInput{TableName: &s.table, Key: item{attrID: text(id)}, ConsistentRead: aws.Bool(true)})
	s.must(err)
	return out.Item
}

func (s env) claims(l *Ledger, key string, want Claim) {
	s.Helper()
	s.claimsDelivery(l, Delivery{Key: key}, want)
}

func (s env) claimsDelivery(l *Ledger, d Delivery, want Claim) {
	s.Helper()
	got, err := l.Claim(s.Context(), d, s.Now().Add(runTime))
	s.must(err)
	if diff := cmp.Diff(want, got); diff != "" {
		s.Fatalf("Claim (-want +got):\n%s", diff)
	}
}

func (s env) completes(l *Ledger, key string, p event.Posted) {
	s.Helper()
	s.must(l.Complete(s.Context(), Delivery{Key: key}, p))
}

func (s env) releases(l *Ledger, key string, maybePosted bool) {
	s.Helper()
	s.must(l.Release(s.Context(), Delivery{Key: key}, maybePosted))
}

func (s env) adds(l *Ledger, seen Notification) Cycle {
	s.Helper()
	c, err := l.AddNotification(s.Context(), "cycle-1", seen)
	s.must(err)
	return c
}

func (s env) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// temporary checks that a call failed with a temporary fault.
func (s env) temporary(err error) {
	s.Helper()
	if !fault.IsTemporary(err) {
		s.Errorf("got %v, want a temporary fault", err)
	}
}
