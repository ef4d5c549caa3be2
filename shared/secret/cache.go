package secret

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"

	"boomerang/shared/fault"
)

const (
	// ttl is how long a value is fresh. A random tenth less spreads the fetches of
	// instances that start together.
	ttl = 5 * time.Minute
	// timeout bounds one fetch with the SDK's retries.
	timeout = 3 * time.Second

	// The back-off after failed fetches doubles.
	firstBackOff = time.Second
	maxBackOff   = 30 * time.Second

	// Refresh may fetch five times at once, then once in five seconds.
	refreshBurst = 5
	refreshEvery = 5 * time.Second
)

// Failed is called for each failed fetch, to log it: callers get the old value. It may
// be nil.
type Failed func(ctx context.Context, err error)

// Value is what a Cache can hold. Equal compares in constant time.
type Value[T any] interface{ Equal(T) bool }

// Cache holds the last good value of a secret. One fetch runs at a time and does not end
// with its caller. While Secrets Manager fails, the cache returns the old value and
// fetches back off.
//
// Errors are *fault.Error and name the secret without its content. Permanent means that
// the secret itself is wrong: missing, not JSON or incomplete. Temporary is all else.
type Cache[T Value[T]] struct {
	get     GetSecretValue
	id      string
	load    func(context.Context, GetSecretValue, string) (T, error)
	failed  Failed
	flight  singleflight.Group
	limiter *rate.Limiter // of Refresh

	mu      sync.Mutex
	value   T
	held    bool // a value was fetched
	expires time.Time
	err     error // of the last fetch
	backOff time.Duration
	retryAt time.Time
	begun   int // fetches that began
	ended   int // the last of them that ended
}

func newCache[T Value[T]](get GetSecretValue, id string, load func(context.Context, GetSecretValue, string) (T, error), failed Failed) *Cache[T] {
	limiter := rate.NewLimiter(rate.Every(refreshEvery), refreshBurst)
	return &Cache[T]{get: get, id: id, load: load, failed: failed, limiter: limiter}
}

// Start begins the first fetch and returns. A failure does not start the back-off,
// because an instance may be frozen between its start and its first request.
func (c *Cache[T]) Start(ctx context.Context) {
	c.begin(ctx, func() bool { return !c.held }, false)
}

// Get returns the value, which is fresh unless Secrets Manager fails.
func (c *Cache[T]) Get(ctx context.Context) (T, error) {
	for c.locked(c.due) {
		if _, err := c.fetch(ctx, c.due); err != nil {
			return *new(T), err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held {
		return c.value, nil
	}
	return c.value, c.err
}

// Ready waits for a value. After a Permanent error the function cannot work and must
// stop; after a Temporary one it can go on.
func (c *Cache[T]) Ready(ctx context.Context) error {
	_, err := c.Get(ctx)
	return err
}

// Refresh returns a value newer than seen, which failed its caller: it fetches once
// unless the cache has a newer value. Without one it returns the value that it has. An
// error means that Secrets Manager cannot be reached. The limits of fetches hold, so that
// wrong tokens cause few of them. isLatest reports whether the fetch of the value began
// after the call.
func (c *Cache[T]) Refresh(ctx context.Context, seen T) (value T, isLatest bool, err error) {
	c.mu.Lock()
	before := c.begun
	c.mu.Unlock()
	wanted := func() bool {
		if !c.held {
			return c.due()
		}
		return c.begun == before && c.value.Equal(seen) && !now().Before(c.retryAt) && c.limiter.AllowN(now(), 1)
	}
	// The first flight may be that of a caller who found nothing to fetch.
	for fetched, attempt := false, 0; !fetched && attempt < 2; attempt++ {
		if fetched, err = c.fetch(ctx, wanted); err != nil {
			return seen, false, err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	isLatest = c.ended > before && c.err == nil
	if c.held && !c.value.Equal(seen) {
		return c.value, isLatest, nil
	}
	return c.value, isLatest, c.err
}

func (c *Cache[T]) locked(condition func() bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return condition()
}

// due must be called with the lock held.
func (c *Cache[T]) due() bool { return !now().Before(c.expires) && !now().Before(c.retryAt) }

// fetch waits for a fetch, if it is still wanted, and reports whether one ran.
func (c *Cache[T]) fetch(ctx context.Context, wanted func() bool) (bool, error) {
	select {
	case result := <-c.begin(ctx, wanted, true):
		return result.Val.(bool), nil
	case <-ctx.Done():
		return false, fault.New(fault.Temporary, fmt.Sprintf("secret %q did not arrive in time: try again", c.id), context.Cause(ctx))
	}
}

// begin joins the running fetch or begins one. wanted is called with the lock held.
func (c *Cache[T]) begin(ctx context.Context, wanted func() bool, backOff bool) <-chan singleflight.Result {
	return c.flight.DoChan("", func() (any, error) {
		isWanted := c.locked(wanted)
		if isWanted {
			c.run(context.WithoutCancel(ctx), backOff)
		}
		return isWanted, nil
	})
}

func (c *Cache[T]) run(ctx context.Context, backOff bool) {
	timed, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	c.mu.Lock()
	c.begun++
	c.mu.Unlock()
	value, err := c.load(timed, c.get, c.id)
	if err != nil && c.failed != nil {
		defer c.failed(ctx, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = c.begun
	c.err = err
	switch {
	case err == nil:
		c.value, c.held = value, true
		c.expires = now().Add(ttl - rand.N(ttl/10))
		c.backOff, c.retryAt = 0, time.Time{}
	case backOff:
		c.backOff = min(max(2*c.backOff, firstBackOff), maxBackOff)
		c.retryAt = now().Add(c.backOff)
	}
}

// now is the wall clock. The monotonic clock may stop while an instance is frozen.
func now() time.Time { return time.Now().Round(0) }
