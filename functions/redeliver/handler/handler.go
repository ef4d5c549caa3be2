// Package handler turns one SQS batch into runs of the pipeline and a list of
// the messages that failed.
package handler

import (
	"context"
	"errors"
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

// MaxReceives is after how many deliveries a message goes to the dead letters,
// whatever is wrong with it. The queue's own redrive policy allows one more, for
// a message that ends the process before it can be told why.
const MaxReceives = 10

// receiveCount is the attribute by which SQS says how often a message came.
const receiveCount = "ApproximateReceiveCount"

// Redeliver takes what a message holds all the way, or says why not.
type Redeliver func(ctx context.Context, m queue.Message) (pipeline.Outcome, error)

// DeadLetters keeps what no further try will finish, with the reason.
type DeadLetters interface {
	Bury(ctx context.Context, body, reason string) error
}

// Config is what a handler is made of. Without DeadLetters such a message is left
// to the queue's redrive policy.
type Config struct {
	Redeliver   Redeliver
	DeadLetters DeadLetters
	Logger      *slog.Logger
}

// Handler works through batches. It is safe for concurrent use.
type Handler struct{ Config }

// New returns a handler.
func New(c Config) *Handler {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &Handler{c}
}

// Handle runs the messages of a batch side by side. Those that failed come back
// after the queue's visibility timeout; the others are done with, so that no good
// message is repeated for a bad one beside it
// (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html).
func (h *Handler) Handle(ctx context.Context, batch events.SQSEvent) (events.SQSEventResponse, error) {
	failed := make([]bool, len(batch.Records))
	var all sync.WaitGroup
	for i, record := range batch.Records {
		all.Go(func() { failed[i] = !h.isDone(ctx, record) })
	}
	all.Wait()
	var response events.SQSEventResponse
	for i, record := range batch.Records {
		if failed[i] {
			response.BatchItemFailures = append(response.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: record.MessageId})
		}
	}
	return response, nil
}

// isDone works on one message, and reports whether the queue may forget it.
func (h *Handler) isDone(ctx context.Context, record events.SQSMessage) bool {
	r := run{message: record, start: time.Now()}
	message, err := decode(record)
	ctx, span := telemetry.Continue(ctx, "message", message.Trace)
	r.alert, r.err = message.Alert, err
	if err == nil {
		message.Tried = message.Tried || receives(record) > 1
		r.outcome, r.err = h.process(ctx, message)
	}
	if r.err != nil {
		r.buried, r.buryErr = h.bury(ctx, record, r.err)
	}
	r.log(ctx, h.Logger)
	r.outcome.Measure(ctx, r.alert)
	span.End(r.err)
	return r.err == nil || r.buried
}

func decode(record events.SQSMessage) (m queue.Message, err error) {
	defer recovered(&err)
	return queue.Decode(record.Body)
}

func (h *Handler) process(ctx context.Context, m queue.Message) (outcome pipeline.Outcome, err error) {
	defer recovered(&err)
	return h.Redeliver(ctx, m)
}

// recovered turns a panic into the error of the function that defers it: the messages
// beside this one are not to come again for it.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fault.New(fault.Internal, "something went wrong inside Boomerang", fault.FromPanic(p))
	}
}

// bury puts a message that no try will finish among the dead letters. A mistake
// of ours may be mended by the next deployment, so it is tried again like
// anything that passes, until it has come too often.
func (h *Handler) bury(ctx context.Context, record events.SQSMessage, cause error) (bool, error) {
	kind := fault.From(cause).Kind
	isFinal := kind != fault.Temporary && kind != fault.Internal
	if h.DeadLetters == nil || !isFinal && receives(record) < MaxReceives {
		return false, nil
	}
	if err := h.DeadLetters.Bury(ctx, record.Body, fault.Public(cause)); err != nil {
		return false, fmt.Errorf("it comes again, since the dead letters did not take it: %w", err)
	}
	return true, nil
}

func receives(record events.SQSMessage) int {
	n, err := strconv.Atoi(record.Attributes[receiveCount])
	if err != nil {
		return 1
	}
	return n
}

// run is what the log learns of one message: ids and outcome, no words of the alert.
type run struct {
	message events.SQSMessage
	start   time.Time
	alert   alert.Alert
	outcome pipeline.Outcome
	err     error
	buried  bool
	buryErr error
}

func (r run) log(ctx context.Context, logger *slog.Logger) {
	level, result := slog.LevelInfo, string(r.outcome.Status)
	switch {
	case r.buried:
		level, result = slog.LevelError, "dead_letter"
	case r.err != nil:
		level, result = slog.LevelWarn, "again"
	}
	telemetry.Tag(ctx, "outcome", result)
	attrs := append([]slog.Attr{
		slog.String("message_id", r.message.MessageId),
		slog.Int("receives", receives(r.message)),
		slog.String("outcome", result),
		slog.Float64("duration_ms", float64(time.Since(r.start).Microseconds())/1000),
	}, r.outcome.Record(ctx, r.alert)...)
	if err := errors.Join(append(r.outcome.Warnings, r.err, r.buryErr)...); err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	logger.LogAttrs(ctx, level, "redeliver", attrs...)
}
