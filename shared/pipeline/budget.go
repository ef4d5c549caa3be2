package pipeline

import (
	"context"
	"errors"
	"time"
)

// How the time of one run is divided. Datadog waits 15 s for an answer and the
// function's timeout is 14 s.
const (
	// runTime is the whole, where the context carries no deadline.
	runTime = 14 * time.Second
	// postReserve is kept back from the steps, for composing and posting.
	postReserve = 4 * time.Second
	// queueReserve is kept back from posting, for releasing the claim, queueing and answering.
	queueReserve = 2 * time.Second
	// answerReserve is kept back from queueing, so that even a queue that hangs is answered.
	answerReserve = 500 * time.Millisecond
	// ledgerTimeout bounds one call to the ledger, which is a help and no condition.
	ledgerTimeout = time.Second
	// ledgerPatience is how long an alert in the queue waits for a ledger, or for a
	// search, that fails: for two more deliveries.
	ledgerPatience = 15 * time.Minute
	// showDelay is after how long Datadog's search shows an event that it took. Whoever
	// looks sooner finds nothing and posts it a second time. Its stream runs behind by
	// some twenty seconds.
	showDelay = 45 * time.Second
	// minRetryDelay gives whatever failed a moment to recover.
	minRetryDelay = 10 * time.Second
)

// budget is one run's time.
type budget struct{ end time.Time }

func newBudget(ctx context.Context, now time.Time) budget {
	end, ok := ctx.Deadline()
	if !ok || end.Sub(now) > runTime {
		end = now.Add(runTime)
	}
	return budget{end}
}

// enriching returns what all steps together may take: nothing, when there is
// only time left to post.
func (b budget) enriching(now time.Time, limit time.Duration) time.Duration {
	return max(0, min(limit, b.end.Sub(now)-postReserve-queueReserve))
}

// afterwards returns what the steps after the post may take.
func (b budget) afterwards(now time.Time) time.Duration {
	return max(0, b.end.Sub(now)-answerReserve)
}

// posting returns the context for posting the event, which ends early enough for
// the alert to be queued.
func (b budget) posting(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithDeadlineCause(ctx, b.end.Add(-queueReserve), errPostingLate)
}

// queueing returns the context for queueing the alert, which ends early enough
// to answer.
func (b budget) queueing(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithDeadlineCause(ctx, b.end.Add(-answerReserve), errQueueingLate)
}

var errQueueingLate = errors.New("the queue did not take the alert in the time there was")

var errPostingLate = errors.New("Datadog did not take the event in the time there was")
