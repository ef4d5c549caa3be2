// Package handler compares Datadog's event stream with the ledger, and queues the alerts
// that never arrived, among those that mention our webhook or that a notification rule
// routes to it: Datadog does not retry a request that a throttled Function URL
// answered with 429, nor one that it sent while the stack was down.
//
// In a new stack it also fills the history of earlier cycles from the stream, once.
//
// A run may fail anywhere and loses nothing: the watermark moves only after everything
// found up to it is in the queue, and the next run starts there.
package handler

import (
	"context"
	"log/slog"
	"regexp"
	"sync/atomic"
	"time"

	"boomerang/shared/datadog"
	"boomerang/shared/memory"
	"boomerang/shared/queue"
	"boomerang/shared/telemetry"
)

// Datadog lists events and notification rules, and reads monitors. It needs the permissions
// events_read and monitors_read.
type Datadog interface {
	Events(ctx context.Context, query datadog.EventQuery) ([]datadog.Event, error)
	Monitor(ctx context.Context, id int64, query datadog.MonitorQuery) (datadog.Monitor, error)
	NotificationRules(ctx context.Context) ([]datadog.NotificationRule, error)
}

// Ledger knows which alerts arrived or are queued, how far the stream was read, and each
// group's cycles that are over.
type Ledger interface {
	FilterKnown(ctx context.Context, keys ...string) (map[string]bool, error)
	MarkQueued(ctx context.Context, key string) error
	Watermark(ctx context.Context, name string) (time.Time, error)
	SetWatermark(ctx context.Context, name string, until time.Time) error
	History(ctx context.Context, key string) ([]memory.Cycle, error)
	AddToHistory(ctx context.Context, key string, known []memory.Cycle, more ...memory.Cycle) error
}

// Queue keeps an alert for the redeliver function.
type Queue interface {
	Send(ctx context.Context, m queue.Message, delay time.Duration) error
}

// Config configures a handler.
type Config struct {
	// WebhookName follows @webhook- in the messages of monitors that notify us.
	WebhookName string
	Datadog     Datadog
	Ledger      Ledger
	Queue       Queue
	Logger      *slog.Logger
	Now         func() time.Time // nil: time.Now
}

// Handler reads the stream. It is safe for concurrent use: two runs at once queue the same
// alerts, which the ledger deduplicates.
type Handler struct {
	Config
	mention *regexp.Regexp
	orgID   atomic.Int64 // 0 until it is known
	// historyRead says that nothing is left to fill the history with.
	historyRead atomic.Bool
}

// New returns a handler.
func New(c Config) *Handler {
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Handler{Config: c, mention: datadog.Mention(c.WebhookName)}
}

const reader = "reconcile"

// logReserve of the invocation's time is for the log entry of a run that does not finish.
const logReserve = 2 * time.Second

// Handle is one run. Lambda counts its error, and the next run continues where this one
// stopped.
func (h *Handler) Handle(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-logReserve))
		defer cancel()
	}
	var entry logEntry
	rules, err := h.readRules(ctx, &entry)
	if err == nil {
		err = h.run(ctx, rules, &entry)
	}
	if err == nil && entry.lag == 0 {
		if err := h.fillHistory(ctx, rules, &entry); err != nil { // The next run continues.
			entry.warnings = append(entry.warnings, err)
		}
	}
	entry.write(ctx, h.Logger, err)
	if entry.queued > 0 {
		telemetry.Reconciled.Record(ctx, float64(entry.queued))
	}
	if entry.undecided > 0 {
		telemetry.Undecided.Record(ctx, float64(entry.undecided), rules.unknown())
	}
	return err
}

func (h *Handler) run(ctx context.Context, rules *routing, entry *logEntry) error {
	watermark, err := h.Ledger.Watermark(ctx, reader)
	if err != nil {
		return err
	}
	w := newWindow(watermark, h.Now())
	if watermark.IsZero() {
		// If this run fails, the next one must not start later.
		watermark = w.from
		if err := h.Ledger.SetWatermark(ctx, reader, watermark); err != nil {
			return err
		}
	}
	entry.from, entry.gap = w.from, w.gap
	read := func(ctx context.Context, from, to time.Time) (int, error) {
		return h.readPages(ctx, from, to, func(events []datadog.Event) error {
			ours, undecided, err := h.notified(ctx, events, rules)
			if err != nil {
				return err
			}
			entry.read, entry.undecided = entry.read+len(events), entry.undecided+undecided
			return h.queueMissing(ctx, ours, rules, entry)
		})
	}
	entry.to, err = h.readSlices(ctx, stream{reader, maxSlice, maxPages, read}, w.from, w.to, watermark)
	if err != nil {
		return err
	}
	entry.lag = w.to.Sub(entry.to)
	return nil
}

// stream is a way to read the event stream up to a watermark.
type stream struct {
	watermark string
	maxSlice  time.Duration // how much is read before the watermark moves
	maxPages  int           // how many new pages one run reads
	// read reads a slice, both ends included, and returns its number of pages.
	read func(ctx context.Context, from, to time.Time) (pages int, err error)
}

// readSlices reads in slices, the oldest first, and returns how far it came. A slice with
// too many events is halved, and the ones after it grow again.
func (h *Handler) readSlices(ctx context.Context, s stream, at, end, watermark time.Time) (time.Time, error) {
	slice, newPages := s.maxSlice, 0
	for at.Before(end) && newPages < s.maxPages {
		to := earlier(at.Add(slice), end)
		pages, err := s.read(ctx, at, to)
		if length := to.Sub(at); isTooLarge(err) && length > time.Second {
			slice = max(time.Second, (length / 2).Truncate(time.Second))
			continue
		}
		if err != nil {
			return at, err
		}
		if pages <= maxSlicePages/2 {
			slice = min(2*slice, s.maxSlice)
		}
		at = to
		if !to.After(watermark) {
			continue // The overlap does not count, or a run that ended in it would make no progress.
		}
		if err := h.Ledger.SetWatermark(ctx, s.watermark, to); err != nil {
			return at, err
		}
		newPages += pages
	}
	return at, nil
}

// readPages visits the alerts between two seconds, both included, the newest page first.
func (h *Handler) readPages(ctx context.Context, from, to time.Time, visit func([]datadog.Event) error) (pages int, err error) {
	for pages < maxSlicePages {
		events, err := h.Datadog.Events(ctx, datadog.EventQuery{
			Start: from, End: to, Page: pages,
			Tags:         []string{datadog.MonitorTag},
			Unaggregated: true, ExcludeAggregate: true,
		})
		if err != nil {
			return pages, err
		}
		pages++
		if len(events) == 0 { // A page that is merely short may be followed by another.
			return pages, nil
		}
		if err := visit(events); err != nil {
			return pages, err
		}
	}
	return pages, errTooManyPages
}

func (h *Handler) queueMissing(ctx context.Context, events []datadog.Event, rules *routing, entry *logEntry) error {
	if len(events) == 0 {
		return nil
	}
	entry.matched += len(events)
	orgID, err := h.organization(ctx, events, rules)
	if err != nil {
		return err
	}
	known, err := h.Ledger.FilterKnown(ctx, keysOf(events, orgID)...)
	if err != nil {
		return err
	}
	missing := entry.keys.missing(events, orgID, known)
	entry.missing += len(missing)
	for _, e := range missing {
		a := e.Alert(entry.keys.orgID(orgID))
		// It may have been posted while the ledger was down.
		m := queue.Message{Alert: a, ReceivedAt: h.Now(), Reason: "the ledger does not know it", MaybePosted: true}
		if err := h.Queue.Send(ctx, m, 0); err != nil {
			return err
		}
		entry.queued++
		// Without the mark, the next run queues a second message, which is a duplicate.
		if err := h.Ledger.MarkQueued(ctx, a.Key()); err != nil {
			entry.warnings = append(entry.warnings, err)
		}
	}
	return nil
}
