package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/event"
	"boomerang/shared/ledger"
	"boomerang/shared/queue"
	"boomerang/shared/telemetry"
)

// What the pipeline asks of the ledger. None of it is a condition: whatever the
// ledger cannot answer becomes a warning, and the alert goes on, if not at once.

var errLedgerLate = errors.New("the ledger did not answer in time")

func asking(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, ledgerTimeout, errLedgerLate)
}

// haste says what an alert does not wait for.
type haste int

const (
	// patient is an alert that comes out of the queue: it may be a copy of one that
	// was posted, and comes again until the ledger, and Datadog's search, can tell.
	patient haste = iota
	// brisk is an alert whose sender waits for the answer, and that the queue takes: it
	// goes on without the ledger, and not without a search. Where the queue fails too,
	// the sender is to come again.
	brisk
	// inHaste is an alert that nobody keeps, or that was kept for long: a double beats
	// a loss.
	inHaste
)

// hasteOf ends the patience with an alert whose ledger, or search, fails for long.
func (p *Pipeline) hasteOf(m queue.Message) haste {
	if p.Now().Sub(m.ReceivedAt) > ledgerPatience {
		return inHaste
	}
	return patient
}

// claim asks for the right to work on an alert. When nobody can say, it is
// granted: a double beats a loss.
func (p *Pipeline) claim(ctx context.Context, key string, b budget) (ledger.Claim, error) {
	if p.Ledger == nil {
		return ledger.Claim{State: ledger.Granted}, nil
	}
	ctx, cancel := asking(ctx)
	defer cancel()
	ctx, span := telemetry.Start(ctx, "claim")
	claim, err := p.Ledger.Claim(ctx, key, b.end)
	span.End(err)
	if err != nil {
		return ledger.Claim{State: ledger.Granted}, fmt.Errorf("go on without the ledger: %w", err)
	}
	return claim, nil
}

func (p *Pipeline) complete(ctx context.Context, key string, posted event.Posted) error {
	if p.Ledger == nil {
		return nil
	}
	ctx, cancel := asking(ctx)
	defer cancel()
	ctx, span := telemetry.Start(ctx, "complete")
	err := p.Ledger.Complete(ctx, key, posted)
	span.End(err)
	if err != nil {
		return fmt.Errorf("posted, but the ledger does not know: %w", err)
	}
	return nil
}

// release gives a claim back. Whether its run tried to post must not be forgotten with
// it: Datadog's answer may be all that got lost.
func (p *Pipeline) release(ctx context.Context, key string, tried bool) error {
	if p.Ledger == nil {
		return nil
	}
	ctx, cancel := asking(ctx)
	defer cancel()
	release := p.Ledger.Release
	if tried {
		release = p.Ledger.Abandon
	}
	if err := release(ctx, key); err != nil {
		return fmt.Errorf("the claim stays until it expires: %w", err)
	}
	return nil
}

// park notes that an alert waits in the queue, so that the reconciliation does
// not take it for lost. It is said after the queue has it, and not before.
func (p *Pipeline) park(ctx context.Context, key string) error {
	if p.Ledger == nil {
		return nil
	}
	ctx, cancel := asking(ctx)
	defer cancel()
	if err := p.Ledger.Park(ctx, key); err != nil {
		return fmt.Errorf("queued, but the ledger does not know: %w", err)
	}
	return nil
}

// remembered is what the ledger said of a cycle.
type remembered struct {
	cycle   event.Cycle
	warning error
}

// cycle tells the ledger of this notification and asks, besides all else that
// goes on, how its alert cycle went so far.
func (p *Pipeline) cycle(ctx context.Context, a alert.Alert) <-chan remembered {
	answer := make(chan remembered, 1)
	if p.Ledger == nil || a.CycleKey == "" {
		answer <- remembered{}
		return answer
	}
	go func() {
		ctx, cancel := asking(ctx)
		defer cancel()
		seen := ledger.Seen{At: a.Date, Transition: string(a.Transition), ID: a.ID}
		c, err := p.Ledger.Remember(ctx, a.OrgID+":"+a.CycleKey, seen)
		if err != nil {
			answer <- remembered{warning: fmt.Errorf("the cycle's past is unknown: %w", err)}
			return
		}
		answer <- remembered{cycle: event.Cycle{Lasted: lasted(c, a.Date), Notified: c.Notified}}
	}()
	return answer
}

func lasted(c ledger.Cycle, at time.Time) time.Duration {
	if at.IsZero() {
		at = c.LastSeen
	}
	return max(0, at.Sub(c.FirstSeen))
}
