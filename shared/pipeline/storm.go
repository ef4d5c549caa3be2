package pipeline

import (
	"context"
	"fmt"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/event"
	"boomerang/shared/fault"
	"boomerang/shared/ledger"
	"boomerang/shared/playbook"
	"boomerang/shared/queue"
)

// Storms counts the alerts of each monitor, minute by minute, across all
// instances of the function and their restarts.
type Storms interface {
	Admit(ctx context.Context, g ledger.Gust, limit int, a ledger.Arrival) (bool, ledger.Held, error)
	Announce(ctx context.Context, g ledger.Gust) error
	Held(ctx context.Context, g ledger.Gust) (ledger.Held, error)
}

// summaryDelay is how long after its minute a storm's summary is written, so
// that the runs which still count have counted.
const summaryDelay = 5 * time.Second

// holdBack reports whether a storm holds the alert back: its monitor has had as
// many events in this minute as the playbook allows. Such an alert is counted,
// and a summary that names it is on its way, or it is not held back: whatever
// fails here lets the alert pass.
func (p *Pipeline) holdBack(ctx context.Context, a alert.Alert, plan *playbook.Plan) (bool, error) {
	if plan.Limit == 0 || a.MonitorID == "" || p.Storms == nil || p.Queue == nil {
		return false, nil
	}
	ctx, cancel := asking(ctx)
	defer cancel()
	now := p.Now()
	gust := ledger.GustAt(a.OrgID+":"+a.MonitorID, now)
	admitted, held, err := p.Storms.Admit(ctx, gust, plan.Limit, ledger.Arrival{Key: a.Key(), Group: scopeOf(a), Transition: string(a.Transition), At: a.Date})
	switch {
	case admitted:
		return false, nil
	case err != nil && held.Announced:
		return true, fmt.Errorf("the storm's summary will not count this alert: %w", err)
	case err != nil:
		return false, fmt.Errorf("the alert passes uncounted: %w", err)
	case held.Announced:
		return true, nil
	}
	m := queue.Message{
		Alert: a, ReceivedAt: now, Reason: "a storm held alerts back",
		Storm: &queue.Storm{Source: gust.Source, Start: gust.Start, Limit: plan.Limit},
	}
	if err := p.Queue.Send(ctx, m, gust.Start.Add(ledger.Window).Sub(now)+summaryDelay); err != nil {
		return false, fmt.Errorf("the alert passes, since its storm's summary could not be queued: %w", err)
	}
	// Not knowing that it is announced costs a second message, which finds the
	// summary done.
	return true, p.Storms.Announce(ctx, gust)
}

func scopeOf(a alert.Alert) string {
	if a.Scope == "" {
		return a.Hostname
	}
	return a.Scope
}

// Redeliver takes a message from the queue all the way: its alert, or the
// summary that it asks for.
func (p *Pipeline) Redeliver(ctx context.Context, m queue.Message) (Outcome, error) {
	t := try{haste: p.hasteOf(m), again: m.Tried || m.Attempt > 0, since: m.ReceivedAt}
	if m.Storm == nil {
		return p.take(ctx, m.Alert, t)
	}
	if p.Storms == nil {
		return Outcome{}, fault.New(fault.Permanent, "the message asks for a storm's summary, and there is no LEDGER_TABLE to read it from", nil)
	}
	return p.summarise(ctx, m, t)
}

// summarise posts the one event that stands for all that a storm held back.
func (p *Pipeline) summarise(ctx context.Context, m queue.Message, t try) (outcome Outcome, err error) {
	defer recovered(&err)
	gust := ledger.Gust{Source: m.Storm.Source, Start: m.Storm.Start}
	b := newBudget(ctx, p.Now())
	return p.once(ctx, "storm:"+gust.Key(), m.Alert, t, b, func() (Outcome, error) {
		held, err := p.Storms.Held(ctx, gust)
		if err != nil {
			return Outcome{}, err
		}
		plan := p.Playbooks.For(m.Alert)
		outcome := Outcome{Playbook: plan.Name()}
		outcome.Event = event.Summarise(m.Alert, event.Draft{Playbook: plan.Name(), Webhook: p.WebhookName}, event.Held{
			Count: held.Count, Limit: m.Storm.Limit, Groups: held.Groups, MoreGroups: held.MoreGroups,
			Transitions: held.Transitions, First: held.First, Last: held.Last,
		}, p.Now())
		return p.post(ctx, outcome, b)
	})
}
