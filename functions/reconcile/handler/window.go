package handler

import (
	"errors"
	"time"

	"boomerang/shared/datadog"
	"boomerang/shared/fault"
	"boomerang/shared/httpx"
)

const (
	// gracePeriod is how old an alert must be. Datadog waits 15 s for an answer and may
	// retry, and its event stream shows an event only seconds after it happened.
	gracePeriod = 3 * time.Minute
	// overlap is what is read again, for events that the stream showed late.
	overlap         = 10 * time.Minute
	initialLookback = time.Hour
	maxLookback     = 24 * time.Hour
)

const (
	// maxSlice is how much of the stream is read before the watermark moves.
	maxSlice = 30 * time.Minute
	// maxSlicePages is how many pages are read before a slice is halved.
	maxSlicePages = 10
	// maxPages ends a run after this many new pages. Datadog allows 600 lists per minute
	// for the whole organization.
	maxPages = 60
)

// window is what one run reads, in whole seconds.
type window struct {
	from, to time.Time
	gap      time.Duration // before from, never read
}

// newWindow returns the window after a watermark, which is zero before the first run.
func newWindow(watermark, now time.Time) window {
	to := now.Add(-gracePeriod).Truncate(time.Second)
	if watermark.IsZero() {
		return window{from: to.Add(-initialLookback), to: to}
	}
	// A watermark in the future comes from a wrong clock.
	w := window{from: earlier(watermark, to).Add(-overlap).Truncate(time.Second), to: to}
	if oldest := to.Add(-maxLookback); w.from.Before(oldest) {
		w.from, w.gap = oldest, max(0, oldest.Sub(watermark))
	}
	return w
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

var errTooManyPages = fault.New(fault.Temporary, "the event stream holds more alerts within a second than one run can read", nil)

// isTooLarge reports whether half the slice may be readable: it had too many pages, or a
// page was too large.
func isTooLarge(err error) bool {
	if errors.Is(err, errTooManyPages) {
		return true
	}
	answer, ok := errors.AsType[*datadog.Error](err)
	return ok && httpx.IsSuccess(answer.Status) && fault.From(err).Kind == fault.Permanent
}
