package pipeline

import (
	"context"
	"fmt"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/ledger"
)

type cycleResult struct {
	began    time.Time
	lasted   time.Duration
	notified int // this notification included
	err      error
}

// startCycle records the notification while the run goes on. One that the limit holds back has no
// follow-ups, so it does not end those of an earlier trigger.
func (p *Pipeline) startCycle(ctx context.Context, a alert.Alert, receivedAt time.Time, suppressed bool) func() cycleResult {
	if suppressed && a.Transition.Fires() {
		a.Transition = alert.Renotify
	}
	return start(func() cycleResult { return p.addNotification(ctx, a, receivedAt) })
}

func (p *Pipeline) addNotification(ctx context.Context, a alert.Alert, receivedAt time.Time) (r cycleResult) {
	if p.Cycles == nil || a.CycleKey == "" {
		return cycleResult{}
	}
	defer recovered(&r.err)
	ctx, cancel := withLedgerTimeout(ctx)
	defer cancel()
	c, err := p.Cycles.AddNotification(ctx, cycleKey(a), notificationOf(a, receivedAt))
	if err != nil {
		return cycleResult{err: fmt.Errorf("the alert's cycle is unknown: %w", err)}
	}
	at := a.Date
	if at.IsZero() {
		at = c.LastSeen
	}
	return cycleResult{began: c.FirstSeen, lasted: max(0, at.Sub(c.FirstSeen)), notified: c.Notified}
}

func cycleKey(a alert.Alert) string { return a.OrgID + ":" + a.CycleKey }

func notificationOf(a alert.Alert, receivedAt time.Time) ledger.Notification {
	n := ledger.Notification{At: a.Date, Transition: string(a.Transition)}
	if a.Certain() {
		n.ID = a.ID
	} else if n.At.IsZero() {
		n.At = receivedAt
	}
	return n
}
