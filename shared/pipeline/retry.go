package pipeline

import (
	"context"
	"errors"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/event"
	"boomerang/shared/fault"
	"boomerang/shared/ledger"
	"boomerang/shared/queue"
)

// This file holds every number that says how long a run waits and when it is retried.
// Tests hold template.yaml to them.

// The time of one run.
const (
	// RunTime is the timeout of the webhook function: Datadog waits 15 s for an answer.
	RunTime = 14 * time.Second
	// postReserve is kept back from the steps for composing and posting.
	postReserve = 4 * time.Second
	// queueReserve is kept back from posting and from actions for releasing the claim,
	// queueing and answering.
	queueReserve = 2 * time.Second
	// answerReserve is kept back from queueing for answering.
	answerReserve = 500 * time.Millisecond
	// completeReserve is kept back from queueing actions for completing the claim.
	completeReserve = 500 * time.Millisecond
	// ledgerTimeout bounds one use of the ledger. The pipeline works without it.
	ledgerTimeout = time.Second
	// historyTimeout bounds reading the earlier cycles. Nothing waits for them as long as
	// for a claim.
	historyTimeout = 500 * time.Millisecond
	// summaryTimeout bounds reading a storm's window, without which there is no summary.
	summaryTimeout = 5 * time.Second
	// followUpTimeout bounds scheduling the follow-ups of an alert, whose event waits for it.
	followUpTimeout = time.Second
	// followUpTries is how often they are scheduled again after the post.
	followUpTries = 3
	// searchTimeout bounds the search for the event of an earlier attempt.
	searchTimeout = 2 * time.Second
)

// The time between runs.
const (
	// minRetryDelay gives a failed service time to recover.
	minRetryDelay = 10 * time.Second
	// eventVisibilityDelay is the time until Datadog's search finds a posted event. Its
	// stream lags by some 20 s; an attempt that searches sooner posts a duplicate.
	eventVisibilityDelay = 45 * time.Second
	// retryWindow is how long a queued alert waits for a ledger or a search that fails:
	// for two more deliveries. After it a duplicate is better than a lost alert.
	retryWindow = 15 * time.Minute
	// firstEventWindow is how long a follow-up waits for its alert's event, which comes at
	// the latest with the last attempt of the queue.
	firstEventWindow = 2 * time.Hour
	// followUpMargin is how early a follow-up may be. It was scheduled before the alert's event was posted.
	followUpMargin = 5 * time.Second
	// summaryDelay lets the runs of a storm's window finish counting before its summary.
	summaryDelay = 5 * time.Second
	// pendingTime is how long a notification waits for what an earlier one's action keeps:
	// for the hour of the alert in the queue, and that of the action. So long an attempt also
	// claims an action, as a worker that crashes for good does not release it.
	pendingTime = 180 * time.Minute
	// searchLookback is how far the search goes back for an alert without a date, and
	// searchMargin what it adds for clocks that differ.
	searchLookback = time.Hour
	searchMargin   = time.Minute
)

// The redelivery queue, its worker and the dead-letter queue, as template.yaml sets them.
const (
	// VisibilityTimeout is the time between two deliveries of a message that failed.
	VisibilityTimeout = 6 * time.Minute
	// WorkerTimeout is the worker's timeout. AWS wants at most a sixth of VisibilityTimeout:
	// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
	WorkerTimeout = time.Minute
	// MaxReceives is the number of deliveries after which the worker moves a message to
	// the dead-letter queue, with the reason.
	MaxReceives = 10
	// RedriveReceives is the queue's own limit. It is one more, for a message that ends
	// the worker before it can give a reason.
	RedriveReceives = MaxReceives + 1
	// QueueRetention and DeadLetterRetention are how long the queues keep a message.
	QueueRetention      = 4 * 24 * time.Hour
	DeadLetterRetention = 14 * 24 * time.Hour
)

// attempt is one of the times that the pipeline works on an alert.
type attempt struct {
	// delivery identifies the alert, or the summary of a storm. The claim sets its receipt
	// to that of an earlier attempt.
	delivery ledger.Delivery
	// needsLedger and needsSearch end the attempt, to be retried, if the ledger cannot say
	// whether the alert is a duplicate, or if Datadog's search fails for now. An alert that
	// no queue keeps, or that waited for long, needs neither: its event is posted anyway.
	needsLedger, needsSearch bool
	// once says of a follow-up that it needs the search in any case: rather no event than two.
	once bool
	// maybePosted says that an earlier attempt may have posted the event.
	maybePosted bool
	// searchFrom is when the search can find the event of an attempt that the claim found.
	// The sender of a message that says maybePosted has waited for it.
	searchFrom time.Time
	// posted is the event of an earlier run, if that run recorded it.
	posted event.Posted
}

// follow makes the attempt the next one after an earlier run.
func (t *attempt) follow(earlier ledger.Run) {
	t.posted = earlier.Posted
	if !t.maybePosted {
		t.searchFrom = earlier.EndedAt.Add(eventVisibilityDelay)
	}
	if !earlier.ReceivedAt.IsZero() {
		t.delivery.ReceivedAt = earlier.ReceivedAt
	}
}

var (
	errRunTimeout    = errors.New("the run took too long")
	errPostTimeout   = errors.New("Datadog did not accept the event in time")
	errQueueTimeout  = errors.New("the queue did not accept the alert in time")
	errLedgerTimeout = errors.New("the ledger did not answer in time")
	errSearchTimeout = fault.New(fault.Temporary, "Datadog did not answer in time", nil)
)

func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, RunTime, errRunTimeout)
}

// reserve returns ctx with a deadline that leaves some of the run's time.
func reserve(ctx context.Context, rest time.Duration, cause error) (context.Context, context.CancelFunc) {
	deadline, _ := ctx.Deadline()
	return context.WithDeadlineCause(ctx, deadline.Add(-rest), cause)
}

// timeLeft returns the run's time but for a reserve.
func timeLeft(ctx context.Context, rest time.Duration) time.Duration {
	deadline, _ := ctx.Deadline()
	return max(0, time.Until(deadline)-rest)
}

// enrichTime returns what all steps together may take.
func enrichTime(ctx context.Context, limit time.Duration) time.Duration {
	return min(limit, timeLeft(ctx, postReserve+queueReserve))
}

// enqueueRetry queues an alert that an attempt could not finish. The log gets the
// attempt's steps, warnings and error.
func (p *Pipeline) enqueueRetry(ctx context.Context, a alert.Alert, t attempt, failed Outcome, cause error) (Outcome, error) {
	m := queue.Message{Alert: a, ReceivedAt: t.delivery.ReceivedAt, Reason: fault.Public(cause), MaybePosted: failed.MaybePosted}
	o, err := p.enqueue(ctx, m, retryDelay(cause, failed.MaybePosted), cause)
	o.Playbook, o.Steps = failed.Playbook, failed.Steps
	o.warn(failed.Warnings...)
	o.warn(cause)
	return o, err
}

// enqueue queues a message. Its error asks the sender to retry.
func (p *Pipeline) enqueue(ctx context.Context, m queue.Message, delay time.Duration, cause error) (Outcome, error) {
	if p.Queue == nil {
		e := fault.NewRedacted(fault.Temporary, "the alert could not be finished now (", m.Reason, "), and there is no queue to keep it; send it again", cause)
		e.RetryAfter = delay
		return Outcome{}, e
	}
	ctx, cancel := reserve(ctx, answerReserve, errQueueTimeout)
	defer cancel()
	if err := p.Queue.Send(ctx, m, delay); err != nil {
		return Outcome{}, fault.NewRedacted(fault.Temporary, "the alert could be neither finished nor queued (", m.Reason, "); send it again", errors.Join(cause, err))
	}
	o := Outcome{Status: Queued, Cause: causeIntake, Detail: m.Reason}
	if cause != nil {
		o.Cause = fault.From(cause).Kind.String()
	}
	o.warn(p.markQueued(ctx, m.Alert))
	return o, nil
}

// retryDelay waits as long as Datadog asked for, or until the search finds an event that
// may have been posted.
func retryDelay(err error, maybePosted bool) time.Duration {
	f := fault.From(err)
	if maybePosted && f.RetryAfter == 0 && f.Kind != fault.Permanent {
		return eventVisibilityDelay
	}
	return max(f.RetryAfter, minRetryDelay)
}
