package drill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/fault"
)

const (
	// lookTimeout is when one look at the event stream is given up for the next.
	lookTimeout = 10 * time.Second
	// clockSkew is how far Datadog's clock may be from ours.
	clockSkew = time.Minute
)

// await goes on when a look fails for a reason that may pass, and stops when
// Datadog would refuse every other look too.
func (d *Drill) await(ctx context.Context) ([]datadog.Event, error) {
	ctx, cancel := context.WithTimeout(ctx, d.wait.Event)
	defer cancel()
	var why error // nothing was seen so far
	for {
		found, err := d.look(ctx)
		switch {
		case len(found) > 0:
			return found, nil
		case err == nil:
			why = unseen(fmt.Sprintf("%s showed no event with the tag %s within %s", d.target.StreamName, d.Tag(), d.wait.Event))
		case !fault.IsTemporary(err):
			return nil, err
		case why == nil || ctx.Err() == nil: // A look that our own time cut off says less than the one before.
			why = err
		}
		pause := d.wait.Interval
		if err != nil {
			pause = max(pause, fault.From(err).RetryAfter)
		}
		select {
		case <-ctx.Done():
			return nil, why
		case <-time.After(pause):
		}
	}
}

// look returns the events that answer the alert. Datadog's list does not always
// say which event another is related to; where it does, it must be the alert.
func (d *Drill) look(ctx context.Context) ([]datadog.Event, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	found, err := d.target.Stream.Events(ctx, datadog.EventQuery{
		Start: d.sent.Add(-clockSkew), End: time.Now().Add(clockSkew),
		Tags: []string{d.Tag()}, Unaggregated: true,
	})
	return slices.DeleteFunc(found, func(e datadog.Event) bool {
		return !alert.Tags(e.Tags).Has(alert.SourceTag) || e.RelatedEventID != 0 && e.RelatedEventID != d.ID
	}), err
}

// unseen is an event that Datadog, asked and answering, did not show.
type unseen string

func (u unseen) Error() string { return string(u) }

// lost says how far the alert is known to have come, why no more is known, and
// where to look next.
func (d *Drill) lost(ctx context.Context, why error) error {
	far := strings.TrimSpace("the webhook posted the event " + d.reply.Event.ID)
	next := "make sure that " + d.target.Organisation + " are of the organisation that the stack posts to"
	if d.reply.Status == Queued {
		far = "the webhook queued the alert"
		next = "look at the log of the redeliver function, and into its dead-letter queue"
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s, and the drill was interrupted before an event was seen", far)
	}
	if _, ok := errors.AsType[unseen](why); ok {
		return fmt.Errorf("%s, but %w: %s", far, why, next)
	}
	return fmt.Errorf("%s, but the event stream cannot be read: %s", far, fault.Public(why))
}
