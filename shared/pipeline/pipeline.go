// Package pipeline is Boomerang's one use case: an alert comes in, is claimed,
// enriched, composed into an event, posted and marked as done. Whatever cannot
// be finished goes to the queue; whatever cannot be queued is an error that asks
// the sender to come again.
package pipeline

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fault"
	"boomerang/shared/ledger"
	"boomerang/shared/playbook"
	"boomerang/shared/queue"
	"boomerang/shared/telemetry"
)

// Poster posts an event to Datadog, by its v1 API or, as an alert, by its v2 API.
type Poster interface {
	Create(ctx context.Context, e event.Event) (event.Posted, error)
	CreateAlert(ctx context.Context, e event.AlertEvent) (event.Posted, error)
}

// Stream is Datadog's event stream, where an event is found whose post was cut off
// before anybody noted it. What there is none of is zero.
type Stream interface {
	PostedAbout(ctx context.Context, a alert.Alert, webhook string, from, to time.Time) (event.Posted, error)
}

// Ledger remembers which alerts are done, which are being worked on, and how
// each alert cycle went so far.
type Ledger interface {
	Claim(ctx context.Context, key string, until time.Time) (ledger.Claim, error)
	Complete(ctx context.Context, key string, posted event.Posted) error
	Release(ctx context.Context, key string) error
	Abandon(ctx context.Context, key string) error
	Remember(ctx context.Context, cycleKey string, seen ledger.Seen) (ledger.Cycle, error)
	Park(ctx context.Context, key string) error
}

// Queue keeps an alert for a later run.
type Queue interface {
	Send(ctx context.Context, m queue.Message, delay time.Duration) error
}

// Config is what a pipeline is made of. Ledger, Storms and Queue may be nil:
// without a ledger every delivery is processed, without a queue an alert that
// cannot be finished is the sender's to repeat, and a storm is held back only
// with all three.
type Config struct {
	Playbooks    *playbook.Book
	WebhookName  string // in Datadog; it tells our events from another stack's
	EnrichBudget time.Duration
	Poster       Poster
	Stream       Stream // nil: an alert that may have been posted is posted
	Ledger       Ledger
	Storms       Storms
	Queue        Queue
	Now          func() time.Time // nil: time.Now
	// Wrap, where it is set, changes a step before it runs: for whoever tries
	// playbooks out, and wants to see what a step is given or to answer in its place.
	Wrap func(enrich.Named) enrich.Named
}

// Pipeline is safe for concurrent use.
type Pipeline struct{ Config }

// New returns a pipeline.
func New(c Config) *Pipeline {
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Pipeline{c}
}

// Run takes an alert all the way, and leaves to the queue what cannot be finished
// now. An error means that the alert is neither posted nor queued.
func (p *Pipeline) Run(ctx context.Context, a alert.Alert) (Outcome, error) {
	b := newBudget(ctx, p.Now())
	t := try{haste: brisk}
	if p.Queue == nil {
		t.haste = inHaste
	}
	outcome, err := p.take(ctx, a, t)
	if err == nil {
		return outcome, nil
	}
	queued, queueErr := p.later(ctx, queue.Message{Alert: a, Reason: fault.Public(err), Tried: outcome.Tried}, b, retryDelay(err, outcome.Tried), err)
	queued.Playbook, queued.Steps = outcome.Playbook, outcome.Steps
	queued.warn(outcome.Warnings...)
	queued.warn(err)
	return queued, queueErr
}

// Process takes an alert all the way. An error means that it was not posted, and
// says whether, and when, another try may succeed.
func (p *Pipeline) Process(ctx context.Context, a alert.Alert) (Outcome, error) {
	return p.take(ctx, a, try{haste: inHaste})
}

// try is one of the times that an alert is worked on.
type try struct {
	haste haste
	// again says that an earlier one may have posted the event.
	again bool
	// since is when the first of them began, if that is known.
	since time.Time
}

func (p *Pipeline) take(ctx context.Context, a alert.Alert, t try) (Outcome, error) {
	if a.Own() {
		return ignored(), nil
	}
	b := newBudget(ctx, p.Now())
	planned := p.planning(a)
	var plan *playbook.Plan
	outcome, err := p.once(ctx, a.Key(), a, t, b, func() (outcome Outcome, err error) {
		if plan, err = planned(); err != nil {
			return Outcome{}, err
		}
		return p.process(ctx, a, plan, b)
	})
	if err == nil && outcome.Status == Posted {
		outcome.Steps = append(outcome.Steps, p.then(ctx, a, plan, outcome, b)...)
	}
	return outcome, err
}

// planning matches the playbooks while the ledger is asked for the alert, and
// returns the function that waits for the plan.
func (p *Pipeline) planning(a alert.Alert) func() (*playbook.Plan, error) {
	plan := sync.OnceValues(func() (plan *playbook.Plan, err error) {
		defer recovered(&err)
		return p.Playbooks.For(a), nil
	})
	go func() { _, _ = plan() }()
	return plan
}

// once does the work that key names and that posts an event about the alert, unless
// it is done or somebody is at it.
func (p *Pipeline) once(ctx context.Context, key string, a alert.Alert, t try, b budget, work func() (Outcome, error)) (Outcome, error) {
	claim, warning := p.claim(ctx, key, b)
	if warning != nil && t.haste == patient {
		return Outcome{}, warning
	}
	switch claim.State {
	case ledger.Done:
		return Outcome{Status: Duplicate, Posted: claim.Posted}, nil
	case ledger.Busy:
		return Outcome{}, p.busy(claim.Until)
	}
	t.again = t.again || claim.Overtaken
	outcome, err := p.unlessPosted(ctx, a, t, work)
	outcome.Tried = t.again || outcome.Event != nil
	outcome.warn(warning)
	if err != nil {
		outcome.warn(p.release(ctx, key, outcome.Tried))
		return outcome, err
	}
	outcome.warn(p.complete(ctx, key, outcome.Posted))
	return outcome, nil
}

// busy asks to come back after the other run's claim has ended, when an event of
// its last moment can be found: a run that crashed leaves its claim behind, and
// nothing must be lost with it.
func (p *Pipeline) busy(until time.Time) error {
	e := fault.New(fault.Temporary, "another run is working on this alert", nil)
	e.RetryAfter = until.Sub(p.Now()) + showDelay
	return e
}

// DryRun enriches and composes, and returns the event. It leaves no trace: the ledger
// is not told, and so tells nothing of the alert's cycle.
func (p *Pipeline) DryRun(ctx context.Context, a alert.Alert) (outcome Outcome, err error) {
	if a.Own() {
		return ignored(), nil
	}
	defer recovered(&err)
	nothing := make(chan remembered)
	close(nothing)
	outcome = p.compose(ctx, a, p.Playbooks.For(a), nothing, newBudget(ctx, p.Now()))
	outcome.Status = DryRun
	return outcome, nil
}

// Enqueue leaves all the work to a later run.
func (p *Pipeline) Enqueue(ctx context.Context, a alert.Alert) (Outcome, error) {
	if a.Own() {
		return ignored(), nil
	}
	return p.later(ctx, queue.Message{Alert: a, Reason: "the intake queues every alert"}, newBudget(ctx, p.Now()), 0, nil)
}

// process turns a claimed alert into a posted event, unless a storm holds it
// back. A panic on the way costs this attempt, not the alert.
func (p *Pipeline) process(ctx context.Context, a alert.Alert, plan *playbook.Plan, b budget) (outcome Outcome, err error) {
	defer recovered(&err)
	cycle := p.cycle(ctx, a)
	held, warning := p.holdBack(ctx, a, plan)
	if held {
		outcome = Outcome{Status: Queued, Why: whyStorm, Reason: "a storm holds it back; it is counted in a summary", Playbook: plan.Name()}
		outcome.warn(warning, (<-cycle).warning)
		return outcome, nil
	}
	outcome = p.compose(ctx, a, plan, cycle, b)
	outcome.warn(warning)
	return p.post(ctx, outcome, b)
}

// post posts the event that an outcome holds.
func (p *Pipeline) post(ctx context.Context, outcome Outcome, b budget) (Outcome, error) {
	ctx, cancel := b.posting(ctx)
	defer cancel()
	ctx, span := telemetry.Start(ctx, "post")
	posted, err := p.send(ctx, outcome.Event)
	span.End(err)
	if err != nil {
		return outcome, err
	}
	outcome.Status, outcome.Posted, outcome.PostedAt = Posted, posted, p.Now()
	return outcome, nil
}

// send sends an event to the API that it was written for.
func (p *Pipeline) send(ctx context.Context, request event.Request) (event.Posted, error) {
	switch e := request.(type) {
	case event.Event:
		return p.Poster.Create(ctx, e)
	case event.AlertEvent:
		return p.Poster.CreateAlert(ctx, e)
	}
	return event.Posted{}, fmt.Errorf("there is no API for a %T", request)
}

// compose runs the steps, while the ledger tells about the alert's cycle, and
// writes the event.
func (p *Pipeline) compose(ctx context.Context, a alert.Alert, plan *playbook.Plan, cycle <-chan remembered, b budget) Outcome {
	outcome := Outcome{Playbook: plan.Name()}
	outcome.warn(plan.Warnings...)
	outcome.Steps = enrich.Run(ctx, p.wrapped(plan.Steps()), a, b.enriching(p.Now(), p.EnrichBudget))
	remembered := <-cycle
	outcome.warn(remembered.warning)
	outcome.Cycle = remembered.cycle
	_, span := telemetry.Start(ctx, "compose")
	defer span.End(nil)
	draft, failed := plan.Draft(outcome.Steps, remembered.cycle)
	draft.Webhook = p.WebhookName
	outcome.warn(failed...)
	if plan.API == playbook.APIv2 {
		outcome.Event = event.ComposeAlert(a, draft, outcome.Steps, p.Now())
	} else {
		outcome.Event = event.Compose(a, draft, outcome.Steps, p.Now())
	}
	return outcome
}

// then runs what the playbook wants done once the event is posted. Nothing that
// fails there changes what became of the alert.
func (p *Pipeline) then(ctx context.Context, a alert.Alert, plan *playbook.Plan, o Outcome, b budget) []enrich.Result {
	steps := p.wrapped(plan.Then(o.Steps, o.Event, o.Posted))
	if len(steps) == 0 {
		return nil
	}
	return enrich.Run(ctx, steps, a, b.afterwards(p.Now()))
}

func (p *Pipeline) wrapped(steps []enrich.Named) []enrich.Named {
	if p.Wrap == nil {
		return steps
	}
	wrapped := make([]enrich.Named, len(steps))
	for i, step := range steps {
		wrapped[i] = p.Wrap(step)
	}
	return wrapped
}

// recovered turns a panic into the error of the function that defers it.
func recovered(err *error) {
	if r := recover(); r != nil {
		*err = fault.New(fault.Internal, "something went wrong inside Boomerang", fault.FromPanic(r))
	}
}

// later puts a message into the queue. Without a queue, or when the queue fails
// too, the error asks the sender to come again.
func (p *Pipeline) later(ctx context.Context, m queue.Message, b budget, delay time.Duration, cause error) (Outcome, error) {
	if p.Queue == nil {
		e := fault.NewRedacted(fault.Temporary, "the alert could not be finished now (", m.Reason, "), and there is no queue to keep it; send it again", cause)
		e.RetryAfter = delay
		return Outcome{}, e
	}
	sending, cancel := b.queueing(ctx)
	defer cancel()
	m.ReceivedAt = p.Now()
	if err := p.Queue.Send(sending, m, delay); err != nil {
		return Outcome{}, fault.NewRedacted(fault.Temporary, "the alert could be neither finished nor queued (", m.Reason, "); send it again", errors.Join(cause, err))
	}
	outcome := Outcome{Status: Queued, Why: whyOf(cause), Reason: m.Reason}
	outcome.warn(p.park(sending, m.Alert.Key()))
	return outcome, nil
}

// retryDelay waits as long as Datadog asked for, and otherwise a moment, or until an
// event that Datadog may have taken can be found.
func retryDelay(err error, tried bool) time.Duration {
	after := fault.From(err).RetryAfter
	if tried && after == 0 && fault.IsTemporary(err) {
		return showDelay
	}
	return max(after, minRetryDelay)
}
