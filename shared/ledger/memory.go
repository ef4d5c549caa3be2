package ledger

import (
	"context"
	"fmt"
	"sync"
	"time"

	"boomerang/shared/event"
	"boomerang/shared/fault"
)

// Memory is the ledger for one machine, without AWS. It follows the same rules
// as DynamoDB, is safe for concurrent use, and grows for as long as it lives.
type Memory struct {
	options Options
	owner   *owner
	table   *memoryTable
}

type memoryTable struct {
	mu      sync.Mutex
	records map[string]record
	cycles  map[string]cycle
	windows map[string]*memoryWindow

	parked     map[string]int64 // by the alert's key: until when, epoch seconds
	watermarks map[string]int64 // epoch milliseconds
}

// NewMemory returns an empty ledger.
func NewMemory(o Options) *Memory {
	table := &memoryTable{
		records: map[string]record{}, cycles: map[string]cycle{}, windows: map[string]*memoryWindow{},
		parked: map[string]int64{}, watermarks: map[string]int64{},
	}
	return &Memory{options: o.withDefaults(), owner: newOwner(), table: table}
}

// Peer returns another owner on the same records, as a second Lambda function
// on the same table is.
func (m *Memory) Peer() *Memory {
	return &Memory{options: m.options, owner: newOwner(), table: m.table}
}

// Claim is as DynamoDB's.
func (m *Memory) Claim(ctx context.Context, key string, until time.Time) (Claim, error) {
	id, unlock, err := m.open(ctx, alertPrefix, key)
	if err != nil {
		return Claim{}, err
	}
	defer unlock()
	now := m.options.Now()
	found, ok := m.table.records[id]
	if ok && !found.void(now) {
		return found.answer(now), nil
	}
	m.table.records[id] = inProgress(m.owner.next(), until, now.Add(m.options.TTL))
	return Claim{State: Granted, PreviousExpired: found.Status == statusInProgress}, nil
}

// Complete is as DynamoDB's.
func (m *Memory) Complete(ctx context.Context, key string, posted event.Posted) error {
	id, unlock, err := m.open(ctx, alertPrefix, key)
	if err != nil {
		return err
	}
	defer unlock()
	m.table.records[id] = completed(posted, m.options.Now().Add(m.options.TTL))
	return nil
}

// Release is as DynamoDB's.
func (m *Memory) Release(ctx context.Context, key string, maybePosted bool) error {
	id, unlock, err := m.open(ctx, alertPrefix, key)
	if err != nil {
		return err
	}
	defer unlock()
	r := m.table.records[id]
	switch {
	case !r.heldBy(m.owner.process):
	case maybePosted:
		r.InProgressUntil = ended
		m.table.records[id] = r
	default:
		delete(m.table.records, id)
	}
	return nil
}

// AddNotification is as DynamoDB's.
func (m *Memory) AddNotification(ctx context.Context, cycleKey string, seen Notification) (Cycle, error) {
	id, unlock, err := m.open(ctx, cyclePrefix, cycleKey)
	if err != nil {
		return Cycle{}, err
	}
	defer unlock()
	c := m.table.cycles[id]
	if c.entries == nil {
		c.entries = map[string]struct{}{}
	}
	c.entries[newEntry(seen, m.options.Now()).String()] = struct{}{}
	summary := c.summary()
	var dropped []string
	dropped, c.folded, c.firstSeen = c.fold()
	for _, member := range dropped {
		delete(c.entries, member)
	}
	m.table.cycles[id] = c
	return summary, nil
}

// open locks the table for one operation on one record. A caller whose time is
// up is refused, as a call over the network would be.
func (m *Memory) open(ctx context.Context, prefix, key string) (id string, unlock func(), err error) {
	if ctx.Err() != nil {
		cause := fmt.Errorf("ledger in memory: %w", context.Cause(ctx))
		return "", nil, fault.New(fault.Temporary, "the ledger did not answer in time", cause)
	}
	id, err = recordID(prefix, key)
	if err != nil {
		return "", nil, err
	}
	m.table.mu.Lock()
	return id, m.table.mu.Unlock, nil
}
