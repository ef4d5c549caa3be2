package handler

import (
	"context"
	"maps"
	"slices"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/memory"
)

// A new stack remembers nothing. So the first runs read the stream of some weeks and
// remember the cycles in it, beside those that the webhook adds since.
const (
	historyReader = "history"
	// historyLookback is how far the stream is read.
	historyLookback = 30 * 24 * time.Hour
	// historyOverlap is what the next run reads again, for the triggers of cycles that the
	// run before did not see end.
	historyOverlap  = 6 * time.Hour
	maxHistorySlice = 24 * time.Hour
	// maxHistoryPages leaves most of Datadog's limit to others.
	maxHistoryPages = 30
)

// historyRead is the watermark of a history that is complete.
var historyRead = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// fillHistory reads on where the run before stopped.
func (h *Handler) fillHistory(ctx context.Context, rules *routing, entry *logEntry) error {
	if h.historyRead.Load() {
		return nil
	}
	watermark, err := h.Ledger.Watermark(ctx, historyReader)
	if err != nil {
		return err
	}
	if watermark.Equal(historyRead) {
		h.historyRead.Store(true)
		return nil
	}
	to := h.Now().Add(-gracePeriod).Truncate(time.Second)
	from := watermark.Add(-historyOverlap)
	if oldest := to.Add(-historyLookback); from.Before(oldest) {
		from = oldest
	}
	open := openCycles{}
	read := func(ctx context.Context, from, to time.Time) (int, error) {
		return h.rememberSlice(ctx, from, to, rules, open, entry)
	}
	at, err := h.readSlices(ctx, stream{historyReader, maxHistorySlice, maxHistoryPages, read}, from, to, watermark)
	if err != nil || at.Before(to) {
		return err
	}
	return h.Ledger.SetWatermark(ctx, historyReader, historyRead)
}

// notification is what a cycle needs of an event.
type notification struct {
	key        string
	at         time.Time
	transition alert.Transition
}

// rememberSlice remembers the cycles that end in a slice.
func (h *Handler) rememberSlice(ctx context.Context, from, to time.Time, rules *routing, open openCycles, entry *logEntry) (int, error) {
	var all []notification
	pages, err := h.readPages(ctx, from, to, func(events []datadog.Event) error {
		events, _, err := h.notified(ctx, events, rules)
		if err != nil {
			return err
		}
		orgID, err := h.organization(ctx, events, rules)
		for _, e := range events {
			a := e.Alert(entry.keys.orgID(orgID))
			all = append(all, notification{memory.Key(a), a.Date, a.Transition})
		}
		return err
	})
	if err != nil {
		return pages, err
	}
	slices.SortStableFunc(all, func(a, b notification) int { return a.at.Compare(b.at) })
	next := maps.Clone(open)
	for key, closed := range next.add(all) {
		known, err := h.Ledger.History(ctx, key)
		if err != nil {
			return pages, err
		}
		if err := h.Ledger.AddToHistory(ctx, key, known, closed...); err != nil {
			return pages, err
		}
		entry.remembered += len(closed)
	}
	clear(open)
	maps.Copy(open, next)
	return pages, nil
}

// openCycles are the cycles that began and are not over, by key. How they end is not known:
// a person or a change may have ended them.
type openCycles map[string]memory.Cycle

// add adds notifications in order, and returns the cycles that end with one of them. A
// cycle whose first notification is missing is left out.
func (o openCycles) add(all []notification) map[string][]memory.Cycle {
	closed := map[string][]memory.Cycle{}
	for _, n := range all {
		c, isOpen := o[n.key]
		switch {
		case n.key == "":
		case n.transition.IsRecovery() && isOpen:
			c.Lasted = n.at.Sub(c.Began)
			closed[n.key] = append(closed[n.key], c)
			delete(o, n.key)
		case isOpen, n.transition.Begins():
			if !isOpen {
				c.Began = n.at
			}
			c.Notified++
			o[n.key] = c
		}
	}
	return closed
}
