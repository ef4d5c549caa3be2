package secret

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"boomerang/shared/fault"
)

func TestCache_Refresh(t *testing.T) {
	one, two := New("one"), New("two")

	t.Run("finds_the_new_value_at_once", func(t *testing.T) {
		in(t, Options{}, func(t *testing.T, c *Cache[Secret], s *source) {
			wantGet(t, c, "one")
			s.set("two", nil)
			if got, err := c.Refresh(t.Context(), one); err != nil || !got.Equal(two) {
				t.Errorf("got %q (%v)", got.Reveal(), err)
			}
			wantGet(t, c, "two")
		})
	})
	t.Run("asks_nobody_when_the_cache_is_newer", func(t *testing.T) {
		in(t, Options{}, func(t *testing.T, c *Cache[Secret], s *source) {
			s.set("two", nil)
			wantGet(t, c, "two")
			if got, err := c.Refresh(t.Context(), one); err != nil || !got.Equal(two) {
				t.Errorf("got %q (%v)", got.Reveal(), err)
			}
			wantCalls(t, s, 1)
		})
	})
	for name, now := range map[string]Secret{"and_its_new_value": two, "even_if_it_finds_nothing_new": one} {
		t.Run("many_callers_share_one_fetch_"+name, func(t *testing.T) {
			in(t, Options{}, func(t *testing.T, c *Cache[Secret], s *source) {
				wantGet(t, c, "one")
				s.set(now.Reveal(), nil)
				var callers sync.WaitGroup
				for range 50 {
					callers.Go(func() {
						if got, err := c.Refresh(t.Context(), one); err != nil || !got.Equal(now) {
							t.Errorf("got %q (%v)", got.Reveal(), err)
						}
					})
				}
				callers.Wait()
				wantCalls(t, s, 2)
			})
		})
	}
	t.Run("is_limited_to_five_and_one_in_five_seconds", func(t *testing.T) {
		in(t, Options{TTL: 24 * time.Hour}, func(t *testing.T, c *Cache[Secret], s *source) {
			s.delay = 0
			wantGet(t, c, "one")
			for range 1000 {
				if got, err := c.Refresh(t.Context(), one); err != nil || !got.Equal(one) {
					t.Fatalf("got %q (%v)", got.Reveal(), err)
				}
			}
			wantCalls(t, s, 1+refreshBurst)
			for range 600 {
				time.Sleep(100 * time.Millisecond)
				_, _ = c.Refresh(t.Context(), one)
			}
			wantCalls(t, s, 1+refreshBurst+int(time.Minute/refreshEvery))
			time.Sleep(time.Hour)
			for range 1000 {
				_, _ = c.Refresh(t.Context(), one)
			}
			wantCalls(t, s, 1+2*refreshBurst+int(time.Minute/refreshEvery))
		})
	})
	t.Run("fails_and_backs_off_while_Secrets_Manager_fails", func(t *testing.T) {
		in(t, Options{}, func(t *testing.T, c *Cache[Secret], s *source) {
			wantGet(t, c, "one")
			s.set("", errDown)
			for range 20 {
				if _, err := c.Refresh(t.Context(), one); !errors.Is(err, errDown) {
					t.Fatalf("got %v, want %v", err, errDown)
				}
			}
			wantCalls(t, s, 2)
			wantGet(t, c, "one")
			wantCalls(t, s, 2)
			s.set("two", nil)
			time.Sleep(firstBackOff)
			if got, err := c.Refresh(t.Context(), one); err != nil || !got.Equal(two) {
				t.Errorf("got %q (%v)", got.Reveal(), err)
			}
		})
	})
	t.Run("never_makes_a_caller_of_Get_wait", func(t *testing.T) {
		in(t, Options{}, func(t *testing.T, c *Cache[Secret], s *source) {
			wantGet(t, c, "one")
			var refresh sync.WaitGroup
			refresh.Go(func() { _, _ = c.Refresh(t.Context(), one) })
			synctest.Wait()
			start := time.Now()
			wantGet(t, c, "one")
			if took := time.Since(start); took != 0 {
				t.Errorf("Get took %s", took)
			}
			refresh.Wait()
			wantCalls(t, s, 2)
		})
	})
	t.Run("ends_with_its_caller", func(t *testing.T) {
		in(t, Options{}, func(t *testing.T, c *Cache[Secret], _ *source) {
			wantGet(t, c, "one")
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			if _, err := c.Refresh(ctx, one); !errors.Is(err, context.DeadlineExceeded) || !fault.IsTemporary(err) {
				t.Errorf("got %v", err)
			}
			time.Sleep(time.Second)
		})
	})
	t.Run("fetches_when_nothing_is_held", func(t *testing.T) {
		in(t, Options{}, func(t *testing.T, c *Cache[Secret], s *source) {
			if got, err := c.Refresh(t.Context(), Secret{}); err != nil || !got.Equal(one) {
				t.Errorf("got %q (%v)", got.Reveal(), err)
			}
			wantCalls(t, s, 1)
		})
	})
}
