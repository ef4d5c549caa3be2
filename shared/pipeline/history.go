package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/memory"
)

// History remembers the cycles of each monitor's group that are over.
type History interface {
	History(ctx context.Context, key string) ([]memory.Cycle, error)
	AddToHistory(ctx context.Context, key string, known []memory.Cycle, more ...memory.Cycle) error
}

// history is what the ledger remembers of an alert's group.
type history struct {
	memory.Memory
	key    string // empty if nothing is remembered
	cycles []memory.Cycle
}

// startHistory reads the earlier cycles while the alert is claimed. The context is its own, because the
// run's context gets the alert's key meanwhile.
func (p *Pipeline) startHistory(ctx context.Context, a alert.Alert) func() (history, error) {
	return start(func() (history, error) { return p.readHistory(ctx, a) })
}

func (p *Pipeline) readHistory(ctx context.Context, a alert.Alert) (h history, err error) {
	if p.History == nil || memory.Key(a) == "" {
		return h, nil
	}
	defer recovered(&err)
	ctx, cancel := context.WithTimeoutCause(ctx, historyTimeout, errLedgerTimeout)
	defer cancel()
	h.key = memory.Key(a)
	if h.cycles, err = p.History.History(ctx, h.key); err != nil {
		err = fmt.Errorf("the alert's earlier cycles are unknown: %w", err)
	}
	if len(h.cycles) > 0 {
		h.Memory = memory.Of(h.cycles, cmp.Or(a.Date, p.Now()))
	}
	return h, err
}

// withPast returns a context whose steps know what earlier cycles followed, and can ask when
// this one began.
func withPast(ctx context.Context, h history, cycle func() (event.Cycle, error)) context.Context {
	began := func() time.Time {
		if c, _ := cycle(); c.Notified > 1 {
			return c.Began
		}
		return time.Time{}
	}
	return enrich.WithHistory(ctx, enrich.History{Precedents: h.Precedents(), Began: began})
}

// remember adds the cycle that a recovery ends, if its begin is known.
func (p *Pipeline) remember(ctx context.Context, a alert.Alert, h history, o *Outcome) (err error) {
	if h.key == "" || !a.Transition.IsRecovery() || o.Cycle.Lasted == 0 {
		return nil
	}
	defer recovered(&err)
	closed := memory.Cycle{
		Began: o.Cycle.Began, Lasted: o.Cycle.Lasted, Notified: max(0, o.Cycle.Notified-1),
		Recovered: recoveredByItself(a, o.Cycle, o.Steps), Followed: suspected(o.Steps),
	}
	return record(ctx, "the alert's cycle is not remembered", func(ctx context.Context) error {
		return p.History.AddToHistory(ctx, h.key, h.cycles, closed)
	})
}

// recoveredByItself reports whether no person resolved the monitor, and the steps looked
// for changes shortly before the recovery and saw none.
func recoveredByItself(a alert.Alert, c event.Cycle, steps []enrich.Result) bool {
	looked := false
	for _, s := range steps {
		looked = looked || s.Finding.Changes != nil
	}
	return looked && len(c.Meanwhile) == 0 && !a.ResolvedByPerson()
}

func suspected(steps []enrich.Result) enrich.Change {
	for _, s := range steps {
		if s.Finding.Suspect.Kind != "" {
			return s.Finding.Suspect
		}
	}
	return enrich.Change{}
}

// changedBetween returns the changes that the steps saw between two times, without the first.
func changedBetween(steps []enrich.Result, from, to time.Time) (changes []enrich.Change) {
	for _, s := range steps {
		for _, c := range s.Finding.Changes {
			if c.Time.After(from) && !c.Time.After(to) {
				changes = append(changes, c)
			}
		}
	}
	return changes
}
