package pipeline

import (
	"context"
	"fmt"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/event"
	"boomerang/shared/ledger"
)

// Cycles records the notifications of each alert cycle, from its trigger to its recovery.
type Cycles interface {
	AddNotification(ctx context.Context, cycleKey string, n ledger.Notification) (ledger.Cycle, error)
}

// startCycle records the notification while the run goes on. One that the limit holds back has no
// follow-ups, so it does not end those of an earlier trigger.
func (p *Pipeline) startCycle(ctx context.Context, a alert.Alert, receivedAt time.Time, suppressed bool) func() (event.Cycle, error) {
	if suppressed && a.Transition.Fires() {
		a.Transition = alert.Renotify
	}
	return start(func() (event.Cycle, error) { return p.addNotification(ctx, a, receivedAt) })
}

func (p *Pipeline) addNotification(ctx context.Context, a alert.Alert, receivedAt time.Time) (c event.Cycle, err error) {
	if p.Cycles == nil || a.CycleKey == "" {
		return c, nil
	}
	defer recovered(&err)
	ctx, cancel := withLedgerTimeout(ctx)
	defer cancel()
	known, err := p.Cycles.AddNotification(ctx, cycleKey(a), notificationOf(a, receivedAt))
	if err != nil {
		return c, fmt.Errorf("the alert's cycle is unknown: %w", err)
	}
	at := a.Date
	if at.IsZero() {
		at = known.LastSeen
	}
	return event.Cycle{Began: known.FirstSeen, Lasted: max(0, at.Sub(known.FirstSeen)), Notified: known.Notified}, nil
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
