package pipeline

import (
	"cmp"
	"context"
	"fmt"

	"boomerang/shared/alert"
	"boomerang/shared/event"
	"boomerang/shared/fault"
	"boomerang/shared/ledger"
	"boomerang/shared/memory"
	"boomerang/shared/playbook"
	"boomerang/shared/queue"
)

// Storms counts each monitor's alerts by the minute, across all instances of the function.
type Storms interface {
	Allow(ctx context.Context, w ledger.Window, limit int, o ledger.Occurrence) (ledger.Decision, error)
	MarkSummaryQueued(ctx context.Context, w ledger.Window) error
	Suppressed(ctx context.Context, w ledger.Window) (event.Suppressed, error)
	IsFull(ctx context.Context, w ledger.Window, limit int, key string) (bool, error)
}

// suppressed reports whether the alert is above its monitor's limit for this minute. Such
// an alert is counted, and a summary of it is queued. If that fails, the alert gets its
// own event.
func (p *Pipeline) suppressed(ctx context.Context, a alert.Alert, limit int, o *Outcome) bool {
	if a.MonitorID == "" || p.Storms == nil || p.Queue == nil {
		return false
	}
	ctx, cancel := withLedgerTimeout(ctx)
	defer cancel()
	w := ledger.WindowAt(a.OrgID+":"+a.MonitorID, p.Now())
	occurrence := ledger.Occurrence{Key: a.Key(), Group: cmp.Or(a.Scope, a.Hostname), Transition: string(a.Transition), At: a.Date}
	decision, err := p.Storms.Allow(ctx, w, limit, occurrence)
	switch {
	case decision.Allowed:
		return false
	case err != nil && !decision.SummaryQueued:
		o.warn(fmt.Errorf("the storm limit was not applied: %w", err))
		return false
	case err != nil:
		o.warn(fmt.Errorf("the storm's summary does not count this alert: %w", err))
	case !decision.SummaryQueued:
		if err := p.enqueueSummary(ctx, a, w, limit); err != nil {
			o.warn(err)
			return false
		}
		// If this fails, the next alert queues a second message, which finds the summary done.
		if err := p.Storms.MarkSummaryQueued(ctx, w); err != nil {
			o.warn(err)
		}
	}
	o.Status, o.Cause, o.Detail = Queued, causeStorm, "suppressed by the playbook's limit; a summary counts it"
	return true
}

// enqueueSummary queues the summary of a window for when its last run has counted.
func (p *Pipeline) enqueueSummary(ctx context.Context, a alert.Alert, w ledger.Window, limit int) error {
	now := p.Now()
	m := queue.Message{
		Alert: a, ReceivedAt: now, Reason: "the summary of a storm",
		Storm: &queue.Storm{Source: w.Source, Start: w.Start, Limit: limit},
	}
	if err := p.Queue.Send(ctx, m, w.Start.Add(ledger.WindowLength).Sub(now)+summaryDelay); err != nil {
		return fmt.Errorf("the storm limit was not applied, because its summary could not be queued: %w", err)
	}
	return nil
}

// summarize posts the one event that stands for all suppressed alerts of a window, of which
// sample is one.
func (p *Pipeline) summarize(ctx context.Context, sample alert.Alert, storm queue.Storm, t *attempt) (o Outcome, err error) {
	if p.Storms == nil {
		return Outcome{}, fault.New(fault.Permanent, "the message asks for the summary of a storm, and LEDGER_TABLE is not set; set it", nil)
	}
	w := ledger.Window{Source: storm.Source, Start: storm.Start}
	t.delivery = ledger.Delivery{Key: "storm:" + w.Key(), ReceivedAt: t.delivery.ReceivedAt}
	o, err = p.claim(ctx, t)
	if err != nil || o.Status == Duplicate {
		return o, err
	}
	defer p.releaseOnError(ctx, t.delivery, &o, &err)
	if o.MaybePosted {
		// Nothing but the date: the summary is not about the alert's event.
		if found, err := p.completePosted(ctx, alert.Alert{Date: sample.Date}, t, &o); found || err != nil {
			return o, err
		}
	}
	reading, cancel := context.WithTimeoutCause(ctx, summaryTimeout, errLedgerTimeout)
	defer cancel()
	suppressed, err := p.Storms.Suppressed(reading, w)
	if err != nil {
		return o, err
	}
	suppressed.Limit = storm.Limit
	plan, err := compute(ctx, "match the playbooks", func() *playbook.Plan { return p.Playbooks.For(sample, memory.Memory{}) })
	if err != nil {
		return o, err
	}
	o.addPlan(plan)
	draft := event.Draft{Playbook: o.Playbook, Webhook: p.WebhookName, Key: p.eventKey(t.delivery)}
	o.Event, err = compute(ctx, "compose the summary", func() event.Request {
		texts, _ := plan.Draft(nil, event.Cycle{})
		draft.Source = texts.Source // The boards that show the alerts show the summary, too.
		return event.Summarize(sample, draft, suppressed, p.Now())
	})
	if err != nil {
		return o, err
	}
	if err := p.post(ctx, &o); err != nil {
		return o, err
	}
	o.warn(p.complete(ctx, t.delivery, o.Posted))
	return o, nil
}
