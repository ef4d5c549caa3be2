package pipeline

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/ledger"
	"boomerang/shared/playbook"
)

type keptResult struct {
	ledger.Kept
	err error
}

// startKept reads what the cycle keeps, if the plan needs it, and records which names this
// alert's actions will keep. That is done while the run goes on, and before the post: so a
// later notification waits for the names also if this alert is queued first.
func (p *Pipeline) startKept(ctx context.Context, a alert.Alert, d ledger.Delivery, plan *playbook.Plan, keeps []string, cycle func() cycleResult) func() keptResult {
	kept := func() keptResult { return keptResult{} }
	reads := plan.ReadsKept()
	if p.Cycles != nil && a.CycleKey != "" && len(reads)+len(keeps) > 0 {
		kept = start(func() keptResult { return p.readKept(ctx, a, d, reads, keeps) })
	}
	plan.Cycle = func() event.Cycle {
		r, k := cycle(), kept()
		return event.Cycle{Lasted: r.lasted, Notified: r.notified, Kept: k.Texts, Pending: k.Pending}
	}
	return kept
}

func (p *Pipeline) readKept(ctx context.Context, a alert.Alert, d ledger.Delivery, reads, keeps []string) (r keptResult) {
	defer func() {
		if r.err != nil { // Each of them may be there: an action that reads one waits.
			r.Pending = reads
		}
	}()
	defer recovered(&r.err)
	ctx, cancel := withLedgerTimeout(ctx)
	defer cancel()
	if r.Kept, r.err = p.Cycles.Expect(ctx, cycleKey(a), uniqueKey(d), keeps, p.Now().Add(pendingTime)); r.err != nil {
		r.err = fmt.Errorf("what the cycle keeps is unknown: %w", r.err)
	}
	return r
}

// keep keeps the texts of an action, and expects no more of it.
func (w acting) keep(ctx context.Context, saved enrich.Action, texts map[string]string) error {
	return w.keepTexts(ctx, w.alert, w.delivery, texts, slices.Sorted(maps.Keys(saved.Keep)))
}

// keepTexts keeps texts of an alert, and expects none of the names any more.
func (p *Pipeline) keepTexts(ctx context.Context, a alert.Alert, d ledger.Delivery, texts map[string]string, names []string) error {
	if p.Cycles == nil || a.CycleKey == "" || len(names) == 0 {
		return nil
	}
	return record(ctx, "the cycle does not keep what the action found", func(ctx context.Context) error {
		return p.Cycles.Keep(ctx, cycleKey(a), uniqueKey(d), texts, names)
	})
}
