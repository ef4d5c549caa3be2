// Package drill sends a synthetic alert to a stack and waits for the event that
// comes back: the one proof that all of it works, the network and the accounts
// included.
package drill

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"boomerang/shared/datadog"
)

// Target is a stack and the event stream that it posts to.
type Target struct {
	// URL is that of the webhook, and Token what it accepts.
	URL, Token string
	Stream     Stream

	// What is left is for people: the name of the event stream, where Token is from
	// and what to do when it is wrong, and what chooses the organisation that the
	// stream is of.
	StreamName, TokenSource, Organisation string
}

// Stream lists events; datadog.Client does.
type Stream interface {
	Events(ctx context.Context, query datadog.EventQuery) ([]datadog.Event, error)
}

// Patience says how long a drill waits for what.
type Patience struct {
	Answer   time.Duration // for the webhook to answer
	Event    time.Duration // from then on, for the event to show
	Interval time.Duration // between two looks at the event stream
}

// Usual is the patience of a drill whose user did not say otherwise.
var Usual = Patience{
	// Datadog waits as long for a webhook.
	Answer: 15 * time.Second,
	// The event stream lags by some twenty seconds, and an alert may go through the
	// queue.
	Event: 2 * time.Minute,
	// A tenth of the calls that Datadog allows an organisation in a minute
	// (https://docs.datadoghq.com/api/latest/rate-limits/).
	Interval: time.Second,
}

// Drill is one synthetic alert on its way.
type Drill struct {
	ID     int64
	target Target
	wait   Patience
	sent   time.Time
	reply  Reply
}

// minID makes an id as long as Datadog's own, 19 digits.
const minID = int64(1e18)

// New returns a drill with an id of its own.
func New(target Target, wait Patience) *Drill {
	return &Drill{ID: minID + rand.Int64N(math.MaxInt64-minID), target: target, wait: wait}
}

// Tag is the tag by which the event is found.
func (d *Drill) Tag() string { return "drill:" + strconv.FormatInt(d.ID, 10) }

// Await looks until the event shows, after Send. The events are those that answer
// the alert; an error beside them says that they are too many. Any other error
// says, in a sentence, how far the alert came and where to look next.
func (d *Drill) Await(ctx context.Context) ([]datadog.Event, error) {
	found, err := d.await(ctx)
	switch {
	case err != nil:
		return nil, d.lost(ctx, err)
	case len(found) > 1:
		return found, fmt.Errorf("the alert came back as %d events instead of one: make sure that the stack has a ledger (LEDGER_TABLE)", len(found))
	}
	return found, nil
}
