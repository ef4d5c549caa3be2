package datadog

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"boomerang/shared/fault"
)

// counted returns a client and the number of its requests.
func counted(t *testing.T, datadog roundTrip) (*Client, *atomic.Int64) {
	t.Helper()
	var calls atomic.Int64
	return clientOver(t, func(r *http.Request) (*http.Response, error) {
		calls.Add(1)
		return datadog(r)
	}, keyring{}), &calls
}

func getMonitor(ctx context.Context, c *Client, id int64) error {
	m, err := c.Monitor(ctx, id, MonitorQuery{})
	if err == nil && m.Name != "x" {
		return fmt.Errorf("got %+v", m)
	}
	return err
}

const monitor7 = `{"id":7,"name":"x","type":"query alert"}`

func TestCached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, calls := counted(t, func(*http.Request) (*http.Response, error) {
			time.Sleep(10 * time.Millisecond)
			return respond(200, monitor7), nil
		})
		view := client.Cached(time.Minute)
		want := func(n int64, when string) {
			t.Helper()
			if calls.Load() != n {
				t.Errorf("%s: %d requests, want %d", when, calls.Load(), n)
			}
		}
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if err := getMonitor(t.Context(), view, 7); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		want(1, "equal reads")
		_, _ = view.Monitor(t.Context(), 7, MonitorQuery{WithDowntimes: true})
		want(2, "another read")
		_ = getMonitor(t.Context(), client, 7)
		want(3, "a client without a cache")
		_ = getMonitor(t.Context(), client.Cached(2*time.Minute), 7)
		want(3, "another view")
		time.Sleep(time.Minute)
		_ = getMonitor(t.Context(), view, 7)
		want(4, "an old result")
	})
}

func TestCached_Error(t *testing.T) {
	for status, requests := range map[int]int64{404: 1, 403: 1, 500: 3, 429: 3, 200: 3} { // 200 is unreadable.
		client, calls := counted(t, answering(status, `{"errors":["Monitor not found"]}`))
		for range 3 {
			err := getMonitor(t.Context(), client.Cached(time.Minute), 7)
			if fault.IsTemporary(err) != (requests == 3) || fault.From(err).Kind == fault.Internal {
				t.Fatalf("status %d: got %v", status, err)
			}
		}
		if calls.Load() != requests {
			t.Errorf("status %d: %d requests, want %d", status, calls.Load(), requests)
		}
	}
	client, calls := counted(t, answering(500, ""))
	failed := getMonitor(t.Context(), client.Cached(time.Minute), 7)
	client.http.Transport = answering(200, monitor7)
	if err := getMonitor(t.Context(), client.Cached(time.Minute), 7); failed == nil || err != nil || calls.Load() != 1 {
		t.Errorf("after a temporary error: %v", err)
	}
}

func TestCached_Bounds(t *testing.T) {
	page := strings.Repeat("x", 3<<20)
	client, calls := counted(t, answering(200, fmt.Sprintf(`{"id":7,"name":"x","message":%q}`, page)))
	view := client.Cached(time.Minute)
	for range 2 {
		for id := range int64(3) {
			if err := getMonitor(t.Context(), view, id); err != nil {
				t.Fatal(err)
			}
		}
	}
	if calls.Load() != 6 || view.cache.bytes > maxCacheBytes || len(view.cache.results) != 2 {
		t.Errorf("%d requests; the cache has %d bytes in %d results", calls.Load(), view.cache.bytes, len(view.cache.results))
	}
	client, _ = counted(t, answering(200, monitor7))
	view = client.Cached(time.Minute)
	for id := range int64(maxCacheEntries + 5) {
		_ = getMonitor(t.Context(), view, id)
	}
	if got := len(view.cache.results); got != maxCacheEntries {
		t.Errorf("the cache has %d results, want %d", got, maxCacheEntries)
	}
}

func TestCached_CallerCancelled(t *testing.T) {
	for name, first := range map[string]bool{"first caller": true, "second caller": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, _ := counted(t, func(r *http.Request) (*http.Response, error) {
					select {
					case <-time.After(time.Second):
						return respond(200, monitor7), nil
					case <-r.Context().Done():
						return nil, r.Context().Err()
					}
				})
				view := client.Cached(time.Minute)
				short, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
				defer cancel()
				contexts := []context.Context{t.Context(), short}
				if first {
					contexts[0], contexts[1] = short, t.Context()
				}
				var all sync.WaitGroup
				for _, ctx := range contexts {
					all.Go(func() {
						err := getMonitor(ctx, view, 7)
						if f := fault.From(err); ctx == short && (f == nil || f.Public != "Datadog took too long to get the monitor") || ctx != short && err != nil {
							t.Errorf("deadline %v: got %v", ctx == short, err)
						}
					})
					synctest.Wait()
				}
				all.Wait()
			})
		})
	}
}

func TestCached_HTTPClientTimeout(t *testing.T) {
	client, calls := counted(t, func(*http.Request) (*http.Response, error) { return nil, context.DeadlineExceeded })
	if err := getMonitor(t.Context(), client.Cached(time.Minute), 7); !fault.IsTemporary(err) || calls.Load() != 1 {
		t.Errorf("%d requests, %v", calls.Load(), err)
	}
}

func TestCached_Panic(t *testing.T) {
	client, _ := counted(t, func(*http.Request) (*http.Response, error) { panic("a private text") })
	err := getMonitor(t.Context(), client.Cached(time.Minute), 7)
	if f := fault.From(err); f == nil || f.Kind != fault.Internal || strings.Contains(f.Public, "private") {
		t.Errorf("got %v", err)
	}
}

func TestCached_SharedResults(t *testing.T) {
	client, calls := counted(t, answering(200, `{"events":[{"id_str":"7"}]}`))
	view := client.Cached(time.Minute)
	first, err := view.Events(t.Context(), EventQuery{})
	second, _ := view.Events(t.Context(), EventQuery{})
	if err != nil || &first[0] != &second[0] || calls.Load() != 1 {
		t.Errorf("%d requests, %v: the events were decoded twice", calls.Load(), err)
	}
	client, _ = counted(t, answering(200, `{"data":{"attributes":{"slos":[{"data":{"id":"a"}}]}}}`))
	view = client.Cached(time.Minute)
	one, _ := view.SLOs(t.Context(), "", 1)
	two, _ := view.SLOs(t.Context(), "", 1)
	if &one[0] == &two[0] {
		t.Error("the caller sorts the SLOs, so it needs a list of its own")
	}
}

func TestClient_RateLimit(t *testing.T) {
	for name, answer := range map[string]roundTrip{
		"rejected": answering(429, "", "X-RateLimit-Reset", "30"),
		"used up":  answering(200, monitor7, "X-RateLimit-Reset", "30", "X-RateLimit-Remaining", "0"),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, calls := counted(t, answer)
				_ = getMonitor(t.Context(), client, 7)
				time.Sleep(10 * time.Second)
				err := getMonitor(t.Context(), client.Cached(time.Minute), 8)
				if f := fault.From(err); calls.Load() != 1 || f == nil || f.Kind != fault.Temporary || f.RetryAfter != 20*time.Second {
					t.Errorf("%d requests, then %v", calls.Load(), err)
				}
				if _, err := client.SLOs(t.Context(), "", 1); calls.Load() != 2 {
					t.Errorf("the limit of one call stops another: %v", err)
				}
				time.Sleep(20 * time.Second)
				if _ = getMonitor(t.Context(), client, 8); calls.Load() != 3 {
					t.Error("the limit lasts too long")
				}
			})
		})
	}
	for name, answer := range map[string]roundTrip{
		"another error": answering(500, "", "X-RateLimit-Reset", "30", "X-RateLimit-Remaining", "0"),
		"not used up":   answering(200, monitor7, "X-RateLimit-Reset", "30", "X-RateLimit-Remaining", "1"),
	} {
		client, calls := counted(t, answer)
		_ = getMonitor(t.Context(), client, 7)
		err := getMonitor(t.Context(), client, 7)
		if f := fault.From(err); calls.Load() != 2 || f != nil && f.RetryAfter != 0 {
			t.Errorf("%s: %d requests, %v", name, calls.Load(), err)
		}
	}
}

// TestClient_Lists holds the bodies of ten lists back. Four are read at once, the others
// wait within their deadlines, and no other call waits for them.
func TestClient_Lists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var reading, most atomic.Int64
		client, calls := counted(t, func(r *http.Request) (*http.Response, error) {
			if r.URL.Path != eventsPath || r.Method != http.MethodGet {
				return respond(202, wholeAnswer), nil
			}
			return &http.Response{StatusCode: 200, Body: io.NopCloser(slowBody{strings.NewReader(wholeAnswer), &reading, &most})}, nil
		})
		list := func(after time.Duration) (time.Duration, error) {
			ctx, cancel := context.WithTimeout(t.Context(), after)
			defer cancel()
			start := time.Now()
			_, err := client.Events(ctx, EventQuery{})
			return time.Since(start), err
		}
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				if took, err := list(10 * time.Second); err != nil || took > 3*time.Second {
					t.Errorf("a list took %s: %v", took, err)
				}
			})
		}
		synctest.Wait()
		if took, err := list(time.Millisecond); !fault.IsTemporary(err) || took != time.Millisecond {
			t.Errorf("a list without time took %s: %v", took, err)
		}
		start := time.Now()
		if err := createCalls["create"].do(t.Context(), client); err != nil || time.Since(start) > 0 {
			t.Errorf("an event took %s: %v", time.Since(start), err)
		}
		all.Wait()
		if most.Load() != maxLists || calls.Load() != 12 {
			t.Errorf("%d lists at once of %d calls", most.Load(), calls.Load())
		}
	})
}

// slowBody is read in a second, and counts how many are read at once.
type slowBody struct {
	io.Reader
	reading, most *atomic.Int64
}

func (b slowBody) Read(p []byte) (int, error) {
	b.most.Store(max(b.most.Load(), b.reading.Add(1)))
	defer b.reading.Add(-1)
	time.Sleep(500 * time.Millisecond)
	return b.Reader.Read(p)
}

// The monotonic clock of a frozen instance may have stood still, and results would not age.
func TestCached_WallClock(t *testing.T) {
	c := clientOver(t, answering(200, monitor7, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "30"), keyring{})
	if err := getMonitor(t.Context(), c.Cached(time.Minute), 7); err != nil {
		t.Fatal(err)
	}
	var times []time.Time
	for _, r := range c.cache.results {
		times = append(times, r.asked)
	}
	for _, at := range c.cache.limited {
		times = append(times, at)
	}
	for _, at := range times {
		if strings.Contains(at.String(), " m=") {
			t.Errorf("%v has a reading of the monotonic clock", at)
		}
	}
	if len(times) != 2 {
		t.Errorf("the cache has the times %v", times)
	}
}
