package pipeline

import (
	"cmp"
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
)

// Progress says what became of an alert: its event, and what followed it in its cycle.
type Progress interface {
	Posted(ctx context.Context, d ledger.Delivery) (event.Posted, time.Time, error)
	ReadCycle(ctx context.Context, cycleKey string, n ledger.Notification) (ledger.Cycle, []ledger.Notification, error)
}

// followUpsOf returns the messages for the alert's follow-ups, and notes them in the outcome.
// Each waits by itself, so that one that fails does not keep the next from coming.
func (p *Pipeline) followUpsOf(a alert.Alert, plan *playbook.Plan, receivedAt time.Time, o *Outcome) (all []queue.Message) {
	isRepeated := a.Transition == alert.Renotify && o.Cycle.Notified > 1 // Those of the trigger are on their way.
	if len(plan.After) == 0 || a.CycleKey == "" || !a.Transition.Fires() || isRepeated || !o.isFailure {
		return nil
	}
	o.FollowUps = plan.After
	if !p.canFollowUp() {
		if p.Queue != nil {
			o.warn(errors.New("no follow-up: set FOLLOW_UP_QUEUE_URL and LEDGER_TABLE"))
		}
		return nil
	}
	then := enrich.StandingOf(o.Steps)
	for i, after := range plan.After {
		all = append(all, queue.Message{
			Alert: a, ReceivedAt: receivedAt, Reason: "a follow-up after " + enrich.ShortDuration(after),
			FollowUp: &queue.FollowUp{Number: i + 1, After: after, Then: then},
		})
	}
	return all
}

func (p *Pipeline) canFollowUp() bool {
	return p.FollowUps != nil && p.Progress != nil && p.Ledger != nil
}

// limitFollowUps leaves out the messages of an alert if enough other cycles of its monitor have some
// in this minute. If that is not known, they are sent. A playbook's limit has counted the alert.
func (p *Pipeline) limitFollowUps(ctx context.Context, a alert.Alert, limit int, all []queue.Message, o *Outcome) []queue.Message {
	if len(all) == 0 || limit > 0 && a.MonitorID != "" || p.Storms == nil {
		return all
	}
	ctx, cancel := withLedgerTimeout(ctx)
	defer cancel()
	w := ledger.WindowAt("follow_up:"+a.OrgID+":"+a.MonitorID, p.Now())
	full, err := p.Storms.IsFull(ctx, w, playbook.MaxFollowed, cycleKey(a))
	if err != nil {
		o.warn(fmt.Errorf("the follow-ups of the monitor's other alerts were not counted: %w", err))
	}
	if !full {
		return all
	}
	o.FollowUps, o.limited = nil, len(all)
	o.warn(fmt.Errorf("no follow-up: %d groups of this monitor have some in this minute; to change that, set limit in the playbook", playbook.MaxFollowed))
	return nil
}

// resendFollowUps sends what the queue did not accept before the post, in the time that is
// left.
func (p *Pipeline) resendFollowUps(ctx context.Context, unsent []queue.Message) (_ []queue.Message, err error) {
	for tries := time.Duration(followUpTries); tries > 0 && len(unsent) > 0; tries-- {
		unsent, err = p.sendFollowUps(ctx, unsent, timeLeft(ctx, answerReserve)/tries)
	}
	return unsent, err
}

// sendFollowUps sends messages side by side, and returns those that the queue did not accept.
func (p *Pipeline) sendFollowUps(ctx context.Context, all []queue.Message, timeout time.Duration) (unsent []queue.Message, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, errQueueTimeout)
	defer cancel()
	failed := make([]error, len(all))
	var sending sync.WaitGroup
	for i, m := range all {
		sending.Go(func() {
			defer recovered(&failed[i])
			failed[i] = p.FollowUps.Send(ctx, m, min(m.FollowUp.After, queue.MaxDelay))
		})
	}
	sending.Wait()
	for i, m := range all {
		if failed[i] != nil {
			unsent = append(unsent, m)
			err = fmt.Errorf("there will be %s fewer: %w", enrich.Count(len(unsent), "follow-up"), failed[i])
		}
	}
	return unsent, err
}

// followUp posts the event that says what became of an alert, unless its cycle went on. It
// needs the ledger: rather no event than one after a recovery, or a second one.
func (p *Pipeline) followUp(ctx context.Context, m queue.Message, t *attempt) (o Outcome, err error) {
	if !p.canFollowUp() {
		return o, fault.New(fault.Permanent, "the message asks for a follow-up, and FOLLOW_UP_QUEUE_URL or LEDGER_TABLE is not set; set both", nil)
	}
	o.FollowUp = &event.FollowUp{After: m.FollowUp.After, Then: m.FollowUp.Then}
	if ended, err := p.waits(ctx, m, &o); ended || err != nil {
		return o, err
	}

	// Claim: each of the cycle's follow-ups is posted once.
	t.delivery = ledger.Delivery{Key: fmt.Sprintf("follow_up:%s#%d", cycleKey(m.Alert), m.FollowUp.Number), ReceivedAt: p.Now()}
	t.needsLedger, t.needsSearch, t.once = true, true, true
	claimed, err := p.claim(ctx, t)
	claimed.FollowUp, claimed.Cycle = o.FollowUp, o.Cycle
	o = claimed
	if err != nil || o.Status == Duplicate {
		return o, err
	}
	defer p.releaseOnError(ctx, t.delivery, &o, &err)
	if o.MaybePosted {
		// Nothing but the date: the follow-up is not about the alert's event.
		if found, err := p.completePosted(ctx, alert.Alert{Date: m.ReceivedAt}, t, &o); found || err != nil {
			return o, err
		}
	}

	// Enrich the alert as it is now.
	earlier, err := p.readHistory(ctx, m.Alert)
	o.addHistory(earlier, err)
	plan, err := compute(ctx, "match the playbooks", func() *playbook.Plan { return p.Playbooks.For(m.Alert, o.Cycle.Earlier) })
	if err != nil {
		return o, err
	}
	o.addPlan(plan)
	o.Cycle.Lasted = p.Now().Sub(o.FollowUp.Began)
	if reads := plan.ReadsKept(); p.Kept != nil && len(reads) > 0 {
		o.addKept(p.readKept(ctx, m.Alert, t.delivery, reads, nil))
	}
	cycle := o.Cycle
	plan.Cycle = func() event.Cycle { return cycle }
	ctx = enrich.WithAlertKey(ctx, uniqueKey(t.delivery))
	known := enrich.WithHistory(ctx, enrich.History{Precedents: earlier.Precedents(), Began: func() time.Time { return o.FollowUp.Began }})
	o.Steps = enrich.Run(known, p.Steps(plan.Steps()), still(m.Alert, p.Now()), enrichTime(ctx, p.EnrichBudget))
	o.FollowUp.Now = enrich.StandingOf(o.Steps)
	o.Cycle.Meanwhile = changedBetween(o.Steps, happened(m), p.Now())

	// Compose, post, complete. The cycle may have gone on in the meantime.
	if err := p.compose(ctx, m.Alert, plan, p.eventKey(t.delivery), &o); err != nil {
		return o, err
	}
	if ended, err := p.wentOn(ctx, m, &o); err != nil {
		return o, err
	} else if ended {
		o.warn(p.release(ctx, t.delivery, false))
		return o, nil
	}
	if err := p.post(ctx, &o); err != nil {
		return o, err
	}
	o.warn(p.complete(ctx, t.delivery, o.Posted))
	return o, nil
}

// waits reports whether the follow-up is not to be posted now: the cycle went on, or the
// message waits once more, because a message waits for 15 minutes at most.
func (p *Pipeline) waits(ctx context.Context, m queue.Message, o *Outcome) (bool, error) {
	if ended, err := p.wentOn(ctx, m, o); ended || err != nil {
		return ended, err
	}
	first, at, err := p.firstEvent(ctx, m)
	if err != nil {
		return false, err
	}
	o.FollowUp.First = first
	rest := at.Add(m.FollowUp.After).Sub(p.Now())
	switch {
	case at.IsZero():
		if rest = queue.MaxDelay; p.Now().Sub(m.ReceivedAt) > firstEventWindow {
			o.ignore(causeNoEvent, "the alert has no event after all its attempts")
			return true, nil
		}
	case first == (event.Posted{}):
		o.ignore(causeNoEvent, "the playbook's limit held the alert back at a later attempt")
		return true, nil
	}
	if rest <= followUpMargin {
		o.FollowUp.Late = max(0, -rest).Truncate(time.Minute)
		return false, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, followUpTimeout, errQueueTimeout)
	defer cancel()
	if err := p.FollowUps.Send(ctx, m, min(rest, queue.MaxDelay)); err != nil {
		return false, fmt.Errorf("cannot wait on: %w", err)
	}
	o.Status, o.Cause, o.Detail = Queued, causeFollowUp, fmt.Sprintf("the follow-up after %s waits for its time", enrich.ShortDuration(m.FollowUp.After))
	return true, nil
}

// wentOn reports whether a recovery, or a newer trigger with follow-ups of its own, came after
// the alert.
func (p *Pipeline) wentOn(ctx context.Context, m queue.Message, o *Outcome) (bool, error) {
	ctx, cancel := withLedgerTimeout(ctx)
	defer cancel()
	n := notificationOf(m.Alert, m.ReceivedAt)
	n.At = cmp.Or(n.At, m.ReceivedAt)
	c, later, err := p.Progress.ReadCycle(ctx, cycleKey(m.Alert), n)
	if err != nil {
		return false, fmt.Errorf("cannot find out whether the alert recovered: %w", err)
	}
	for _, one := range later {
		switch transition := alert.Transition(one.Transition); {
		case transition.IsRecovery():
			o.ignore(causeRecovered, "the alert recovered at "+enrich.FormatTime(one.At))
			return true, nil
		case transition.Fires() && transition != alert.Renotify:
			o.ignore(causeNewer, "a newer trigger of the alert came at "+enrich.FormatTime(one.At))
		}
	}
	o.FollowUp.Began = cmp.Or(c.FirstSeen, happened(m))
	o.Cycle.Notified = c.Notified
	return o.Status == Ignored, nil
}

// firstEvent returns the alert's event and when it was posted. Both are zero while no attempt
// has posted it, and the event alone if the alert is done without one.
func (p *Pipeline) firstEvent(ctx context.Context, m queue.Message) (event.Posted, time.Time, error) {
	reading, cancel := withLedgerTimeout(ctx)
	defer cancel()
	d := deliveryOf(m.Alert, m.ReceivedAt)
	posted, at, err := p.Progress.Posted(reading, d)
	if err != nil {
		return posted, at, fmt.Errorf("cannot find out whether the alert has its event: %w", err)
	}
	if posted != (event.Posted{}) {
		return posted, at, nil
	}
	// An attempt may have posted the event and not recorded it, or not known its id.
	var o Outcome
	found, err := p.findPosted(ctx, m.Alert, &attempt{delivery: d, once: !at.IsZero()}, &o)
	if found && at.IsZero() {
		at = m.ReceivedAt
	}
	return o.Posted, at, err
}

// happened is when the message's alert happened.
func happened(m queue.Message) time.Time { return cmp.Or(m.Alert.Date, m.ReceivedAt) }

// still returns the alert as a notification of now would have it, for the steps.
func still(a alert.Alert, now time.Time) alert.Alert {
	a.Date = now
	if again, ok := repetitions[a.Transition]; ok {
		a.Transition = again
	}
	return a
}

var repetitions = map[alert.Transition]alert.Transition{alert.Triggered: alert.ReTriggered, alert.Warn: alert.ReWarn, alert.NoData: alert.ReNoData}
