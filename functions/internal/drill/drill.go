// Package drill sends a synthetic alert to a stack and waits for its event: the only
// proof that all of it works, the network and the accounts included.
package drill

import (
	"context"
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"boomerang/shared/datadog"
)

// Target is a stack and the event stream that it posts to.
type Target struct {
	URL, Token string // of the webhook
	Stream     Stream

	// The rest is for error messages: the name of the event stream, where Token is from and
	// what to do if it is wrong, and what decides which organisation Stream reads.
	StreamName, TokenSource, Organisation string
}

// Stream lists events.
type Stream interface {
	Events(ctx context.Context, query datadog.EventQuery) ([]datadog.Event, error)
}

// Timeouts bound a drill.
type Timeouts struct {
	Answer   time.Duration // for the webhook's answer
	Event    time.Duration // from the answer to the event
	Interval time.Duration // between two polls of the event stream
}

// DefaultTimeouts are those of a deployed stack.
var DefaultTimeouts = Timeouts{
	Answer: 15 * time.Second, // Datadog waits as long.
	// The event stream lags by some twenty seconds, and an alert may go through the queue.
	Event: 2 * time.Minute,
	// A tenth of the calls that Datadog allows an organisation per minute
	// (https://docs.datadoghq.com/api/latest/rate-limits/).
	Interval: time.Second,
}

// Drill is one synthetic alert.
type Drill struct {
	ID       int64
	target   Target
	timeouts Timeouts
	sent     time.Time
	reply    Reply
}

// minID makes an id as long as Datadog's own, 19 digits.
const minID = int64(1e18)

// New returns a drill with a random id.
func New(target Target, timeouts Timeouts) *Drill {
	return &Drill{ID: minID + rand.Int64N(math.MaxInt64-minID), target: target, timeouts: timeouts}
}

// Tag is the tag that the event is found by.
func (d *Drill) Tag() string { return "drill:" + strconv.FormatInt(d.ID, 10) }
