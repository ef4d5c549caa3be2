// Package handler processes one SQS batch and returns the list of messages that failed.
package handler

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/shared/alert"
	"boomerang/shared/fault"
	"boomerang/shared/pipeline"
	"boomerang/shared/queue"
	"boomerang/shared/telemetry"
)

// Redeliver processes the alert, or the summary, of a message.
type Redeliver func(ctx context.Context, m queue.Message) (pipeline.Outcome, error)

// GiveUp lets go of what a dead-lettered message claims, and adds that to its outcome.
type GiveUp func(ctx context.Context, m queue.Message, o *pipeline.Outcome)

// DeadLetters keeps messages that no retry will finish, with the reason.
type DeadLetters interface {
	DeadLetter(ctx context.Context, body, reason string) error
}

// Handler processes batches. It is safe for concurrent use.
type Handler struct {
	Redeliver Redeliver
	GiveUp    GiveUp // nil: nothing is claimed
	// DeadLetters is nil if the queue's redrive policy moves messages to the dead-letter
	// queue, without a reason.
	DeadLetters DeadLetters
	Logger      *slog.Logger
}

// Handle processes the messages of a batch concurrently. SQS delivers those that failed
// again after the visibility timeout, and only those:
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
func (h *Handler) Handle(ctx context.Context, batch events.SQSEvent) (events.SQSEventResponse, error) {
	done := make([]bool, len(batch.Records))
	var all sync.WaitGroup
	for i, record := range batch.Records {
		all.Go(func() { done[i] = h.processRecord(ctx, record) })
	}
	all.Wait()
	var response events.SQSEventResponse
	for i, record := range batch.Records {
		if !done[i] {
			response.BatchItemFailures = append(response.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: record.MessageId})
		}
	}
	return response, nil
}

// processRecord processes one message, and reports whether the queue may delete it.
func (h *Handler) processRecord(ctx context.Context, record events.SQSMessage) bool {
	entry := logEntry{message: record, start: time.Now()}
	m, err := decode(record)
	ctx, span := telemetry.Continue(ctx, "message", m.Trace)
	entry.alert, entry.err = m.Alert, err
	if err == nil {
		entry.outcome, entry.err = h.redeliver(ctx, m)
	}
	if entry.err != nil {
		entry.deadLettered, entry.deadLetterErr = h.deadLetter(ctx, record, entry.err)
	}
	if entry.deadLettered && h.GiveUp != nil {
		h.GiveUp(ctx, m, &entry.outcome)
	}
	entry.write(ctx, h.Logger)
	span.End(entry.err)
	return entry.err == nil || entry.deadLettered
}

func decode(record events.SQSMessage) (m queue.Message, err error) {
	defer recovered(&err)
	m, err = queue.Decode(record.Body)
	// An earlier delivery may have posted the event without completing its claim.
	m.MaybePosted = m.MaybePosted || receives(record) > 1
	return m, err
}

func (h *Handler) redeliver(ctx context.Context, m queue.Message) (outcome pipeline.Outcome, err error) {
	defer recovered(&err)
	return h.Redeliver(ctx, m)
}

// recovered turns a panic into the error of the function that defers it, so that the other
// messages of the batch are not retried.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fault.New(fault.Internal, "something went wrong inside Boomerang", fault.FromPanic(p))
	}
}

// deadLetter moves a message that no retry will finish to the dead-letter queue, and
// reports whether it did. A bug of ours may be fixed by the next deployment, so it is
// retried like a temporary failure, up to the maximum number of receives.
func (h *Handler) deadLetter(ctx context.Context, record events.SQSMessage, cause error) (bool, error) {
	kind := fault.From(cause).Kind
	mayPass := kind == fault.Temporary || kind == fault.Internal
	if h.DeadLetters == nil || mayPass && receives(record) < pipeline.MaxReceives {
		return false, nil
	}
	if err := h.DeadLetters.DeadLetter(ctx, record.Body, fault.Public(cause)); err != nil {
		return false, fmt.Errorf("retried, because the dead-letter queue did not accept it: %w", err)
	}
	return true, nil
}

// receives returns how many times SQS has delivered the message, this time included.
func receives(record events.SQSMessage) int {
	n, err := strconv.Atoi(record.Attributes["ApproximateReceiveCount"])
	if err != nil {
		return 1
	}
	return n
}

// logEntry is what the log says about one message: ids and the outcome, nothing that the
// alert says.
type logEntry struct {
	message       events.SQSMessage
	start         time.Time
	alert         alert.Alert
	outcome       pipeline.Outcome
	err           error
	deadLettered  bool
	deadLetterErr error
}

func (e logEntry) write(ctx context.Context, logger *slog.Logger) {
	level, result := slog.LevelInfo, string(e.outcome.Status)
	switch {
	case e.deadLettered:
		level, result = slog.LevelError, "dead_letter"
	case e.err != nil:
		level, result = slog.LevelWarn, "retry"
	case e.outcome.HasOpenActions():
		level = slog.LevelWarn
	}
	telemetry.Tag(ctx, "outcome", result)
	logger.LogAttrs(ctx, level, "redeliver", append([]slog.Attr{
		slog.String("message_id", e.message.MessageId),
		slog.Int("receives", receives(e.message)),
		slog.String("outcome", result),
		slog.Float64("duration_ms", pipeline.Milliseconds(time.Since(e.start))),
	}, e.outcome.Report(ctx, e.alert, e.err, e.deadLetterErr)...)...)
}
