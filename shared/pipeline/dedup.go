package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/event"
	"boomerang/shared/fault"
	"boomerang/shared/ledger"
	"boomerang/shared/telemetry"
)

func withLedgerTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, ledgerTimeout, errLedgerTimeout)
}

// notRecorded says that work may be repeated.
const notRecorded = "done, but not recorded in the ledger"

// record writes to the ledger in time. Its error begins with what a failure means.
func record(ctx context.Context, failure string, write func(ctx context.Context) error) error {
	ctx, cancel := withLedgerTimeout(ctx)
	defer cancel()
	if err := write(ctx); err != nil {
		return fmt.Errorf("%s: %w", failure, err)
	}
	return nil
}

// deliveryOf identifies an alert that was received at a time. A payload without Datadog's
// event id may be the same as another alert's, so it is only the same alert for minutes.
func deliveryOf(a alert.Alert, receivedAt time.Time) ledger.Delivery {
	d := ledger.Delivery{Key: a.Key(), ReceivedAt: receivedAt}
	if a.Certain() {
		return d
	}
	d.Window = alert.RepeatWindow
	if a.ID != "" { // Reconcile knows alerts by their event ids only.
		d.Alias = alert.Alert{OrgID: a.OrgID, ID: a.ID}.Key()
	}
	return d
}

// claim claims the delivery's alert until the run's deadline. The outcome's status is
// Duplicate if the work is done. The error says that another run is working on it, or
// that the attempt must wait for the ledger.
func (p *Pipeline) claim(ctx context.Context, t *attempt) (Outcome, error) {
	o := Outcome{MaybePosted: t.maybePosted}
	if p.Ledger == nil {
		return o, nil
	}
	deadline, _ := ctx.Deadline()
	ctx, cancel := withLedgerTimeout(ctx)
	defer cancel()
	ctx, span := telemetry.Start(ctx, "claim")
	claim, err := p.Ledger.Claim(ctx, t.delivery, deadline)
	span.End(err)
	switch {
	case err != nil && t.needsLedger:
		return o, fmt.Errorf("cannot claim the alert: %w", err)
	case err != nil:
		o.warn(fmt.Errorf("processed without a claim: %w", err))
	case claim.State == ledger.Done:
		o.Status, o.Posted = Duplicate, claim.Posted
	case claim.State == ledger.Busy:
		// The other run may crash, and may have posted in its last moment: retry when the
		// claim has ended and the search finds such an event.
		busy := fault.New(fault.Temporary, "another run is working on this alert", nil)
		busy.RetryAfter = claim.Until.Sub(p.Now()) + eventVisibilityDelay
		return o, busy
	case claim.Earlier != nil:
		t.follow(*claim.Earlier)
		o.MaybePosted = true
	}
	return o, nil
}

// findPosted reports whether an earlier attempt posted the event. Without an answer the
// attempt fails if it needs one.
func (p *Pipeline) findPosted(ctx context.Context, a alert.Alert, t *attempt, o *Outcome) (bool, error) {
	if t.posted != (event.Posted{}) {
		o.Status, o.Posted = Duplicate, t.posted
		return true, nil
	}
	if p.Stream == nil {
		return false, nil
	}
	if early := t.searchFrom.Sub(p.Now()); early > 0 && t.needsSearch {
		e := fault.New(fault.Temporary, "an earlier attempt may have posted the event, and Datadog's search does not show it yet", nil)
		e.RetryAfter = early
		return false, e
	}
	from, to := p.Now().Add(-searchLookback), p.Now().Add(event.MaxAhead)
	for _, at := range []time.Time{a.Date, t.delivery.ReceivedAt} {
		if !at.IsZero() && at.Before(from) {
			from = at
		}
	}
	searching, cancel := context.WithTimeoutCause(ctx, searchTimeout, errSearchTimeout)
	defer cancel()
	posted, err := p.Stream.FindPosted(searching, p.eventKey(t.delivery), a, p.WebhookName, from.Add(-searchMargin), to)
	if err != nil {
		err = fmt.Errorf("cannot find out whether an earlier attempt posted the event: %w", err)
		switch {
		case t.once: // A permission may come back, and the dead letter says which is missing.
			return false, fault.New(fault.Temporary, "cannot find out whether an earlier attempt posted the event: "+fault.Public(err), err)
		case t.needsSearch && fault.IsTemporary(err):
			return false, err
		}
		o.warn(err)
		return false, nil
	}
	if posted == (event.Posted{}) {
		return false, nil
	}
	o.Status, o.Posted = Duplicate, posted
	return true, nil
}

// completePosted is findPosted for work that ends with its event.
func (p *Pipeline) completePosted(ctx context.Context, a alert.Alert, t *attempt, o *Outcome) (bool, error) {
	found, err := p.findPosted(ctx, a, t, o)
	if found {
		o.warn(p.complete(ctx, t.delivery, o.Posted))
	}
	return found, err
}

// eventKey is what the search finds the alert's event by.
func (p *Pipeline) eventKey(d ledger.Delivery) string {
	if p.Stream == nil {
		return ""
	}
	return uniqueKey(d)
}

// uniqueKey is the same in all attempts on an alert. Alerts that share a key in the ledger
// differ in when they were received first.
func uniqueKey(d ledger.Delivery) string {
	if d.Window == 0 {
		return d.Key
	}
	return d.Key + "@" + strconv.FormatInt(d.ReceivedAt.UnixMilli(), 10)
}

// record writes to the ledger, if there is one.
func (p *Pipeline) record(ctx context.Context, failure string, write func(ctx context.Context) error) error {
	if p.Ledger == nil {
		return nil
	}
	return record(ctx, failure, write)
}

// markPosted records the event before the actions, so that the attempt after a crash need not
// search for it.
func (p *Pipeline) markPosted(ctx context.Context, d ledger.Delivery, posted event.Posted) error {
	return p.record(ctx, "posted, but not recorded in the ledger", func(ctx context.Context) error { return p.Ledger.MarkPosted(ctx, d, posted) })
}

func (p *Pipeline) complete(ctx context.Context, d ledger.Delivery, posted event.Posted) error {
	return p.record(ctx, notRecorded, func(ctx context.Context) error {
		ctx, span := telemetry.Start(ctx, "complete")
		err := p.Ledger.Complete(ctx, d, posted)
		span.End(err)
		return err
	})
}

// releaseOnError is deferred: it turns a panic into the run's error, and releases the
// claim after an error, so that a retry need not wait for its end.
func (p *Pipeline) releaseOnError(ctx context.Context, d ledger.Delivery, o *Outcome, err *error) {
	if r := recover(); r != nil {
		*err = panicked(r)
	}
	if *err != nil {
		o.warn(p.release(ctx, d, o.MaybePosted))
	}
}

func (p *Pipeline) release(ctx context.Context, d ledger.Delivery, maybePosted bool) error {
	return p.record(ctx, "the claim was not released and lasts until it expires", func(ctx context.Context) error {
		return p.Ledger.Release(ctx, d, maybePosted)
	})
}

// markQueued records for reconcile that the alert is not lost. It runs after the queue has the
// alert, not before.
func (p *Pipeline) markQueued(ctx context.Context, a alert.Alert) error {
	d := deliveryOf(a, time.Time{})
	return p.record(ctx, "queued, but not recorded in the ledger", func(ctx context.Context) error {
		return p.Ledger.MarkQueued(ctx, cmp.Or(d.Alias, d.Key))
	})
}

// recovered is deferred: it turns a panic into the function's error.
func recovered(err *error) {
	if r := recover(); r != nil {
		*err = panicked(r)
	}
}

func panicked(value any) error {
	return fault.New(fault.Internal, "something went wrong inside Boomerang", fault.FromPanic(value))
}
