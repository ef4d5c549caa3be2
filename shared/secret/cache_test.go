package secret

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"boomerang/shared/fault"
)

var errDown = fault.New(fault.Temporary, "down", nil)

// source is a secret whose content and health a test changes as it goes.
type source struct {
	mu    sync.Mutex
	value string
	err   error
	delay time.Duration
	calls int
}

func (s *source) load(ctx context.Context) (Secret, error) {
	s.mu.Lock()
	s.calls++
	value, err, delay := s.value, s.err, s.delay
	s.mu.Unlock()
	select {
	case <-time.After(delay):
	case <-ctx.Done():
		return Secret{}, ctx.Err()
	}
	return New(value), err
}

func (s *source) set(value string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.value, s.err = value, err
}

func (s *source) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// in runs test on a cache over a source, in simulated time. A fetch takes 100 ms.
func in(t *testing.T, o Options, test func(*testing.T, *Cache[Secret], *source)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &source{value: "one", delay: 100 * time.Millisecond}
		test(t, newCache("the-secret", s.load, o), s)
	})
}

func wantGet(t *testing.T, c *Cache[Secret], want string) {
	t.Helper()
	got, err := c.Get(t.Context())
	if err != nil || got.Reveal() != want {
		t.Fatalf("got %q (%v), want %q", got.Reveal(), err, want)
	}
}

func wantCalls(t *testing.T, s *source, want int) {
	t.Helper()
	if got := s.count(); got != want {
		t.Fatalf("%d calls, want %d", got, want)
	}
}

func TestCache_Get(t *testing.T) {
	t.Run("many_callers_share_one_fetch", func(t *testing.T) {
		in(t, Options{}, func(t *testing.T, c *Cache[Secret], s *source) {
			var callers sync.WaitGroup
			for range 50 {
				callers.Go(func() {
					if got, err := c.Get(t.Context()); err != nil || got.Reveal() != "one" {
						t.Errorf("got %q (%v)", got.Reveal(), err)
					}
				})
			}
			callers.Wait()
			wantCalls(t, s, 1)
		})
	})
	t.Run("a_fresh_value_costs_no_call", func(t *testing.T) {
		in(t, Options{}, func(t *testing.T, c *Cache[Secret], s *source) {
			wantGet(t, c, "one")
			s.set("two", nil)
			time.Sleep(DefaultTTL*9/10 - time.Second)
			wantGet(t, c, "one")
			wantCalls(t, s, 1)
		})
	})
	t.Run("an_expired_value_is_fetched_again", func(t *testing.T) {
		in(t, Options{TTL: time.Minute}, func(t *testing.T, c *Cache[Secret], s *source) {
			wantGet(t, c, "one")
			s.set("two", nil)
			time.Sleep(time.Minute)
			wantGet(t, c, "two")
			wantCalls(t, s, 2)
		})
	})
	t.Run("a_cancelled_caller_fails_alone", func(t *testing.T) {
		in(t, Options{}, func(t *testing.T, c *Cache[Secret], s *source) {
			ctx, cancel := context.WithCancel(t.Context())
			var impatient, patient sync.WaitGroup
			impatient.Go(func() {
				_, err := c.Get(ctx)
				if !errors.Is(err, context.Canceled) || !fault.IsTemporary(err) {
					t.Errorf("got %v, want a temporary fault that wraps context.Canceled", err)
				}
			})
			synctest.Wait()
			patient.Go(func() { wantGet(t, c, "one") })
			synctest.Wait()
			cancel()
			impatient.Wait()
			patient.Wait()
			wantCalls(t, s, 1)
		})
	})
	t.Run("a_cancelled_caller_still_gets_a_fresh_value", func(t *testing.T) {
		in(t, Options{}, func(t *testing.T, c *Cache[Secret], _ *source) {
			wantGet(t, c, "one")
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if got, err := c.Get(ctx); err != nil || got.Reveal() != "one" {
				t.Errorf("got %q (%v)", got.Reveal(), err)
			}
		})
	})
	t.Run("a_fetch_that_hangs_is_given_up", func(t *testing.T) {
		in(t, Options{}, func(t *testing.T, c *Cache[Secret], s *source) {
			s.delay = time.Hour
			start := time.Now()
			if _, err := c.Get(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v, want context.DeadlineExceeded", err)
			}
			if took := time.Since(start); took != DefaultTimeout {
				t.Errorf("it took %s, want %s", took, DefaultTimeout)
			}
		})
	})
}

func TestCache_Get_spreads_the_expiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const ttl = 100 * time.Second
		seen := map[time.Duration]bool{}
		for range 200 {
			s := &source{value: "one"}
			c := newCache("the-secret", s.load, Options{TTL: ttl})
			wantGet(t, c, "one")
			left := time.Until(c.expires)
			if left <= ttl*9/10 || left > ttl {
				t.Fatalf("fresh for %s, want more than nine tenths of %s and no longer than it", left, ttl)
			}
			seen[left] = true
		}
		if len(seen) < 100 {
			t.Errorf("200 caches expire at only %d different times", len(seen))
		}
	})
}

func TestCache_Get_while_Secrets_Manager_fails(t *testing.T) {
	t.Run("the_old_value_is_served", func(t *testing.T) {
		var failures atomic.Int32
		o := Options{Failed: func(_ context.Context, err error) {
			if !errors.Is(err, errDown) {
				t.Errorf("Failed was told %v", err)
			}
			failures.Add(1)
		}}
		in(t, o, func(t *testing.T, c *Cache[Secret], s *source) {
			wantGet(t, c, "one")
			s.set("", errDown)
			time.Sleep(24 * time.Hour)
			wantGet(t, c, "one")
			if failures.Load() != 1 {
				t.Errorf("Failed was told %d times, want once", failures.Load())
			}
			s.set("two", nil)
			time.Sleep(firstBackOff)
			wantGet(t, c, "two")
		})
	})
	t.Run("requests_back_off", func(t *testing.T) {
		in(t, Options{}, func(t *testing.T, c *Cache[Secret], s *source) {
			wantGet(t, c, "one")
			s.set("", errDown)
			s.delay = 0
			time.Sleep(DefaultTTL)
			var asked []time.Duration
			for start, last := time.Now(), s.count(); time.Since(start) < 2*time.Minute; time.Sleep(100 * time.Millisecond) {
				wantGet(t, c, "one")
				if n := s.count(); n != last {
					asked, last = append(asked, time.Since(start)), n
				}
			}
			want := fmt.Sprint([]time.Duration{0, time.Second, 3 * time.Second, 7 * time.Second, 15 * time.Second, 31 * time.Second, 61 * time.Second, 91 * time.Second})
			if got := fmt.Sprint(asked); got != want {
				t.Errorf("asked at %s, want %s", got, want)
			}
		})
	})
	t.Run("a_success_ends_the_back_off", func(t *testing.T) {
		in(t, Options{TTL: time.Minute}, func(t *testing.T, c *Cache[Secret], s *source) {
			s.set("", errDown)
			for range 10 {
				_, _ = c.Get(t.Context())
				time.Sleep(maxBackOff)
			}
			s.set("one", nil)
			wantGet(t, c, "one")
			s.set("", errDown)
			time.Sleep(time.Minute)
			wantGet(t, c, "one")
			s.set("two", nil)
			time.Sleep(firstBackOff)
			wantGet(t, c, "two")
		})
	})
	t.Run("nothing_held_is_an_error_and_backs_off_too", func(t *testing.T) {
		in(t, Options{}, func(t *testing.T, c *Cache[Secret], s *source) {
			s.set("", errDown)
			for range 20 {
				if _, err := c.Get(t.Context()); !errors.Is(err, errDown) {
					t.Fatalf("got %v, want %v", err, errDown)
				}
			}
			wantCalls(t, s, 1)
			s.set("one", nil)
			time.Sleep(firstBackOff)
			wantGet(t, c, "one")
		})
	})
}

func TestCache_Start(t *testing.T) {
	t.Run("does_not_wait_and_saves_the_first_caller_the_call", func(t *testing.T) {
		in(t, Options{}, func(t *testing.T, c *Cache[Secret], s *source) {
			ctx, cancel := context.WithCancel(t.Context())
			start := time.Now()
			c.Start(ctx)
			c.Start(ctx)
			cancel()
			if took := time.Since(start); took != 0 {
				t.Errorf("Start took %s", took)
			}
			time.Sleep(time.Second)
			start = time.Now()
			wantGet(t, c, "one")
			if took := time.Since(start); took != 0 {
				t.Errorf("Get took %s", took)
			}
			c.Start(t.Context())
			wantCalls(t, s, 1)
		})
	})
	t.Run("a_caller_joins_it", func(t *testing.T) {
		in(t, Options{}, func(t *testing.T, c *Cache[Secret], s *source) {
			c.Start(t.Context())
			wantGet(t, c, "one")
			wantCalls(t, s, 1)
		})
	})
	t.Run("its_failure_does_not_delay_the_first_caller", func(t *testing.T) {
		in(t, Options{}, func(t *testing.T, c *Cache[Secret], s *source) {
			s.set("", errDown)
			c.Start(t.Context())
			synctest.Wait()
			s.set("one", nil)
			wantGet(t, c, "one")
			wantCalls(t, s, 2)
		})
	})
}
