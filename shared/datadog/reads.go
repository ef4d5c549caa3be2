package datadog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"boomerang/shared/fault"
)

// What is kept is bounded, in answers and in bytes; the oldest give way.
const (
	maxKept      = 2000
	maxKeptBytes = 8 << 20
)

// reads is what all views of a client share about its reads: the answers that
// may be given again, and the rate limits that are used up. In a storm of alerts
// of one monitor, the monitor is read once.
type reads struct {
	mu      sync.Mutex
	kept    map[string]*kept
	bytes   int                  // of the kept answers' bodies
	limited map[string]time.Time // by op: before then Datadog would refuse
}

// kept is an answer, or one on its way.
type kept struct {
	asked time.Time
	done  chan struct{} // closed once answer and err are set
	answer
	err error
}

func newReads() *reads {
	return &reads{kept: map[string]*kept{}, limited: map[string]time.Time{}}
}

// Cached returns a view of the client whose reads may be up to maxAge old. Equal
// reads at one time are asked once. The views of a client share their answers.
func (c *Client) Cached(maxAge time.Duration) *Client {
	view := *c
	view.maxAge = maxAge
	return &view
}

// ask returns the answer to a read, perhaps one that was given before.
func (c *Client) ask(ctx context.Context, call call) (answer, error) {
	if c.maxAge <= 0 {
		return c.askDatadog(ctx, call)
	}
	key, err := call.key()
	if err != nil {
		return answer{}, err
	}
	for {
		k, mine := c.reads.join(key, c.maxAge)
		if mine {
			a, err := c.askDatadog(ctx, call)
			a.events = &memo{}
			c.reads.settle(key, k, a, err)
			return a, err
		}
		select {
		case <-k.done:
		case <-ctx.Done():
			return answer{}, call.unanswered(ctx, ctx.Err(), Keys{})
		}
		// Whoever asked may have had less time than we have.
		if !errors.Is(k.err, context.DeadlineExceeded) && !errors.Is(k.err, context.Canceled) {
			return k.answer, k.err
		}
	}
}

// join returns the answer for key that is young enough, or one that the caller
// is to fill in.
func (r *reads) join(key string, maxAge time.Duration) (k *kept, mine bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := now()
	if k, ok := r.kept[key]; ok && at.Sub(k.asked) < maxAge {
		return k, false
	}
	r.forget(key)
	if len(r.kept) >= maxKept {
		r.forget(r.oldest())
	}
	k = &kept{asked: at, done: make(chan struct{})}
	r.kept[key] = k
	return k, true
}

func (r *reads) oldest() string {
	var oldest string
	for key, k := range r.kept {
		if oldest == "" || k.asked.Before(r.kept[oldest].asked) {
			oldest = key
		}
	}
	return oldest
}

func (r *reads) forget(key string) {
	if k, ok := r.kept[key]; ok {
		r.bytes -= len(k.body)
		delete(r.kept, key)
	}
}

// settle hands the answer to those who wait. A failure that passes is not kept
// for others; a refusal is, since it would be the same for them.
func (r *reads) settle(key string, k *kept, a answer, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k.answer, k.err = a, err
	close(k.done)
	if r.kept[key] != k {
		return // It was forgotten on the way.
	}
	r.bytes += len(a.body)
	if a.cut != nil || fault.IsTemporary(err) {
		r.forget(key)
	}
	for r.bytes > maxKeptBytes {
		r.forget(r.oldest())
	}
}

// askDatadog asks unless Datadog said that it would refuse.
func (c *Client) askDatadog(ctx context.Context, call call) (answer, error) {
	if left := c.reads.limitedFor(call.op); left > 0 {
		return answer{}, &fault.Error{
			Kind:       fault.Temporary,
			Public:     fmt.Sprintf("Datadog was not asked to %s: its rate limit ends in %s", call.op, left.Round(time.Second)),
			RetryAfter: left,
			Cause:      &Error{Op: call.op, Status: http.StatusTooManyRequests, Reset: left},
		}
	}
	a, err := c.do(ctx, call)
	c.reads.note(call.op, a)
	return a, err
}

func (r *reads) limitedFor(op string) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.limited[op].Sub(now())
}

// now is the time by the wall. The monotonic clock that Go would compare by may
// stand still while an instance is frozen, as package time says of sleep.
func now() time.Time { return time.Now().Round(0) }

// note remembers a rate limit that this answer used up or ran into
// (https://docs.datadoghq.com/api/latest/rate-limits/).
func (r *reads) note(op string, a answer) {
	left, isCounted := a.header.Get("X-RateLimit-Remaining"), a.ok()
	if a.status != http.StatusTooManyRequests && (!isCounted || left != "0") {
		return
	}
	seconds, err := strconv.ParseUint(a.header.Get("X-RateLimit-Reset"), 10, 32)
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.limited[op] = now().Add(min(time.Duration(seconds)*time.Second, maxReset))
}

// key names a read: two with one key have one answer.
func (c call) key() (string, error) {
	body, err := json.Marshal(c.body)
	if err != nil {
		return "", fault.New(fault.Internal, "could not ask Datadog to "+c.op, err)
	}
	return c.method + " " + c.path + "?" + c.query.Encode() + " " + string(body), nil
}
