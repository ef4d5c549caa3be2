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
	// pollTimeout bounds one poll of the event stream.
	pollTimeout = 10 * time.Second
	// clockSkew is how far Datadog's clock may be from ours.
	clockSkew = time.Minute
)

// errNotYetVisible means that the event stream was read, and does not hold the event.
var errNotYetVisible = errors.New("the event is not visible yet")

// Await polls the event stream until it shows the event, after Send. Its error is a
// sentence that says how far the alert came and what to do next. It returns the events
// beside an error if there are several.
func (d *Drill) Await(ctx context.Context) ([]datadog.Event, error) {
	found, err := d.await(ctx)
	switch {
	case err != nil:
		return nil, d.missing(ctx, err)
	case len(found) > 1:
		return found, fmt.Errorf("the alert came back as %d events instead of one: make sure that the stack has a ledger (LEDGER_TABLE)", len(found))
	}
	return found, nil
}

// await stops early only for an error that every other poll would return too.
func (d *Drill) await(ctx context.Context) ([]datadog.Event, error) {
	ctx, cancel := context.WithTimeout(ctx, d.timeouts.Event)
	defer cancel()
	var last error
	for {
		found, err := d.poll(ctx)
		if len(found) > 0 {
			return found, nil
		}
		if !errors.Is(err, errNotYetVisible) && !fault.IsTemporary(err) {
			return nil, err
		}
		if last == nil || ctx.Err() == nil { // A poll that our own deadline ended says less than the one before.
			last = err
		}
		select {
		case <-ctx.Done():
			return nil, last
		case <-time.After(max(d.timeouts.Interval, fault.From(err).RetryAfter)):
		}
	}
}

// poll returns the events that answer the alert. Datadog's list does not always hold the
// related event; where it does, it must be the alert.
func (d *Drill) poll(ctx context.Context) ([]datadog.Event, error) {
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	found, err := d.target.Stream.Events(ctx, datadog.EventQuery{
		Start: d.sent.Add(-clockSkew), End: time.Now().Add(clockSkew),
		Tags: []string{d.Tag()}, Unaggregated: true,
	})
	found = slices.DeleteFunc(found, func(e datadog.Event) bool {
		return !alert.Tags(e.Tags).Has(alert.SourceTag) || e.RelatedEventID != 0 && e.RelatedEventID != d.ID
	})
	if err == nil && len(found) == 0 {
		err = errNotYetVisible
	}
	return found, err
}

// missing says how far the alert came, why no event was found, and what to do next.
func (d *Drill) missing(ctx context.Context, cause error) error {
	progress := strings.TrimSpace("the webhook posted the event " + d.reply.Event.ID)
	advice := "make sure that " + d.target.Organization + " are of the organization that the stack posts to"
	if d.reply.Status == Queued {
		progress = "the webhook queued the alert"
		advice = "look at the log of the redeliver function, and into its dead-letter queue"
	}
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%s, and the drill was interrupted before an event was seen", progress)
	case errors.Is(cause, errNotYetVisible):
		return fmt.Errorf("%s, but %s showed no event with the tag %s within %s: %s", progress, d.target.StreamName, d.Tag(), d.timeouts.Event, advice)
	}
	return fmt.Errorf("%s, but the event stream cannot be read: %s", progress, fault.Public(cause))
}
