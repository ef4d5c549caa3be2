package scale

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"boomerang/shared/event"
	"boomerang/shared/ledger"
	"boomerang/shared/queue"
)

// What AWS takes: single-digit milliseconds, says its documentation of DynamoDB,
// and as much for SQS.
const (
	writeTime = 5 * time.Millisecond
	sendTime  = 8 * time.Millisecond
)

// table is the ledger, a round trip away. It counts its write units: one for each
// write, because the items weigh less than 1 KB here, but for the list of what a
// storm holds back.
type table struct {
	*ledger.Memory
	units *atomic.Int64
}

func (t table) write(ctx context.Context) error { return t.writeOf(ctx, 1) }

func (t table) writeOf(ctx context.Context, units int) error {
	t.units.Add(int64(units))
	return pause(ctx, writeTime)
}

func (t table) Claim(ctx context.Context, key string, until time.Time) (ledger.Claim, error) {
	if err := t.write(ctx); err != nil {
		return ledger.Claim{}, err
	}
	return t.Memory.Claim(ctx, key, until)
}

func (t table) Complete(ctx context.Context, key string, posted event.Posted) error {
	if err := t.write(ctx); err != nil {
		return err
	}
	return t.Memory.Complete(ctx, key, posted)
}

func (t table) Release(ctx context.Context, key string) error {
	if err := t.write(ctx); err != nil {
		return err
	}
	return t.Memory.Release(ctx, key)
}

func (t table) Abandon(ctx context.Context, key string) error {
	if err := t.write(ctx); err != nil {
		return err
	}
	return t.Memory.Abandon(ctx, key)
}

func (t table) Remember(ctx context.Context, cycleKey string, seen ledger.Seen) (ledger.Cycle, error) {
	if err := t.write(ctx); err != nil {
		return ledger.Cycle{}, err
	}
	return t.Memory.Remember(ctx, cycleKey, seen)
}

func (t table) Park(ctx context.Context, key string) error {
	if err := t.write(ctx); err != nil {
		return err
	}
	return t.Memory.Park(ctx, key)
}

// Admit takes one write, and another to list or to count what it holds back.
func (t table) Admit(ctx context.Context, g ledger.Gust, limit int, a ledger.Arrival) (bool, ledger.Held, error) {
	if err := t.write(ctx); err != nil {
		return false, ledger.Held{}, err
	}
	admitted, held, err := t.Memory.Admit(ctx, g, limit, a)
	if admitted || err != nil {
		return admitted, held, err
	}
	all, err := t.Memory.Held(ctx, g)
	if err != nil {
		return false, held, err
	}
	if all.MoreGroups {
		return false, held, t.write(ctx)
	}
	return false, held, t.writeOf(ctx, listUnits(all))
}

func (t table) Announce(ctx context.Context, g ledger.Gust) error {
	if err := t.write(ctx); err != nil {
		return err
	}
	return t.Memory.Announce(ctx, g)
}

// Held reads the gust and its list by writing them.
func (t table) Held(ctx context.Context, g ledger.Gust) (ledger.Held, error) {
	held, err := t.Memory.Held(ctx, g)
	if err != nil {
		return held, err
	}
	if err := t.write(ctx); err != nil {
		return ledger.Held{}, err
	}
	return held, t.writeOf(ctx, listUnits(held))
}

// listUnits are what a write to a gust's list takes: for its id and its names some
// 100 bytes, for each alert a mark, for each second in which one came a time, and
// its groups.
func listUnits(h ledger.Held) int {
	const names, mark, second, unit = 100, 8, 20, 1024
	listed := min(h.Count, ledger.MaxListed)
	bytes := names + mark*listed + second*min(listed, 1+int(h.Last.Sub(h.First)/time.Second))
	for _, group := range h.Groups {
		bytes += len(group)
	}
	return (bytes + unit - 1) / unit
}

// messages is the queue, a round trip away.
type messages struct {
	*queue.Memory
	sent *atomic.Int64
}

func (m messages) Send(ctx context.Context, message queue.Message, delay time.Duration) error {
	m.sent.Add(1)
	if err := pause(ctx, sendTime); err != nil {
		return err
	}
	return m.Memory.Send(ctx, message, delay)
}

// How Lambda scales a function
// (https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html): what an
// account may have at once, and how many instances a function may get in each ten
// seconds beyond those that it has.
const (
	accountConcurrency = 1000
	scalingStep        = 1000
	scalingPeriod      = 10 * time.Second
)

// fleet is a function's instances, each of which takes one invocation at a time.
type fleet[T any] struct {
	make func() T

	mu         sync.Mutex
	idle       []T
	busy, most int
	period     time.Time
	started    int // in this period
	throttled  int
}

// take returns an instance, or reports that the invocation is throttled.
func (f *fleet[T]) take() (instance T, cold, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	if now.Sub(f.period) >= scalingPeriod {
		f.period, f.started = now, 0
	}
	if f.busy >= accountConcurrency || len(f.idle) == 0 && f.started >= scalingStep {
		f.throttled++
		return instance, false, false
	}
	f.busy++
	f.most = max(f.most, f.busy)
	if n := len(f.idle); n > 0 {
		instance, f.idle = f.idle[n-1], f.idle[:n-1]
		return instance, false, true
	}
	f.started++
	return f.make(), true, true
}

func (f *fleet[T]) give(instance T) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.busy--
	f.idle = append(f.idle, instance)
}
