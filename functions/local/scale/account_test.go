package scale

import (
	"context"
	"crypto/rand"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/shared/event"
	"boomerang/shared/ledger"
	"boomerang/shared/memory"
	"boomerang/shared/pipeline"
	"boomerang/shared/queue"
)

// The latencies of DynamoDB, which documents single-digit milliseconds, and of SQS.
const (
	ledgerTime = 5 * time.Millisecond
	sendTime   = 8 * time.Millisecond
)

// historyUnits is what writing a full history takes: 32 cycles of some 75 bytes.
const historyUnits = 3

// listEntryBytes is what an alert adds to the list of a window.
const listEntryBytes = 100

// account is an AWS account in memory: the ledger, the queue and the bill.
type account struct {
	mu       sync.Mutex
	used     usage
	windows  map[string]*window
	cycles   map[string]ledger.Cycle
	messages []*message
}

type window struct {
	allowed map[string]bool
	queued  bool // whether the summary is
	event.Suppressed
}

type message struct {
	events.SQSMessage
	receives int
	due      time.Time
}

// sleep waits for d, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// count adds what the caller used to the bill.
func (a *account) count(used usage) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.used.add(used)
}

// write waits for a write and counts its units: one for an item of less than 1 KB.
func (a *account) write(ctx context.Context, units int) error {
	a.count(usage{writeUnits: float64(units)})
	return sleep(ctx, ledgerTime)
}

// Claim is always granted, because each alert is sent once.
func (a *account) Claim(ctx context.Context, _ ledger.Delivery, _ time.Time) (ledger.Claim, error) {
	return ledger.Claim{State: ledger.Granted}, a.write(ctx, 1)
}

func (a *account) Complete(ctx context.Context, _ ledger.Delivery, _ event.Posted) error {
	return a.write(ctx, 1)
}

func (a *account) Release(ctx context.Context, _ ledger.Delivery, _ bool) error {
	return a.write(ctx, 1)
}

func (a *account) MarkPosted(ctx context.Context, _ ledger.Delivery, _ event.Posted) error {
	return a.write(ctx, 1)
}

func (a *account) MarkQueued(ctx context.Context, _ string) error { return a.write(ctx, 1) }

// AddNotification counts each notification, because each is sent once.
func (a *account) AddNotification(ctx context.Context, key string, n ledger.Notification) (ledger.Cycle, error) {
	a.mu.Lock()
	c := a.cycles[key]
	if c.Notified == 0 {
		c.FirstSeen = n.At
	}
	c.LastSeen, c.Notified = n.At, c.Notified+1
	a.cycles[key] = c
	a.mu.Unlock()
	return c, a.write(ctx, 1)
}

// History returns nothing and costs what a full one does, as AddToHistory.
func (a *account) History(ctx context.Context, _ string) ([]memory.Cycle, error) {
	a.count(usage{readUnits: 1})
	return nil, sleep(ctx, ledgerTime)
}

func (a *account) AddToHistory(ctx context.Context, _ string, _ []memory.Cycle, _ ...memory.Cycle) error {
	return a.write(ctx, historyUnits)
}

// Allow needs a second write, to the list or to the counter, for a suppressed alert.
func (a *account) Allow(ctx context.Context, of ledger.Window, limit int, o ledger.Occurrence) (ledger.Decision, error) {
	if err := a.write(ctx, 1); err != nil {
		return ledger.Decision{}, err
	}
	w := a.lockWindow(of)
	d := ledger.Decision{Allowed: w.allowed[o.Key] || len(w.allowed) < limit, SummaryQueued: w.queued}
	units := 1
	if d.Allowed {
		w.allowed[o.Key] = true
	} else if w.Count, w.Last = w.Count+1, o.At; w.Count <= ledger.MaxListed {
		units += w.Count * listEntryBytes / 1024
	}
	a.mu.Unlock()
	if d.Allowed {
		return d, nil
	}
	return d, a.write(ctx, units)
}

func (a *account) IsFull(ctx context.Context, of ledger.Window, limit int, alertKey string) (bool, error) {
	w := a.lockWindow(of)
	full := !w.allowed[alertKey] && len(w.allowed) >= limit
	w.allowed[alertKey] = w.allowed[alertKey] || !full
	a.mu.Unlock()
	return full, a.write(ctx, 1)
}

func (a *account) lockWindow(w ledger.Window) *window {
	a.mu.Lock()
	if a.windows[w.Key()] == nil {
		a.windows[w.Key()] = &window{allowed: map[string]bool{}}
	}
	return a.windows[w.Key()]
}

func (a *account) MarkSummaryQueued(ctx context.Context, w ledger.Window) error {
	err := a.write(ctx, 1)
	a.lockWindow(w).queued = err == nil
	a.mu.Unlock()
	return err
}

// Suppressed reads both items by writing them.
func (a *account) Suppressed(ctx context.Context, w ledger.Window) (event.Suppressed, error) {
	suppressed := a.lockWindow(w).Suppressed
	a.mu.Unlock()
	return suppressed, a.write(ctx, 2+min(suppressed.Count, ledger.MaxListed)*listEntryBytes/1024)
}

// Send implements pipeline.Queue.
func (a *account) Send(ctx context.Context, m queue.Message, delay time.Duration) error {
	body, err := queue.Encode(m)
	if err != nil {
		return err
	}
	if err := sleep(ctx, sendTime); err != nil {
		return err
	}
	a.count(usage{sqsRequests: 1})
	a.mu.Lock()
	defer a.mu.Unlock()
	a.messages = append(a.messages, &message{SQSMessage: events.SQSMessage{MessageId: rand.Text(), Body: body}, due: time.Now().Add(delay)})
	return nil
}

// receive returns messages that are due, and hides them for the visibility timeout.
func (a *account) receive() (batch []events.SQSMessage) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, m := range a.messages {
		if len(batch) < batchSize && !m.due.After(time.Now()) {
			m.receives, m.due = m.receives+1, time.Now().Add(pipeline.VisibilityTimeout)
			m.Attributes = map[string]string{"ApproximateReceiveCount": strconv.Itoa(m.receives)}
			batch = append(batch, m.SQSMessage)
		}
	}
	return batch
}

// delete deletes the messages of a batch, but those that failed.
func (a *account) delete(batch []events.SQSMessage, failed []events.SQSBatchItemFailure) {
	a.count(usage{sqsRequests: 2}) // receive and delete
	a.mu.Lock()
	defer a.mu.Unlock()
	done := map[string]bool{}
	for _, m := range batch {
		done[m.MessageId] = !slices.Contains(failed, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
	}
	a.messages = slices.DeleteFunc(a.messages, func(m *message) bool { return done[m.MessageId] })
}

func (a *account) pending() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.messages)
}
