package secret

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"boomerang/shared/fault"
)

const (
	// DefaultTTL is how long a value counts as fresh. Each fetch takes up to a
	// tenth off it, so that instances which started together drift apart.
	DefaultTTL = 5 * time.Minute
	// DefaultTimeout bounds one fetch, the SDK's own retries included.
	DefaultTimeout = 3 * time.Second

	// After a failed fetch Secrets Manager is left alone for a second, then for
	// two, four and so on.
	firstBackOff = time.Second
	maxBackOff   = 30 * time.Second
)

// Options tune a Cache. The zero Options are good.
type Options struct {
	// TTL replaces DefaultTTL.
	TTL time.Duration
	// Timeout replaces DefaultTimeout.
	Timeout time.Duration
	// Failed is told about every fetch that failed. It is the place to log from:
	// whoever asks for a value is served the old one and hears nothing.
	Failed func(ctx context.Context, err error)
}

func (o Options) withDefaults() Options {
	if o.TTL <= 0 {
		o.TTL = DefaultTTL
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Failed == nil {
		o.Failed = func(context.Context, error) {}
	}
	return o
}

// Value is what a Cache can hold.
type Value[T any] interface {
	// Equal reports whether both hold the same secret, in constant time.
	Equal(T) bool
}

// Cache holds the last good value of one secret. At most one fetch runs at a
// time, and it does not end with the context of the caller who caused it. While
// Secrets Manager fails, the old value is served for as long as it takes, and
// fetches back off from one second to thirty.
//
// An error is a *fault.Error that names the secret and holds nothing of it. Kind
// Refused says that the secret itself is wrong: it is missing, not JSON or
// incomplete, and somebody must correct it. Kind Temporary is everything that
// may pass: a time-out, a server error, throttling, a permission not given yet.
type Cache[T Value[T]] struct {
	id   string
	load func(context.Context) (T, error)
	conf Options

	mu       sync.Mutex
	value    T
	held     bool          // whether a value was ever fetched
	expires  time.Time     // when value stops being fresh
	err      error         // how the last fetch failed; nil after a success
	failures int           // in a row
	retryAt  time.Time     // before it, no fetch: the back-off
	fetches  int           // that have ended
	flight   chan struct{} // closed when the running fetch has ended; nil when none runs
	forced   allowance
}

func newCache[T Value[T]](id string, load func(context.Context) (T, error), o Options) *Cache[T] {
	return &Cache[T]{id: id, load: load, conf: o.withDefaults()}
}

// Start begins the first fetch and does not wait for it. Its failure is not held
// against Secrets Manager: an instance may be frozen between its start and its
// first request, and finds the fetch timed out when it wakes. Whoever waited for
// it then makes a fetch of his own.
func (c *Cache[T]) Start(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.flight == nil && !c.held {
		c.launch(ctx, false)
	}
}

// Get returns the value, which is fresh unless Secrets Manager fails. It fails
// when no value was ever fetched, or when ctx ends while it waits for one.
func (c *Cache[T]) Get(ctx context.Context) (T, error) {
	if err := c.settle(ctx, c.isDue); err != nil {
		var none T
		return none, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held {
		return c.value, nil
	}
	return c.value, c.err
}

// Ready waits until there is a value. An error of kind fault.Permanent means that the
// secret is missing or wrong, so that nothing could ever be done with it: stop. One
// of kind fault.Temporary may pass: go on.
func (c *Cache[T]) Ready(ctx context.Context) error {
	_, err := c.Get(ctx)
	return err
}

// Refresh is for a caller whom seen has failed: Datadog refused the key, or the
// token that came is another. It returns a value that is newer than seen, asking
// Secrets Manager if need be, or what is held when there is none newer. An error
// means that Secrets Manager could not be asked, so nobody knows.
//
// It asks only if the cache still holds seen, no fetch has ended since the call
// began, no back-off runs, and the forced fetches are not used up: an instance
// has five, and regains one every five seconds. Wrong tokens, however many, thus
// cost at most one fetch in five seconds after the first five.
func (c *Cache[T]) Refresh(ctx context.Context, seen T) (T, error) {
	c.mu.Lock()
	before := c.fetches
	c.mu.Unlock()

	err := c.settle(ctx, func() bool {
		if !c.held {
			return c.isDue()
		}
		return c.fetches == before && c.value.Equal(seen) && !now().Before(c.retryAt) &&
			(c.flight != nil || c.forced.take(now()))
	})
	if err != nil {
		return seen, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held && !c.value.Equal(seen) {
		return c.value, nil
	}
	return c.value, c.err
}

func (c *Cache[T]) isDue() bool {
	return !now().Before(c.expires) && !now().Before(c.retryAt)
}

// settle returns once no fetch is wanted any more. A fetch that already runs is
// joined, and what its end means is for wanted to say; wanted is called with the
// lock held.
func (c *Cache[T]) settle(ctx context.Context, wanted func() bool) error {
	for own := false; !own; {
		c.mu.Lock()
		if !wanted() {
			c.mu.Unlock()
			return nil
		}
		if c.flight == nil {
			c.launch(ctx, true)
			own = true
		}
		done := c.flight
		c.mu.Unlock()

		select {
		case <-done:
		case <-ctx.Done():
			return fault.New(fault.Temporary, fmt.Sprintf("secret %q did not come in time: try again", c.id), context.Cause(ctx))
		}
	}
	return nil
}

// launch begins a fetch, with the lock held. counted says whether a failure
// starts the back-off.
func (c *Cache[T]) launch(ctx context.Context, counted bool) {
	done := make(chan struct{})
	c.flight = done
	go func() {
		defer close(done)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.conf.Timeout)
		defer cancel()
		value, err := c.load(ctx)
		c.land(value, err, counted)
		if err != nil {
			c.conf.Failed(ctx, err)
		}
	}()
}

// land records how a fetch ended.
func (c *Cache[T]) land(value T, err error, counted bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flight = nil
	c.fetches++
	c.err = err
	switch {
	case err == nil:
		c.value, c.held = value, true
		c.expires = now().Add(jittered(c.conf.TTL))
		c.failures, c.retryAt = 0, time.Time{}
	case counted:
		c.failures++
		c.retryAt = now().Add(backOff(c.failures))
	}
}

// now is the time by the wall. The monotonic clock that Go would compare by may
// stand still while an instance is frozen, as package time says of sleep.
func now() time.Time { return time.Now().Round(0) }

func jittered(ttl time.Duration) time.Duration {
	return ttl - time.Duration(rand.Float64()*float64(ttl)/10)
}

func backOff(failures int) time.Duration {
	const doublings = 5 // The fifth doubling of a second is beyond maxBackOff.
	return min(firstBackOff<<min(failures-1, doublings), maxBackOff)
}
