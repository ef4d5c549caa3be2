// Package ledger remembers what has been done already: which alerts are posted
// or being worked on, and how each alert cycle went so far.
//
// A record is claimed, and then completed, released or abandoned. The rules are those of
// AWS's Powertools for idempotency
// (https://docs.aws.amazon.com/powertools/python/latest/utilities/idempotency/):
// a claim is granted when there is no record, when the record has expired, or
// when its owner has run out of time. A claim therefore survives a crash for
// as long as the crashed run could have lasted, and no longer.
//
// What the ledger cannot give is "exactly once" across a crash between the post
// to Datadog and Complete: the alert comes back and is granted again, and only
// Datadog's event stream can tell. Claim says when to look there.
package ledger

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"sync/atomic"
	"time"

	"boomerang/shared/event"
	"boomerang/shared/fault"
)

// State says who may work on an alert.
type State string

const (
	// Granted means that the alert is the caller's until the time it asked for.
	Granted State = "granted"
	// Done means that the alert was posted before.
	Done State = "done"
	// Busy means that another run is working on the alert.
	Busy State = "busy"
)

// Claim is the answer to a claim. Posted is set when State is Done; Until, the
// time after which the other run's claim is void, when State is Busy.
type Claim struct {
	State  State
	Posted event.Posted
	Until  time.Time
	// PreviousExpired says of a granted claim that it follows one that was abandoned, or
	// whose run ended without a word: that run may have posted the alert.
	PreviousExpired bool
}

// Notification is one notification of an alert cycle. At is when Datadog says that it
// happened; zero means now. ID is the notification's own id, which is how a
// repeated delivery is recognised; without one, At and Transition together are.
type Notification struct {
	At         time.Time
	Transition string
	ID         string
}

// Cycle is what is known of an alert cycle. Notified counts every notification
// of the cycle once, the one just told included, however often and in whatever
// order they arrive; LastTransition and LastSeen are those of the latest by time
// of happening, not of arrival. LastSeen less FirstSeen is how long it has lasted.
type Cycle struct {
	FirstSeen      time.Time
	LastSeen       time.Time
	LastTransition string
	Notified       int
}

// Options are the same for both ledgers. Zero values mean the defaults.
type Options struct {
	// Now tells the time; nil means time.Now.
	Now func() time.Time
	// TTL is how long the ledger knows that an alert was posted; 0 means DefaultTTL.
	TTL time.Duration
	// CycleTTL is how long it knows a cycle after its last notification; 0 means DefaultCycleTTL.
	CycleTTL time.Duration
}

const (
	// DefaultTTL outlasts a copy of the alert that waits in the queue and then in
	// the dead-letter queue: SQS keeps a message for at most 14 days in both together.
	// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
	DefaultTTL = 15 * 24 * time.Hour
	// DefaultCycleTTL outlasts Datadog's longest renotify interval (a day) by far,
	// so that a cycle which is merely quiet is not forgotten.
	DefaultCycleTTL = 90 * 24 * time.Hour
)

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.TTL <= 0 {
		o.TTL = DefaultTTL
	}
	if o.CycleTTL <= 0 {
		o.CycleTTL = DefaultCycleTTL
	}
	return o
}

// owner is one process, and numbers its claims. The number tells a claim that
// was written, but whose answer got lost, from another run's claim. A release
// goes by the process alone: of two runs in one process the second is granted an
// alert only after the first's time is up, and a run does not outlive its time.
type owner struct {
	process string
	claims  atomic.Int64
}

func newOwner() *owner { return &owner{process: rand.Text() + "/"} }

func (c *owner) next() string { return c.process + strconv.FormatInt(c.claims.Add(1), 10) }

// The prefixes keep all that the ledger knows apart in one table.
const (
	alertPrefix = "alert#"
	cyclePrefix = "cycle#"
	stormPrefix = "storm#"
	listPrefix  = "storm_list#"

	queuedPrefix    = "parked#"
	watermarkPrefix = "watermark#"
)

// maxKeyBytes keeps a key within DynamoDB's 2,048 bytes for a partition key.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const maxKeyBytes = 1024

// recordID returns the partition key. An empty key would make every alert a
// duplicate of the first, so it is refused.
func recordID(prefix, key string) (string, error) {
	if key == "" {
		return "", fault.New(fault.Internal, "the ledger was asked about an alert without a key", nil)
	}
	return prefix + hashKey(key, maxKeyBytes), nil
}

// shorten returns s, or its digest when s is longer than limit bytes: equal
// strings stay equal and different ones different.
func hashKey(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	return "sha256:" + hex.EncodeToString(sum[:])
}
