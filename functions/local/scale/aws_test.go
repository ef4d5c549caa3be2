package scale

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/shared/event"
	"boomerang/shared/ledger"
	"boomerang/shared/queue"
)

// The latencies of DynamoDB, which documents single-digit milliseconds, and of SQS.
const (
	writeTime = 5 * time.Millisecond
	sendTime  = 8 * time.Millisecond
)

// sleep waits for d, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// table is a ledger in memory. A write is one unit, because items have less than 1 KB,
// except for the list of a window.
type table struct {
	mu      sync.Mutex
	units   int
	claims  map[string]ledger.Claim
	windows map[string]*window
}

type window struct {
	allowed, listed map[string]bool
	summaryQueued   bool
	event.Suppressed
}

// listEntryBytes is what an alert adds to the list of a window.
const listEntryBytes = 100

func newTable() *table {
	return &table{claims: map[string]ledger.Claim{}, windows: map[string]*window{}}
}

// write counts and waits for one write, and calls change.
func (t *table) write(ctx context.Context, change func()) error {
	err := sleep(ctx, writeTime)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.units++
	if err == nil {
		change()
	}
	return err
}

func (t *table) Claim(ctx context.Context, key string, until time.Time) (claim ledger.Claim, err error) {
	err = t.write(ctx, func() {
		found, exists := t.claims[key]
		switch {
		case exists && (found.State == ledger.Done || time.Now().Before(found.Until)):
			claim = found
		default:
			t.claims[key] = ledger.Claim{State: ledger.Busy, Until: until}
			claim = ledger.Claim{State: ledger.Granted, PreviousExpired: exists}
		}
	})
	return claim, err
}

func (t *table) Complete(ctx context.Context, key string, posted event.Posted) error {
	return t.write(ctx, func() { t.claims[key] = ledger.Claim{State: ledger.Done, Posted: posted} })
}

func (t *table) Release(ctx context.Context, key string, maybePosted bool) error {
	return t.write(ctx, func() {
		delete(t.claims, key)
		if maybePosted {
			t.claims[key] = ledger.Claim{State: ledger.Busy}
		}
	})
}

func (t *table) MarkQueued(ctx context.Context, _ string) error { return t.write(ctx, func() {}) }

func (t *table) window(w ledger.Window) *window {
	if t.windows[w.Key()] == nil {
		t.windows[w.Key()] = &window{allowed: map[string]bool{}, listed: map[string]bool{}}
	}
	return t.windows[w.Key()]
}

// Allow needs a second write, to the list or to the counter, for a suppressed alert.
func (t *table) Allow(ctx context.Context, of ledger.Window, limit int, o ledger.Occurrence) (d ledger.Decision, err error) {
	err = t.write(ctx, func() {
		w := t.window(of)
		if w.allowed[o.Key] || len(w.allowed) < limit {
			w.allowed[o.Key], d.Allowed = true, true
		}
		d.SummaryQueued = w.summaryQueued
	})
	if err != nil || d.Allowed {
		return d, err
	}
	return d, t.write(ctx, func() {
		w := t.window(of)
		w.Count, w.Last = w.Count+1, o.At
		if w.First.IsZero() {
			w.First = o.At
		}
		if len(w.listed) < ledger.MaxListed {
			w.listed[o.Key], w.Groups = true, append(w.Groups, o.Group)
			t.units += len(w.listed) * listEntryBytes / 1024 // besides the one of each write
		}
	})
}

func (t *table) MarkSummaryQueued(ctx context.Context, w ledger.Window) error {
	return t.write(ctx, func() { t.window(w).summaryQueued = true })
}

// Suppressed reads both items by writing them.
func (t *table) Suppressed(ctx context.Context, w ledger.Window) (s event.Suppressed, err error) {
	err = t.write(ctx, func() {
		t.units += 1 + len(t.window(w).listed)*listEntryBytes/1024
		s = t.window(w).Suppressed
	})
	return s, err
}

// messages is a queue in memory.
type messages struct {
	mu      sync.Mutex
	sent    int
	longest int
	waiting []waiting
}

type waiting struct {
	events.SQSMessage
	receives int
	due      time.Time
}

func (q *messages) Send(ctx context.Context, m queue.Message, delay time.Duration) error {
	body, err := queue.Encode(m)
	if err != nil {
		return err
	}
	if err := sleep(ctx, sendTime); err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.sent++
	q.waiting = append(q.waiting, waiting{SQSMessage: events.SQSMessage{MessageId: strconv.Itoa(q.sent), Body: body}, due: time.Now().Add(delay)})
	q.longest = max(q.longest, len(q.waiting))
	return nil
}

// receive takes up to limit messages that are due.
func (q *messages) receive(limit int) (batch []waiting) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = slices.DeleteFunc(q.waiting, func(w waiting) bool {
		if len(batch) == limit || w.due.After(time.Now()) {
			return false
		}
		w.receives++
		w.Attributes = map[string]string{"ApproximateReceiveCount": strconv.Itoa(w.receives)}
		batch = append(batch, w)
		return true
	})
	return batch
}

// retry makes a received message visible again after the visibility timeout.
func (q *messages) retry(w waiting, visibility time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	w.due = time.Now().Add(visibility)
	q.waiting = append(q.waiting, w)
}

func (q *messages) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting)
}

// accountConcurrency is what an account has by default
// (https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html).
const accountConcurrency = 1000

// fleet is the instances of a function, each of which takes one invocation at a time.
type fleet struct {
	start func() *instance

	mu                    sync.Mutex
	idle                  []*instance
	busy, most, throttled int
}

// take returns an instance, or nil if the invocation is throttled.
func (f *fleet) take() (p *instance, cold bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.busy >= accountConcurrency {
		f.throttled++
		return nil, false
	}
	f.busy++
	f.most = max(f.most, f.busy)
	if n := len(f.idle); n > 0 {
		p, f.idle = f.idle[n-1], f.idle[:n-1]
		return p, false
	}
	return f.start(), true
}

func (f *fleet) put(p *instance) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.busy--
	f.idle = append(f.idle, p)
}
