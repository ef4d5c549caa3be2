package pipeline

import (
	"context"
	"fmt"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/event"
	"boomerang/shared/fault"
)

const (
	// lookTimeout bounds the search for an event that an earlier run may have posted.
	lookTimeout = 2 * time.Second
	// lookBack is how far it reaches for an alert without a time, and lookMargin
	// what it adds for clocks that differ.
	lookBack   = time.Hour
	lookMargin = time.Minute
)

var errLookLate = fault.New(fault.Temporary, "Datadog did not answer in time", nil)

// unlessPosted does the work unless an earlier try posted the event that it is for.
func (p *Pipeline) unlessPosted(ctx context.Context, a alert.Alert, t try, work func() (Outcome, error)) (Outcome, error) {
	posted, warning := p.before(ctx, a, t)
	switch {
	case posted != (event.Posted{}):
		return Outcome{Status: Duplicate, Posted: posted}, nil
	case t.haste != inHaste && fault.IsTemporary(warning):
		return Outcome{}, warning
	}
	outcome, err := work()
	outcome.warn(warning)
	return outcome, err
}

// before returns the event that an earlier try posted and nobody noted. When
// Datadog cannot say, an alert in haste is posted: a double beats a loss.
func (p *Pipeline) before(ctx context.Context, a alert.Alert, t try) (event.Posted, error) {
	if !t.again || p.Stream == nil {
		return event.Posted{}, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, lookTimeout, errLookLate)
	defer cancel()
	from, to := p.Now().Add(-lookBack), p.Now().Add(event.MaxAhead)
	for _, began := range []time.Time{a.Date, t.since} {
		if !began.IsZero() && began.Before(from) {
			from = began
		}
	}
	posted, err := p.Stream.PostedAbout(ctx, a, p.WebhookName, from.Add(-lookMargin), to)
	if err != nil {
		return event.Posted{}, fmt.Errorf("whether the event was posted before is not known: %w", err)
	}
	return posted, nil
}
