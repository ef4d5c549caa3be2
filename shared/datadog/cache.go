package datadog

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/sync/singleflight"

	"boomerang/shared/fault"
)

// The cache is bounded by entries and by bytes. It evicts the oldest entries first.
const (
	maxCacheEntries = 2000
	maxCacheBytes   = 8 << 20
)

// maxLists bounds the memory of a batch of alerts whose lists of events are full.
const maxLists = 4

// cache is what all views of a client share: the results of reads, and the rate
// limits in force. During an alert storm of a monitor, the monitor is read once.
type cache struct {
	flights singleflight.Group
	mu      sync.Mutex
	results map[string]result
	bytes   int
	limited map[string]time.Time // By op, until when Datadog rejects the call.
	lists   *semaphore.Weighted  // Counts the lists that are read now.
}

type result struct {
	asked     time.Time
	value     any
	bytes     int // Size of the body that value was decoded from.
	err       error
	abandoned bool // The context of the caller that sent the read had ended.
}

func newCache() *cache {
	return &cache{results: map[string]result{}, limited: map[string]time.Time{}, lists: semaphore.NewWeighted(maxLists)}
}

// read carries out call and returns what convert makes of the response. See whole.
func read[W, T any](ctx context.Context, c *Client, call call, convert func(W) (T, bool)) (T, error) {
	return readAs(ctx, c, call, whole(convert))
}

// readEach carries out call and returns what convert makes of each element of a list. See
// elements.
func readEach[E, T any](ctx context.Context, c *Client, call call, key string, convert func(E) T) ([]T, error) {
	call.isList = true
	return readAs(ctx, c, call, elements(key, convert))
}

// readAs carries out call and returns what decode makes of the response. The result
// must depend on the request alone, since equal requests share it.
func readAs[T any](ctx context.Context, c *Client, call call, decode decoder[T]) (T, error) {
	fetch := func() result {
		asked, value := now(), *new(T)
		call.decode = into(&value, decode)
		response, err := c.doWithinLimit(ctx, call)
		return result{asked: asked, value: value, bytes: response.bytes, err: err}
	}
	var r result
	if c.maxAge <= 0 {
		r = fetch()
	} else {
		r = c.cache.get(ctx, call, c.maxAge, fetch)
	}
	value, _ := r.value.(T)
	return value, r.err
}

// get returns a result that is younger than maxAge. Concurrent callers with the same
// call share one fetch. A caller whose context ends returns at once, and does not
// fail the others.
func (s *cache) get(ctx context.Context, call call, maxAge time.Duration, fetch func() result) result {
	key := call.key()
	for {
		flight := s.flights.DoChan(key, func() (any, error) { return s.fetchOnce(ctx, key, maxAge, fetch), nil })
		select {
		case <-ctx.Done():
			return result{err: call.unanswered(ctx, ctx.Err(), Keys{})}
		case done := <-flight:
			r, _ := done.Val.(result)
			if !r.abandoned || ctx.Err() != nil {
				return r
			}
		}
	}
}

func (s *cache) fetchOnce(ctx context.Context, key string, maxAge time.Duration, fetch func() result) (r result) {
	defer func() {
		if p := recover(); p != nil {
			r = result{err: fault.New(fault.Internal, "something went wrong inside Boomerang", fault.FromPanic(p))}
		}
	}()
	if r, ok := s.lookup(key, maxAge); ok {
		return r
	}
	r = fetch()
	r.abandoned = ctx.Err() != nil
	if !fault.IsTemporary(r.err) { // A rejection stays the same.
		s.store(key, r)
	}
	return r
}

func (s *cache) lookup(key string, maxAge time.Duration) (result, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.results[key]
	return r, ok && now().Sub(r.asked) < maxAge
}

func (s *cache) store(key string, r result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.abandoned = false
	s.remove(key)
	s.results[key] = r
	s.bytes += r.bytes
	for len(s.results) > maxCacheEntries || s.bytes > maxCacheBytes {
		s.remove(slices.MinFunc(slices.Collect(maps.Keys(s.results)), func(a, b string) int {
			return s.results[a].asked.Compare(s.results[b].asked)
		}))
	}
}

func (s *cache) remove(key string) {
	s.bytes -= s.results[key].bytes
	delete(s.results, key)
}

// doWithinLimit sends call unless its rate limit is used up.
func (c *Client) doWithinLimit(ctx context.Context, call call) (response, error) {
	s := c.cache
	s.mu.Lock()
	left := s.limited[call.op].Sub(now())
	s.mu.Unlock()
	if left > 0 {
		return response{}, &fault.Error{
			Kind:       fault.Temporary,
			Public:     fmt.Sprintf("Datadog's rate limit for requests to %s is used up; it ends in %s", call.op, left.Round(time.Second)),
			RetryAfter: left,
			Cause:      &Error{Op: call.op, Status: http.StatusTooManyRequests, Reset: left},
		}
	}
	r, err := c.do(ctx, call)
	if reset := r.rateLimitReset(); reset > 0 {
		s.mu.Lock()
		s.limited[call.op] = now().Add(reset)
		s.mu.Unlock()
	}
	return r, err
}

// now is the wall clock. The monotonic clock may stand still while an instance is
// frozen.
func now() time.Time { return time.Now().Round(0) }
