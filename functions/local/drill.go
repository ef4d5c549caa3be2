package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/functions/local/report"
	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/event"
	"boomerang/shared/fault"
)

// patience says how long a drill waits for what.
type patience struct {
	answer   time.Duration // for the webhook to answer
	event    time.Duration // from then on, for the event to show
	interval time.Duration // between two looks at the event stream
}

const (
	// usualAnswer is how long Datadog waits for a webhook.
	usualAnswer = 15 * time.Second
	// usualEvent leaves room for the event stream, which lags by some twenty
	// seconds, and for an alert that goes through the queue.
	usualEvent = 2 * time.Minute
	// usualInterval makes a tenth of the calls that Datadog allows an organisation
	// in a minute (https://docs.datadoghq.com/api/latest/rate-limits/).
	usualInterval = time.Second

	// lookTimeout is when one look at the event stream is given up for the next.
	lookTimeout = 10 * time.Second
	// clockSkew is how far Datadog's clock may be from ours.
	clockSkew = time.Minute
	// minID makes an id as long as Datadog's own, 19 digits.
	minID = int64(1e18)
)

// drill sends a synthetic alert to the stack at a Function URL, or to one that
// it starts on this machine, and waits for the event that comes back.
func drill(ctx context.Context, out *report.Printer, args []string) error {
	wait := patience{answer: usualAnswer, interval: usualInterval}
	flags := flag.NewFlagSet("drill", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.DurationVar(&wait.event, "timeout", usualEvent, "")
	addresses, err := parse(flags, args)
	if err != nil || len(addresses) > 1 || wait.event <= 0 {
		return errUsage
	}
	t, stop, err := aim(ctx, addresses, os.Getenv)
	if err != nil {
		return err
	}
	defer stop()
	return t.drill(ctx, out, wait)
}

// drill shows what becomes of one synthetic alert. Its error says, in a sentence,
// how far the alert came.
func (t target) drill(ctx context.Context, out *report.Printer, wait patience) error {
	id := minID + rand.Int64N(math.MaxInt64-minID)
	out.Heading(fmt.Sprintf("Alert %d → %s", id, t.url))
	sent := time.Now()
	response, err := t.send(ctx, id, sent, wait.answer)
	if err != nil {
		return err
	}
	answered := time.Since(sent)
	said, err := understand(response)
	if err != nil {
		out.Answer(response, answered)
		return err
	}
	out.Answer(events.LambdaFunctionURLResponse{StatusCode: response.StatusCode}, answered)
	said.show(out)

	out.Line("\nLooking for %s in the events of %s, for at most %s", drillTag(id), t.name, wait.event)
	found, err := t.await(ctx, id, sent, wait)
	if err != nil {
		return said.lost(ctx, err)
	}
	took := time.Since(sent)
	for _, e := range found {
		out.Heading("The event in Datadog: " + cmp.Or(e.URL, e.ID))
		out.Event(readable(e))
	}
	out.Line("\nIt took %s: %s until the webhook had answered, and %s more until the event was in the stream.",
		rounded(took), rounded(answered), rounded(took-answered))
	if len(found) > 1 {
		return fmt.Errorf("the alert came back as %d events instead of one: make sure that the stack has a ledger (LEDGER_TABLE)", len(found))
	}
	return nil
}

func rounded(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }

func drillTag(id int64) string { return "drill:" + strconv.FormatInt(id, 10) }

// await looks until the event shows. It goes on when a look fails for a reason
// that may pass, and stops when Datadog would refuse every other look too.
func (t target) await(ctx context.Context, id int64, sent time.Time, wait patience) ([]datadog.Event, error) {
	ctx, cancel := context.WithTimeout(ctx, wait.event)
	defer cancel()
	var why error // nothing was seen so far
	for {
		found, err := t.look(ctx, id, sent)
		switch {
		case len(found) > 0:
			return found, nil
		case err == nil:
			why = unseen(fmt.Sprintf("%s showed no event with the tag %s within %s", t.name, drillTag(id), wait.event))
		case !fault.IsTemporary(err):
			return nil, err
		case why == nil || ctx.Err() == nil: // A look that our own time cut off says less than the one before.
			why = err
		}
		pause := wait.interval
		if err != nil {
			pause = max(pause, fault.Of(err).RetryAfter)
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
func (t target) look(ctx context.Context, id int64, sent time.Time) ([]datadog.Event, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	found, err := t.stream.Events(ctx, datadog.EventQuery{
		Start: sent.Add(-clockSkew), End: time.Now().Add(clockSkew),
		Tags: []string{drillTag(id)}, Unaggregated: true,
	})
	return slices.DeleteFunc(found, func(e datadog.Event) bool {
		return !alert.Tags(e.Tags).Has(alert.OwnTag) || e.RelatedEventID != 0 && e.RelatedEventID != id
	}), err
}

// unseen is an event that Datadog, asked and answering, did not show.
type unseen string

func (u unseen) Error() string { return string(u) }

// readable is what Datadog tells of an event as it was posted.
func readable(e datadog.Event) event.Event {
	return event.Event{
		Title: e.Title, Text: e.Text, DateHappened: e.Happened.Unix(), RelatedEventID: e.RelatedEventID,
		AlertType: e.AlertType, Priority: e.Priority, Host: e.Host, Tags: e.Tags,
	}
}
