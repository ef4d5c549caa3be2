package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fault"
	"boomerang/shared/ledger"
	"boomerang/shared/playbook"
	"boomerang/shared/queue"
)

// Actions records which actions are done, so that none is repeated.
type Actions interface {
	BeginAction(ctx context.Context, a ledger.Action, until time.Time) (ledger.State, error)
	CompleteAction(ctx context.Context, a ledger.Action) error
	ReleaseAction(ctx context.Context, a ledger.Action) error
}

// The ways an action ends that the log and the metric report.
const (
	actionQueued     = "queued"
	actionDone       = "done"    // from the queue
	actionSkipped    = "skipped" // from the queue
	actionRefused    = "refused"
	actionDeadLetter = "dead_letter"
)

// ActionResult is an action that was not done at once.
type ActionResult struct {
	Playbook string `json:"playbook"`
	Step     string `json:"step"`
	Result   string `json:"result"`
	Error    string `json:"error,omitempty"` // for the log
}

// These end an action that needs no more work.
var (
	errActionDone  = enrich.Skip("it was done before")
	errActionOther = enrich.Skip("it runs once a cycle, and another alert of the cycle runs it")
)

// notKept is the error of an action that is done, and whose texts are not kept yet.
type notKept struct {
	texts map[string]string
	error
}

func (e notKept) Unwrap() error { return e.error }

// acting is one run's work on an alert's actions.
type acting struct {
	*Pipeline
	alert    alert.Alert
	delivery ledger.Delivery
	posted   event.Posted
	title    string // of the event
	o        *Outcome
}

// act runs the playbook's steps for after the post, and queues those that fail for now. An
// error means that one could not be queued: the alert must be retried.
func (p *Pipeline) act(ctx context.Context, a alert.Alert, plan *playbook.Plan, d ledger.Delivery, o *Outcome) (err error) {
	defer func() {
		if r := recover(); r != nil {
			o.warn(panicked(r))
		}
	}()
	if p.Actions != nil && a.CycleKey == "" && plan.NeedsCycle() {
		o.warn(fault.New(fault.Permanent, "the alert has no cycle key, so that once and keep have no effect: add $ALERT_CYCLE_KEY to the payload of the webhook", nil))
	}
	w := acting{p, a, d, o.Posted, o.Event.Headline(), o}
	actions := plan.Then(o.Steps, w.title, o.Posted)
	results := w.run(ctx, actions)
	o.Steps = append(o.Steps, results...)
	ctx, cancel := reserve(ctx, answerReserve+completeReserve, errQueueTimeout)
	defer cancel()
	var failed []error
	for i, r := range results {
		failed = append(failed, w.settle(ctx, actions[i], r))
	}
	return errors.Join(failed...)
}

// run runs actions, each at most once.
func (w acting) run(ctx context.Context, actions []*playbook.Action) []enrich.Result {
	steps := make([]enrich.Named, len(actions))
	for i, action := range actions {
		steps[i] = action.Named()
	}
	steps = w.Steps(steps)
	for i, action := range actions {
		makes := steps[i].Make
		steps[i].Make = func(earlier map[string]enrich.Result) (enrich.Step, error) {
			step, err := makes(earlier)
			if err != nil {
				return nil, err
			}
			return w.recorded(action, step), nil
		}
	}
	return enrich.Run(ctx, steps, w.alert, timeLeft(ctx, queueReserve))
}

// recorded returns the step of an action as one that the ledger records.
func (w acting) recorded(action *playbook.Action, step enrich.Step) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		saved := action.Saved()
		state, unclaimed := w.begin(ctx, saved)
		switch {
		case state == ledger.Done:
			return enrich.Finding{}, errActionDone
		case state == ledger.Busy:
			return enrich.Finding{}, errActionOther
		case unclaimed != nil && saved.Once: // Another alert of the cycle may have done it.
			return enrich.Finding{}, unclaimed
		}
		f, err := step.Enrich(ctx, a)
		missing, isDone := enrich.DoneReason(err)
		if err != nil && (!isDone || fault.IsTemporary(err) && len(saved.Keep) > 0) { // Its key makes it safe.
			return f, err
		}
		texts, problems := action.Kept(f)
		if err := w.keep(ctx, saved, texts); err != nil {
			return f, notKept{texts, err}
		}
		f.PartialReason = errors.Join(append(problems, missing, f.PartialReason, unclaimed, w.completeAction(ctx, saved))...)
		return f, nil
	})
}

func (w acting) begin(ctx context.Context, saved enrich.Action) (ledger.State, error) {
	if w.Actions == nil {
		return ledger.Granted, nil
	}
	ctx, cancel := withLedgerTimeout(ctx)
	defer cancel()
	state, err := w.Actions.BeginAction(ctx, w.claimOf(saved), w.Now().Add(pendingTime))
	if err != nil {
		err = fmt.Errorf("cannot claim the action: %w", err)
	}
	return state, err
}

func (w acting) completeAction(ctx context.Context, saved enrich.Action) error {
	if w.Actions == nil {
		return nil
	}
	return record(ctx, notRecorded, func(ctx context.Context) error { return w.Actions.CompleteAction(ctx, w.claimOf(saved)) })
}

// claimOf names an action in the ledger.
func (w acting) claimOf(saved enrich.Action) ledger.Action {
	c := ledger.Action{Alert: uniqueKey(w.delivery), Step: saved.ID()}
	if saved.Once && w.alert.CycleKey != "" {
		c.Cycle = cycleKey(w.alert)
	}
	return c
}

// settle queues an action that failed for now, and gives up one that is refused or skipped.
func (w acting) settle(ctx context.Context, action *playbook.Action, r enrich.Result) error {
	saved := action.Saved()
	switch {
	case r.Status == enrich.OK:
		w.o.warn(r.Finding.PartialReason)
		return nil
	case errors.Is(r.Err, errActionOther), !action.Applies:
		return nil
	case errors.Is(r.Err, errActionDone): // There is no more to keep than what is kept.
		w.o.warn(w.keep(ctx, saved, nil))
		return nil
	case r.Status == enrich.Skipped:
		w.o.warn(w.giveUp(ctx, saved))
		return nil
	case fault.From(r.Err).Kind == fault.Permanent:
		w.report(saved, actionRefused, r.Err)
		w.o.warn(w.giveUp(ctx, saved))
		return nil
	}
	err := w.queue(ctx, saved, r.Err)
	switch {
	case err == nil:
		w.report(saved, actionQueued, r.Err)
		return nil
	case w.Queue == nil, w.Ledger == nil, !fault.IsTemporary(err):
		w.report(saved, actionRefused, errors.Join(r.Err, err))
		w.o.warn(w.giveUp(ctx, saved))
		return nil
	}
	return fault.Wrap(actionName(saved)+" could be neither done nor queued", err)
}

// queue queues an action, with its settings if they are rendered.
func (w acting) queue(ctx context.Context, saved enrich.Action, cause error) error {
	if w.Queue == nil {
		return fault.New(fault.Permanent, "no queue can keep it", nil)
	}
	m := queue.Message{
		Alert: w.alert, ReceivedAt: w.delivery.ReceivedAt, Reason: actionName(saved) + ": " + fault.Public(cause), MaybePosted: true,
		Action: &queue.Action{Action: saved, Posted: w.posted, Title: w.title},
	}
	if done, ok := errors.AsType[notKept](cause); ok {
		m.Action.Kept = done.texts
	}
	return w.Queue.Send(ctx, m, retryDelay(cause, false))
}

// giveUp lets another alert of the cycle do an action, and expects nothing of it any more.
func (w acting) giveUp(ctx context.Context, saved enrich.Action) error {
	ctx, cancel := withLedgerTimeout(ctx)
	defer cancel()
	var err error
	if c := w.claimOf(saved); w.Actions != nil && c.Cycle != "" {
		err = w.Actions.ReleaseAction(ctx, c)
	}
	return errors.Join(err, w.keep(ctx, saved, nil))
}

func (w acting) report(saved enrich.Action, result string, err error) {
	r := ActionResult{Playbook: saved.Playbook, Step: saved.Step, Result: result}
	if err != nil {
		r.Error = err.Error()
	}
	w.o.Actions = append(w.o.Actions, r)
}

func actionName(saved enrich.Action) string {
	return "the step " + saved.Step + " of the playbook " + saved.Playbook
}
