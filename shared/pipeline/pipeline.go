// Package pipeline turns an alert into an event in Datadog, once. What it cannot finish
// goes to the queue, and what it cannot queue is an error that asks the sender to retry.
package pipeline

import (
	"context"
	"fmt"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/ledger"
	"boomerang/shared/memory"
	"boomerang/shared/playbook"
	"boomerang/shared/queue"
	"boomerang/shared/telemetry"
)

// Poster posts events to Datadog: by the v1 API or, as alerts, by the v2 API.
type Poster interface {
	Create(ctx context.Context, e event.Event) (event.Posted, error)
	CreateAlert(ctx context.Context, e event.AlertEvent) (event.Posted, error)
}

// Stream searches Datadog's events. It returns zero where it finds none.
type Stream interface {
	FindPosted(ctx context.Context, key string, a alert.Alert, webhook string, from, to time.Time) (event.Posted, error)
}

// Ledger records which alerts are posted, in progress or queued.
type Ledger interface {
	Claim(ctx context.Context, d ledger.Delivery, until time.Time) (ledger.Claim, error)
	Complete(ctx context.Context, d ledger.Delivery, posted event.Posted) error
	Release(ctx context.Context, d ledger.Delivery, maybePosted bool) error
	MarkPosted(ctx context.Context, d ledger.Delivery, posted event.Posted) error
	MarkQueued(ctx context.Context, key string) error
}

// Queue keeps a message for a later run.
type Queue interface {
	Send(ctx context.Context, m queue.Message, delay time.Duration) error
}

// Config configures a pipeline. Only Playbooks and Poster are required.
type Config struct {
	Playbooks    *playbook.Book
	WebhookName  string // the name of the webhook in Datadog, for the tag of its events
	EnrichBudget time.Duration
	Poster       Poster
	Stream       Stream   // nil: no search for the event of an earlier attempt, and no tag to find it by
	Ledger       Ledger   // nil: no deduplication
	Cycles       Cycles   // nil: events do not say how long the alert lasted
	History      History  // nil: nothing is remembered of earlier cycles, as without Cycles
	Storms       Storms   // nil: no storm limit, as without Queue
	Actions      Actions  // nil: a repeated attempt repeats actions, also those of once
	Kept         Kept     // nil: cycles keep nothing
	Queue        Queue    // nil: the sender must retry what fails
	FollowUps    Queue    // nil: no follow-ups, as without Progress
	Progress     Progress // nil: no follow-ups
	// Steps changes the steps before they run, so that a test of playbooks can record
	// and replace them. It is called for the steps before the post, then for those after it.
	Steps func([]enrich.Named) []enrich.Named
	Now   func() time.Time // nil: time.Now
}

// Pipeline is safe for concurrent use.
type Pipeline struct{ Config }

// New returns a pipeline.
func New(c Config) *Pipeline {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Steps == nil {
		c.Steps = func(steps []enrich.Named) []enrich.Named { return steps }
	}
	return &Pipeline{c}
}

// Run processes an alert whose sender waits, and queues it if that fails. An error means
// that the alert is neither posted nor queued.
func (p *Pipeline) Run(ctx context.Context, a alert.Alert) (Outcome, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	// If the ledger fails, the alert is posted without it. If the search fails, the queue keeps the alert.
	t := attempt{delivery: deliveryOf(a, p.Now()), needsSearch: p.Queue != nil}
	outcome, err := p.process(ctx, a, &t)
	if err != nil {
		return p.enqueueRetry(ctx, a, t, outcome, err)
	}
	return outcome, nil
}

// Redeliver processes a message from the queue: its alert, the summary of a storm, an action
// or a follow-up. An error says whether another delivery may succeed.
func (p *Pipeline) Redeliver(ctx context.Context, m queue.Message) (Outcome, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	waits := p.Now().Sub(m.ReceivedAt) <= retryWindow // for a ledger or a search that fails: SQS delivers the message again
	t := attempt{delivery: deliveryOf(m.Alert, m.ReceivedAt), needsLedger: waits, needsSearch: waits, maybePosted: m.MaybePosted || m.Attempt > 0}
	switch {
	case m.Storm != nil:
		return p.summarize(ctx, m.Alert, *m.Storm, &t)
	case m.FollowUp != nil:
		return p.followUp(ctx, m, &t)
	case m.Action != nil:
		return p.redeliverAction(ctx, m)
	}
	return p.process(ctx, m.Alert, &t)
}

// Enqueue leaves all work to a later run.
func (p *Pipeline) Enqueue(ctx context.Context, a alert.Alert) (Outcome, error) {
	if a.IsFromBoomerang() {
		return ignored(), nil
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	return p.enqueue(ctx, queue.Message{Alert: a, ReceivedAt: p.Now(), Reason: "INTAKE=queue queues every alert"}, 0, nil)
}

// DryRun returns the event without posting it. It does not touch the ledger, so the event
// does not say how long the alert lasted.
func (p *Pipeline) DryRun(ctx context.Context, a alert.Alert) (o Outcome, err error) {
	if a.IsFromBoomerang() {
		return ignored(), nil
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	defer recovered(&err)
	o.Status = DryRun
	plan, err := compute(ctx, "match the playbooks", func() *playbook.Plan { return p.Playbooks.For(a, memory.Memory{}) })
	if err != nil {
		return o, err
	}
	o.addPlan(plan)
	o.Steps = enrich.Run(ctx, p.Steps(plan.Steps()), a, enrichTime(ctx, p.EnrichBudget))
	if err := p.compose(ctx, a, plan, "", &o); err != nil {
		return o, err
	}
	p.followUpsOf(a, plan, p.Now(), &o)
	return o, nil
}

// process takes one alert all the way to its event. An error means that it is not posted,
// or that Datadog's answer got lost (see Outcome.MaybePosted).
func (p *Pipeline) process(ctx context.Context, a alert.Alert, t *attempt) (o Outcome, err error) {
	if a.IsFromBoomerang() {
		return ignored(), nil
	}

	// Claim: one run at a time works on an alert. The ledger reads its group's earlier
	// cycles in the meantime.
	reading := p.startHistory(ctx, a)
	o, err = p.claim(ctx, t)
	if err != nil || o.Status == Duplicate {
		return o, err
	}
	defer p.releaseOnError(ctx, t.delivery, &o, &err)
	ctx = enrich.WithAlertKey(ctx, uniqueKey(t.delivery))

	// Look up the event, if an earlier attempt may have posted it.
	found := false
	if o.MaybePosted {
		if found, err = p.findPosted(ctx, a, t, &o); err != nil {
			return o, err
		}
	}

	// Match the playbooks, which have the storm limit. If the event exists, only actions can be left to do.
	earlier, err := reading()
	o.addHistory(earlier, err)
	plan, err := compute(ctx, "match the playbooks", func() *playbook.Plan { return p.Playbooks.For(a, o.Cycle.Earlier) })
	if err != nil {
		return o, err
	}
	o.addPlan(plan)
	if found && !plan.Acts() {
		o.warn(p.complete(ctx, t.delivery, o.Posted))
		return o, nil
	}

	// Storm: above the playbook's limit, a summary replaces the event.
	suppressed := plan.Limit > 0 && !found && p.suppressed(ctx, a, plan.Limit, &o)
	cycle := p.startCycle(ctx, a, t.delivery.ReceivedAt, suppressed)
	if suppressed {
		o.addCycle(a, cycle)
		if o.MaybePosted { // An earlier attempt expects what its actions would keep.
			o.warn(p.keepTexts(ctx, a, t.delivery, nil, plan.Keeps()))
		}
		p.finish(ctx, a, t.delivery, earlier, &o)
		return o, nil
	}

	// Enrich. The ledger records the alert's cycle in the meantime.
	kept := p.startKept(ctx, a, t.delivery, plan, plan.Keeps(), cycle)
	o.Steps = enrich.Run(withPast(ctx, earlier, cycle), p.Steps(plan.Steps()), a, enrichTime(ctx, p.EnrichBudget))
	o.addCycle(a, cycle)
	o.addKept(kept())

	// Compose, schedule the follow-ups, and post, unless an earlier attempt did. A crash after
	// the post loses no follow-up.
	if err := p.compose(ctx, a, plan, p.eventKey(t.delivery), &o); err != nil {
		return o, err
	}
	var unsent []queue.Message
	if !found {
		all := p.followUpsOf(a, plan, t.delivery.ReceivedAt, &o)
		unsent, _ = p.sendFollowUps(ctx, p.limitFollowUps(ctx, a, plan.Limit, all, &o), followUpTimeout)
		postErr := p.post(ctx, &o)
		stillUnsent, sendErr := p.sendFollowUps(ctx, unsent, followUpTimeout)
		if postErr != nil { // The next attempt may find the event, and sends no follow-ups then.
			o.warn(sendErr)
			return o, postErr
		}
		unsent = stillUnsent
	}

	// Act. The claim lasts until each action is done or queued.
	if plan.Acts() {
		o.warn(p.markPosted(ctx, t.delivery, o.Posted))
		if err := p.act(ctx, a, plan, t.delivery, &o); err != nil {
			return o, err
		}
	}

	// Complete, and send again what the queue did not accept.
	p.finish(ctx, a, t.delivery, earlier, &o)
	unsent, err = p.resendFollowUps(ctx, unsent)
	o.unsent = len(unsent)
	o.warn(err)
	return o, nil
}

// finish completes the claim and remembers the cycle, with time left to answer.
func (p *Pipeline) finish(ctx context.Context, a alert.Alert, d ledger.Delivery, earlier history, o *Outcome) {
	ctx, cancel := reserve(ctx, answerReserve, errLedgerTimeout)
	defer cancel()
	o.warn(p.complete(ctx, d, o.Posted), p.remember(ctx, a, earlier, o))
}

// compose writes the event from what the steps found. The key finds it again.
func (p *Pipeline) compose(ctx context.Context, a alert.Alert, plan *playbook.Plan, key string, o *Outcome) (err error) {
	ctx, span := telemetry.Start(ctx, "compose")
	defer func() { span.End(err) }()
	steps, cycle, followUp := o.Steps, o.Cycle, o.FollowUp
	var failed []error
	var warnings []string
	var isFailure bool
	o.Event, err = compute(ctx, "compose the event", func() event.Request {
		var draft event.Draft
		draft, failed = plan.Draft(steps, cycle)
		draft.Webhook, draft.Key, draft.FollowUp = p.WebhookName, key, followUp
		isFailure = event.IsFailure(a, draft)
		warnings = draft.Warnings
		return plan.Compose(a, draft, steps, p.Now())
	})
	if err == nil {
		o.warn(failed...)
		o.PlaybookWarnings, o.isFailure = warnings, isFailure
	}
	return err
}

func (p *Pipeline) post(ctx context.Context, o *Outcome) (err error) {
	ctx, cancel := reserve(ctx, queueReserve, errPostTimeout)
	defer cancel()
	ctx, span := telemetry.Start(ctx, "post")
	defer func() { span.End(err) }()
	o.MaybePosted = true
	switch e := o.Event.(type) {
	case event.Event:
		o.Posted, err = p.Poster.Create(ctx, e)
	case event.AlertEvent:
		o.Posted, err = p.Poster.CreateAlert(ctx, e)
	default:
		err = fmt.Errorf("no API posts a %T", e)
	}
	if err == nil {
		o.Status, o.PostedAt = Posted, p.Now()
	}
	return err
}
