package pipeline

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/ledger"
	"boomerang/shared/playbook"
)

// Kept is what the actions of a cycle keep for its later notifications.
type Kept interface {
	Expect(ctx context.Context, cycleKey, alert string, names []string, until time.Time) (ledger.Kept, error)
	Keep(ctx context.Context, cycleKey, alert string, texts map[string]string, names []string) error
}

// startKept reads what the cycle keeps, if the plan needs it, and records which names this
// alert's actions will keep. That is done while the run goes on, and before the post: so a
// later notification waits for the names also if this alert is queued first.
func (p *Pipeline) startKept(ctx context.Context, a alert.Alert, d ledger.Delivery, plan *playbook.Plan, keeps []string, cycle func() (event.Cycle, error)) func() (ledger.Kept, error) {
	kept := func() (ledger.Kept, error) { return ledger.Kept{}, nil }
	reads := plan.ReadsKept()
	if p.Kept != nil && a.CycleKey != "" && len(reads)+len(keeps) > 0 {
		kept = start(func() (ledger.Kept, error) { return p.readKept(ctx, a, d, reads, keeps) })
	}
	plan.Cycle = func() event.Cycle {
		c, _ := cycle() // The outcome has the errors.
		k, _ := kept()
		c.Kept, c.Pending = k.Texts, k.Pending
		return c
	}
	return kept
}

func (p *Pipeline) readKept(ctx context.Context, a alert.Alert, d ledger.Delivery, reads, keeps []string) (kept ledger.Kept, err error) {
	defer func() {
		if err != nil { // Each of them may be there: an action that reads one waits.
			kept.Pending = reads
		}
	}()
	defer recovered(&err)
	ctx, cancel := withLedgerTimeout(ctx)
	defer cancel()
	if kept, err = p.Kept.Expect(ctx, cycleKey(a), uniqueKey(d), keeps, p.Now().Add(pendingTime)); err != nil {
		err = fmt.Errorf("what the cycle keeps is unknown: %w", err)
	}
	return kept, err
}

// keep keeps the texts of an action, and expects no more of it.
func (w acting) keep(ctx context.Context, saved enrich.Action, texts map[string]string) error {
	return w.keepTexts(ctx, w.alert, w.delivery, texts, slices.Sorted(maps.Keys(saved.Keep)))
}

// keepTexts keeps texts of an alert, and expects none of the names any more.
func (p *Pipeline) keepTexts(ctx context.Context, a alert.Alert, d ledger.Delivery, texts map[string]string, names []string) error {
	if p.Kept == nil || a.CycleKey == "" || len(names) == 0 {
		return nil
	}
	return record(ctx, "the cycle does not keep what the action found", func(ctx context.Context) error {
		return p.Kept.Keep(ctx, cycleKey(a), uniqueKey(d), texts, names)
	})
}
