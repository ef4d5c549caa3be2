package queue

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Memory is the queue for one machine, without AWS. It carries the same bodies
// as SQS does, and is safe for concurrent use.
type Memory struct {
	now func() time.Time

	mu      sync.Mutex
	sent    int
	waiting []waiting // by the time at which they are due
}

type waiting struct {
	Delivery
	due time.Time
}

// Delivery is a message that was received, as SQS and Lambda would show it.
type Delivery struct {
	ID   string
	Body string
	// ReceiveCount is how often the message was received, this time included.
	ReceiveCount int
}

// NewMemory returns an empty queue. A nil clock means time.Now.
func NewMemory(now func() time.Time) *Memory {
	if now == nil {
		now = time.Now
	}
	return &Memory{now: now}
}

// Send is as SQS's.
func (q *Memory) Send(ctx context.Context, m Message, delay time.Duration) error {
	body, err := Encode(m)
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return notAccepted("it did not answer in time", fmt.Errorf("queue in memory: %w", context.Cause(ctx)))
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.sent++
	q.put(Delivery{ID: "message-" + strconv.Itoa(q.sent), Body: body}, delay)
	return nil
}

// Receive takes up to limit messages that are due, the longest due first.
// Whoever cannot finish one gives it back with Return, as a visibility timeout
// that ends does on SQS; one that is not returned is done with.
func (q *Memory) Receive(limit int) []Delivery {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.now()
	var due []Delivery
	for len(due) < limit && len(q.waiting) > 0 && !q.waiting[0].due.After(now) {
		d := q.waiting[0].Delivery
		d.ReceiveCount++
		due = append(due, d)
		q.waiting = slices.Delete(q.waiting, 0, 1)
	}
	return due
}

// Return puts a received message back, to be received again after the delay.
func (q *Memory) Return(d Delivery, delay time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.put(d, delay)
}

// Len is the number of messages in the queue, those not yet due included.
func (q *Memory) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting)
}

// put keeps the order: of two that are due at one time the older comes first.
func (q *Memory) put(d Delivery, delay time.Duration) {
	due := q.now().Add(wholeSeconds(delay))
	at, _ := slices.BinarySearchFunc(q.waiting, due, func(w waiting, due time.Time) int {
		return cmp.Or(w.due.Compare(due), -1)
	})
	q.waiting = slices.Insert(q.waiting, at, waiting{d, due})
}
