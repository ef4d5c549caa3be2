// Package handler compares Datadog's event stream with the ledger, and queues the
// alerts that never arrived: those that a throttled Function URL answered with
// 429, which Datadog does not repeat, and those of the time when the stack was down.
//
// It may fail at any point and lose nothing. How far the stream was read is noted
// only after everything found up to there is in the queue, so that a run takes up
// where the last good one ended.
package handler

import (
	"context"
	"log/slog"
	"regexp"
	"sync/atomic"
	"time"

	"boomerang/shared/datadog"
	"boomerang/shared/queue"
	"boomerang/shared/telemetry"
)

// Stream lists events. It needs the permission events_read.
type Stream interface {
	Events(ctx context.Context, query datadog.EventQuery) ([]datadog.Event, error)
}

// Monitors tells about monitors. It needs the permission monitors_read.
type Monitors interface {
	Monitor(ctx context.Context, id int64, query datadog.MonitorQuery) (datadog.Monitor, error)
}

// Ledger knows which alerts arrived, and is told which ones are queued.
type Ledger interface {
	FilterKnown(ctx context.Context, keys ...string) (map[string]bool, error)
	MarkQueued(ctx context.Context, key string) error
}

// WatermarkStore keeps how far the stream was read.
type WatermarkStore interface {
	Watermark(ctx context.Context, name string) (time.Time, error)
	SetWatermark(ctx context.Context, name string, until time.Time) error
}

// Queue keeps an alert for the worker.
type Queue interface {
	Send(ctx context.Context, m queue.Message, delay time.Duration) error
}

// Config is what a handler is made of.
type Config struct {
	// WebhookName is what follows @webhook- in the messages of monitors that call us.
	WebhookName string
	Stream      Stream
	Monitors    Monitors
	Ledger      Ledger
	Watermarks  WatermarkStore
	Queue       Queue
	Logger      *slog.Logger
	Now         func() time.Time // nil: time.Now
}

// Handler reads the stream. It is safe for concurrent use; two runs at once find
// the same alerts, which the ledger makes one of.
type Handler struct {
	Config
	handle       *regexp.Regexp
	organisation atomic.Int64 // 0 until it is known
}

// New returns a handler.
func New(c Config) *Handler {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &Handler{Config: c, handle: handleOf(c.WebhookName)}
}

// reader is the name of our watermark.
const reader = "reconcile"

// logReserve is kept back of the invocation's time, so that a run which does not
// come to an end is logged before Lambda stops it.
const logReserve = 2 * time.Second

// Handle is one run. Its error says what stopped it; Lambda counts it, and the
// next run reads from where this one came to.
func (h *Handler) Handle(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-logReserve))
		defer cancel()
	}
	var r record
	err := h.run(ctx, &r)
	r.log(ctx, h.Logger, err)
	if r.queued > 0 {
		telemetry.Reconciled.Record(ctx, float64(r.queued))
	}
	return err
}

// run reads what is to be read, slice by slice and the oldest first.
func (h *Handler) run(ctx context.Context, r *record) error {
	mark, err := h.Watermarks.Watermark(ctx, reader)
	if err != nil {
		return err
	}
	todo := newSpan(mark, h.Now())
	if mark.IsZero() {
		// If this run fails, the next one must not begin later.
		mark = todo.from
		if err := h.Watermarks.SetWatermark(ctx, reader, mark); err != nil {
			return err
		}
	}
	r.from, r.to, r.gap = todo.from, todo.from, todo.gap
	length, fresh := sliceLength, 0
	for at := todo.from; at.Before(todo.to); {
		end, pages := earlier(at.Add(length), todo.to), r.pages
		err := h.read(ctx, at, end, r)
		if isTooMuch(err) && end.Sub(at) > time.Second {
			length = half(end.Sub(at))
			continue
		}
		if err != nil {
			return err
		}
		if r.pages-pages <= maxSlicePages/2 {
			length = min(2*length, sliceLength)
		}
		at, r.to = end, end
		if !end.After(mark) {
			continue // It was read before, and does not count: a run that ended here would not get on.
		}
		if err := h.Watermarks.SetWatermark(ctx, reader, end); err != nil {
			return err
		}
		if fresh += r.pages - pages; fresh >= maxPages {
			break
		}
	}
	r.behind = todo.to.Sub(r.to)
	return nil
}

// read goes through the events from one second to another, both included, and
// queues the alerts among them that are missing.
func (h *Handler) read(ctx context.Context, from, to time.Time, r *record) error {
	for page := range maxSlicePages {
		events, err := h.Stream.Events(ctx, datadog.EventQuery{
			Start: from, End: to, Page: page,
			Tags:         []string{monitorTag},
			Unaggregated: true, ExcludeAggregate: true,
		})
		r.pages++
		if err != nil {
			return err
		}
		// A page that is merely short may be followed by another.
		if len(events) == 0 {
			return nil
		}
		r.read += len(events)
		if err := h.queueMissing(ctx, h.naming(events), r); err != nil {
			return err
		}
	}
	return errTooMuch
}

// queueMissing queues the alerts that the ledger does not know.
func (h *Handler) queueMissing(ctx context.Context, named []datadog.Event, r *record) error {
	if len(named) == 0 {
		return nil
	}
	r.named += len(named)
	organisation, err := h.organisationOf(ctx, named)
	if err != nil {
		return err
	}
	known, err := h.Ledger.FilterKnown(ctx, keysOf(named, organisation)...)
	if err != nil {
		return err
	}
	missing := r.arrivals.missing(named, organisation, known)
	r.missing += len(missing)
	for _, e := range missing {
		a := alertOf(e, r.arrivals.organisation(organisation))
		// It may have been posted while the ledger was down, and is looked for first.
		m := queue.Message{Alert: a, ReceivedAt: h.Now(), Reason: "the ledger does not know it", MaybePosted: true}
		if err := h.Queue.Send(ctx, m, 0); err != nil {
			return err
		}
		r.queued++
		// Not knowing costs a second message, which finds the alert done.
		if err := h.Ledger.MarkQueued(ctx, a.Key()); err != nil {
			r.warnings = append(r.warnings, err)
		}
	}
	return nil
}
