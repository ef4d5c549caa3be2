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

// cacheTest is a cache of a secret, in simulated time. A fetch takes 100 ms.
type cacheTest struct {
	*testing.T
	c      *Cache[Secret]
	s      *fakeSecret
	failed *atomic.Int32
}

func run(t *testing.T, name string, test func(cacheTest)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newFakeSecret("one")
			s.delay = 100 * time.Millisecond
			var failed atomic.Int32
			c := newCache(s.get, id, fetchText, func(context.Context, error) { failed.Add(1) })
			test(cacheTest{t, c, s, &failed})
		})
	})
}

func (t cacheTest) get(want string) {
	t.Helper()
	got, err := t.c.Get(t.Context())
	if err != nil || got.Reveal() != want {
		t.Errorf("got %q (%v), want %q", got.Reveal(), err, want)
	}
}

func (t cacheTest) refresh(seen, want string) {
	t.Helper()
	got, _, err := t.c.Refresh(t.Context(), New(seen))
	if err != nil || got.Reveal() != want {
		t.Errorf("got %q (%v), want %q", got.Reveal(), err, want)
	}
}

func (t cacheTest) calls(want int) {
	t.Helper()
	if got := t.s.count(); got != want {
		t.Errorf("%d calls, want %d", got, want)
	}
}

// takes checks how long f takes.
func (t cacheTest) takes(want time.Duration, f func()) {
	t.Helper()
	start := time.Now()
	if f(); time.Since(start) != want {
		t.Errorf("it took %s, want %s", time.Since(start), want)
	}
}

// together calls f from 50 goroutines.
func together(f func()) {
	var callers sync.WaitGroup
	for range 50 {
		callers.Go(f)
	}
	callers.Wait()
}

func TestCache_Get(t *testing.T) {
	run(t, "shared fetch", func(t cacheTest) {
		together(func() { t.get("one") })
		t.calls(1)
	})
	run(t, "fresh, then expired", func(t cacheTest) {
		t.get("one")
		t.s.set("two", nil)
		time.Sleep(ttl*9/10 - time.Second)
		t.get("one")
		t.calls(1)
		time.Sleep(ttl/10 + time.Second)
		t.get("two")
		t.calls(2)
	})
	run(t, "cancelled caller fails alone", func(t cacheTest) {
		ctx, cancel := context.WithCancel(t.Context())
		var callers sync.WaitGroup
		callers.Go(func() {
			if _, err := t.c.Get(ctx); !errors.Is(err, context.Canceled) || !fault.IsTemporary(err) {
				t.Errorf("got %v, want a temporary fault with context.Canceled", err)
			}
		})
		synctest.Wait()
		callers.Go(func() { t.get("one") })
		synctest.Wait()
		cancel()
		callers.Wait()
		t.calls(1)
		if got, err := t.c.Get(ctx); err != nil || got.Reveal() != "one" {
			t.Errorf("after it is cancelled: %q (%v)", got.Reveal(), err)
		}
	})
	run(t, "timeout", func(t cacheTest) {
		t.s.delay = time.Hour
		t.takes(timeout, func() {
			if _, err := t.c.Get(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
		})
	})
}

func TestCache_Jitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := map[time.Duration]bool{}
		for range 200 {
			c := newCache(newFakeSecret("one").get, id, fetchText, nil)
			if err := c.Ready(t.Context()); err != nil {
				t.Fatal(err)
			}
			left := time.Until(c.expires)
			if left <= ttl*9/10 || left > ttl {
				t.Fatalf("fresh for %s of %s", left, ttl)
			}
			seen[left] = true
		}
		if len(seen) < 100 {
			t.Errorf("200 caches expire at %d times", len(seen))
		}
	})
}

func TestCache_SecretsManagerFails(t *testing.T) {
	run(t, "old value", func(t cacheTest) {
		t.get("one")
		t.s.set("", errDown)
		time.Sleep(24 * time.Hour)
		t.get("one")
		if got := t.failed.Load(); got != 1 {
			t.Errorf("%d calls of Failed, want 1", got)
		}
		t.s.set("two", nil)
		time.Sleep(firstBackOff)
		t.get("two")
	})
	run(t, "back-off", func(t cacheTest) {
		t.get("one")
		t.s.set("", errDown)
		t.s.delay = 0
		time.Sleep(ttl)
		var asked []int
		for start, last := time.Now(), t.s.count(); time.Since(start) < 2*time.Minute; time.Sleep(100 * time.Millisecond) {
			t.get("one")
			if n := t.s.count(); n != last {
				asked, last = append(asked, int(time.Since(start).Seconds())), n
			}
		}
		if got := fmt.Sprint(asked); got != "[0 1 3 7 15 31 61 91]" {
			t.Errorf("fetches after %s seconds", got)
		}
	})
	run(t, "success ends the back-off", func(t cacheTest) {
		t.s.set("", errDown)
		for range 10 {
			_, _ = t.c.Get(t.Context())
			time.Sleep(maxBackOff)
		}
		t.s.set("one", nil)
		t.get("one")
		t.s.set("", errDown)
		time.Sleep(ttl)
		t.get("one")
		t.s.set("two", nil)
		time.Sleep(firstBackOff)
		t.get("two")
	})
	run(t, "no value yet", func(t cacheTest) {
		t.s.set("", errDown)
		for range 20 {
			if _, err := t.c.Get(t.Context()); !errors.Is(err, errDown) {
				t.Fatalf("got %v", err)
			}
		}
		t.calls(1)
		t.s.set("one", nil)
		time.Sleep(firstBackOff)
		t.get("one")
	})
}

func TestCache_Start(t *testing.T) {
	run(t, "does not wait", func(t cacheTest) {
		ctx, cancel := context.WithCancel(t.Context())
		t.takes(0, func() {
			t.c.Start(ctx)
			t.c.Start(ctx)
			cancel()
		})
		t.get("one")
		t.takes(0, func() { t.get("one") })
		t.c.Start(t.Context())
		t.calls(1)
	})
	run(t, "failure does not delay the first caller", func(t cacheTest) {
		t.s.set("", errDown)
		t.c.Start(t.Context())
		synctest.Wait()
		t.s.set("one", nil)
		t.get("one")
		t.calls(2)
	})
}

func TestCache_Refresh(t *testing.T) {
	run(t, "new value", func(t cacheTest) {
		t.get("one")
		t.s.set("two", nil)
		t.refresh("one", "two")
		t.get("two")
		t.refresh("one", "two")
		t.calls(2)
	})
	for _, value := range []string{"one", "two"} {
		run(t, "shared fetch of "+value, func(t cacheTest) {
			t.get("one")
			t.s.set(value, nil)
			together(func() { t.refresh("one", value) })
			t.calls(2)
		})
	}
	run(t, "limit", func(t cacheTest) {
		t.s.delay = 0
		t.get("one")
		for range 1000 {
			t.refresh("one", "one")
		}
		t.calls(1 + refreshBurst)
		for range 600 {
			time.Sleep(100 * time.Millisecond)
			t.refresh("one", "one")
		}
		t.calls(1 + refreshBurst + int(time.Minute/refreshEvery))
		time.Sleep(time.Hour)
		for range 1000 {
			t.refresh("one", "one")
		}
		t.calls(1 + 2*refreshBurst + int(time.Minute/refreshEvery))
	})
	run(t, "back-off", func(t cacheTest) {
		t.get("one")
		t.s.set("", errDown)
		for range 20 {
			if _, _, err := t.c.Refresh(t.Context(), New("one")); !errors.Is(err, errDown) {
				t.Fatalf("got %v", err)
			}
		}
		t.get("one")
		t.calls(2)
		t.s.set("two", nil)
		time.Sleep(firstBackOff)
		t.refresh("one", "two")
	})
	run(t, "Get does not wait for it", func(t cacheTest) {
		t.get("one")
		var refresh sync.WaitGroup
		refresh.Go(func() { t.refresh("one", "one") })
		synctest.Wait()
		t.takes(0, func() { t.get("one") })
		refresh.Wait()
		t.calls(2)
	})
	run(t, "caller's deadline", func(t cacheTest) {
		t.get("one")
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, _, err := t.c.Refresh(ctx, New("one")); !errors.Is(err, context.DeadlineExceeded) || !fault.IsTemporary(err) {
			t.Errorf("got %v", err)
		}
		time.Sleep(time.Second)
	})
	run(t, "nothing held", func(t cacheTest) {
		t.refresh("", "one")
		t.calls(1)
	})
}
