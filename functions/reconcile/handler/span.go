package handler

import (
	"errors"
	"time"

	"boomerang/shared/datadog"
	"boomerang/shared/fault"
)

const (
	// settle is how long an alert is left alone. Datadog waits 15 s for an answer
	// and may be repeating the request, and its stream shows an event only seconds
	// after it happened.
	settle = 3 * time.Minute
	// overlap is what is read again of what the last run read, for events that
	// came into the stream later than that.
	overlap = 10 * time.Minute
	// firstLook is how far back a stack looks that has never looked before.
	firstLook = time.Hour
	// farthestLook bounds what a run may have to catch up with.
	farthestLook = 24 * time.Hour
)

const (
	// sliceLength is how much of the stream is read before the watermark moves.
	sliceLength = 30 * time.Minute
	// maxSlicePages is how many pages of one slice are read before the slice is halved.
	maxSlicePages = 10
	// maxPages is after how many pages of what was not read before a run leaves the
	// rest to the next one. Datadog allows 600 lists in a minute, to everybody in the
	// organisation together.
	maxPages = 60
)

// span is what one run is to read, in whole seconds.
type span struct {
	from, to time.Time
	// gap is how much before from was never read, and will not be.
	gap time.Duration
}

// newSpan returns what is to be read after mark, the end of what was read before;
// zero when nothing was.
func newSpan(mark, now time.Time) span {
	to := now.Add(-settle).Truncate(time.Second)
	if mark.IsZero() {
		return span{from: to.Add(-firstLook), to: to}
	}
	// A mark in the future is a clock that was wrong.
	s := span{from: earlier(mark, to).Add(-overlap).Truncate(time.Second), to: to}
	if farthest := to.Add(-farthestLook); s.from.Before(farthest) {
		s.from, s.gap = farthest, max(0, farthest.Sub(mark))
	}
	return s
}

// errTooMuch is a slice of more pages than are read at a time.
var errTooMuch = fault.New(fault.Temporary, "the event stream holds more alerts within a second than can be read at a time", nil)

// isTooMuch reports whether a shorter slice may be read where this one was not: it
// had too many pages, or a page of it was too large to be taken.
func isTooMuch(err error) bool {
	if errors.Is(err, errTooMuch) {
		return true
	}
	answer, ok := errors.AsType[*datadog.Error](err)
	return ok && answer.Status/100 == 2 && fault.From(err).Kind == fault.Permanent
}

func half(d time.Duration) time.Duration {
	return max(time.Second, (d / 2).Truncate(time.Second))
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
