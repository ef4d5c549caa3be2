package pipeline

import (
	"context"
	"errors"

	"boomerang/shared/enrich"
	"boomerang/shared/fault"
	"boomerang/shared/playbook"
	"boomerang/shared/queue"
)

// redeliverAction runs one action of the queue. The event is posted already.
func (p *Pipeline) redeliverAction(ctx context.Context, m queue.Message) (o Outcome, err error) {
	defer recovered(&err)
	saved := m.Action.Action
	o = Outcome{Playbook: saved.Playbook, Posted: m.Action.Posted, MaybePosted: true}
	w := p.acting(m, &o)
	ctx = enrich.WithAlertKey(ctx, uniqueKey(w.delivery))
	result := actionDone
	if len(m.Action.Kept) > 0 {
		if err := w.keep(ctx, saved, m.Action.Kept); err != nil {
			return o, err
		}
		o.warn(w.completeAction(ctx, saved))
	} else if result, err = w.redeliver(ctx, saved); err != nil {
		return o, fault.Wrap(actionName(saved), err)
	}
	o.Status = Acted
	w.report(saved, result, nil)
	return o, nil
}

func (p *Pipeline) acting(m queue.Message, o *Outcome) acting {
	return acting{p, m.Alert, deliveryOf(m.Alert, m.ReceivedAt), m.Action.Posted, m.Action.Title, o}
}

func (w acting) redeliver(ctx context.Context, saved enrich.Action) (result string, err error) {
	action, err := w.resume(ctx, saved)
	if err != nil {
		return "", err
	}
	r := w.run(ctx, []*playbook.Action{action})[0]
	w.o.Steps = append(w.o.Steps, r)
	result = actionDone
	switch {
	case r.Status == enrich.Skipped && !errors.Is(r.Err, errActionDone):
		result = actionSkipped
	case r.Status != enrich.OK && r.Status != enrich.Skipped:
		return "", r.Err
	}
	return result, w.settle(ctx, action, r)
}

// resume returns an action of the queue. If its settings could not be rendered, the steps
// that they read run again.
func (w acting) resume(ctx context.Context, saved enrich.Action) (*playbook.Action, error) {
	if saved.With != "" {
		return w.Playbooks.Resume(w.alert, saved)
	}
	earlier, _ := w.readHistory(ctx, w.alert)
	plan, err := compute(ctx, "match the playbooks", func() *playbook.Plan { return w.Playbooks.For(w.alert, earlier.Memory) })
	if err != nil {
		return nil, err
	}
	cycle := w.startCycle(ctx, w.alert, w.delivery.ReceivedAt, false)
	w.startKept(ctx, w.alert, w.delivery, plan, nil, cycle) // What it keeps is expected already, or given up.
	w.o.Steps = enrich.Run(withPast(ctx, earlier, cycle), w.Steps(plan.Steps()), w.alert, enrichTime(ctx, w.EnrichBudget))
	for _, action := range plan.Then(w.o.Steps, w.title, w.posted) {
		if action.Saved().ID() == saved.ID() {
			return action, nil
		}
	}
	return nil, fault.New(fault.Permanent, "the playbooks no longer have it for this alert", nil)
}

// GiveUp lets go of what a message's action claims, when no retry will finish it.
func (p *Pipeline) GiveUp(ctx context.Context, m queue.Message, o *Outcome) {
	if m.Action == nil {
		return
	}
	w := p.acting(m, o)
	w.report(m.Action.Action, actionDeadLetter, nil)
	if len(m.Action.Kept) > 0 { // It is done: no other alert is to do it again.
		o.warn(w.completeAction(ctx, m.Action.Action))
	}
	o.warn(w.giveUp(ctx, m.Action.Action))
}
