package datadog_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"boomerang/shared/datadog"
	"boomerang/shared/fault"
	"boomerang/shared/site"
)

type fixedKeys struct{}

func (fixedKeys) Keys(context.Context) (datadog.Keys, error) {
	return datadog.Keys{API: "k", App: "a"}, nil
}

func (k fixedKeys) Renew(ctx context.Context, _ datadog.Keys) (datadog.Keys, error) {
	return k.Keys(ctx)
}

// counted is a client of a server that answers as told and counts the calls.
func counted(t *testing.T, answer http.HandlerFunc) (*datadog.Client, *atomic.Int64) {
	t.Helper()
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	client, err := datadog.New(datadog.Config{Site: site.US1, BaseURL: server.URL}, fixedKeys{})
	if err != nil {
		t.Fatal(err)
	}
	return client, &calls
}

func monitor7(w http.ResponseWriter, _ *http.Request) {
	_, _ = w.Write([]byte(`{"id":7,"name":"x","type":"query alert"}`))
}

func TestCached_asks_for_equal_reads_once(t *testing.T) {
	client, calls := counted(t, func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(10 * time.Millisecond)
		monitor7(w, r)
	})
	view := client.Cached(time.Minute)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if m, err := view.Monitor(t.Context(), 7, datadog.MonitorQuery{}); err != nil || m.Name != "x" {
				t.Errorf("got %+v, %v", m, err)
			}
		})
	}
	all.Wait()
	if n := calls.Load(); n != 1 {
		t.Errorf("20 equal reads were %d calls", n)
	}
	if _, err := view.Monitor(t.Context(), 7, datadog.MonitorQuery{WithDowntimes: true}); err != nil || calls.Load() != 2 {
		t.Errorf("another question got the same answer: %d calls, %v", calls.Load(), err)
	}
	if _, err := client.Monitor(t.Context(), 7, datadog.MonitorQuery{}); err != nil || calls.Load() != 3 {
		t.Errorf("a client without a cache did not ask: %d calls, %v", calls.Load(), err)
	}
	if _, err := client.Cached(time.Nanosecond).Monitor(t.Context(), 7, datadog.MonitorQuery{}); err != nil || calls.Load() != 4 {
		t.Errorf("an answer that is too old was given: %d calls, %v", calls.Load(), err)
	}
}

func TestCached_keeps_no_failure(t *testing.T) {
	broken := true
	client, calls := counted(t, func(w http.ResponseWriter, r *http.Request) {
		if broken {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		monitor7(w, r)
	})
	view := client.Cached(time.Minute)
	if _, err := view.Monitor(t.Context(), 7, datadog.MonitorQuery{}); !fault.IsTemporary(err) {
		t.Fatalf("got %v", err)
	}
	broken = false
	if _, err := view.Monitor(t.Context(), 7, datadog.MonitorQuery{}); err != nil || calls.Load() != 2 {
		t.Errorf("%d calls, %v", calls.Load(), err)
	}
}

func TestCached_keeps_a_refusal(t *testing.T) {
	client, calls := counted(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"errors":["Monitor not found"]}`))
	})
	for range 3 {
		if _, err := client.Cached(time.Minute).Monitor(t.Context(), 7, datadog.MonitorQuery{}); fault.From(err).Kind != fault.Permanent {
			t.Fatalf("got %v", err)
		}
	}
	if calls.Load() != 1 {
		t.Errorf("%d calls for a monitor that is not there", calls.Load())
	}
}

func TestCached_keeps_what_memory_allows(t *testing.T) {
	page := strings.Repeat("x", 3<<20)
	client, calls := counted(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"id":7,"name":"x","type":"query alert","message":%q}`, page)
	})
	view := client.Cached(time.Minute)
	for round := range 2 {
		for id := range int64(3) {
			if _, err := view.Monitor(t.Context(), 7+id, datadog.MonitorQuery{}); err != nil {
				t.Fatalf("round %d: %v", round, err)
			}
		}
	}
	if n := calls.Load(); n != 6 {
		t.Errorf("%d calls: nine MiB of answers are within eight", n)
	}
}

func TestCached_does_not_let_one_callers_hurry_fail_another(t *testing.T) {
	release := make(chan struct{})
	client, _ := counted(t, func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
			monitor7(w, r)
		case <-r.Context().Done():
		}
	})
	view := client.Cached(time.Minute)
	hurried, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { _, _ = view.Monitor(hurried, 7, datadog.MonitorQuery{}) })
	time.Sleep(20 * time.Millisecond)
	all.Go(func() {
		if m, err := view.Monitor(t.Context(), 7, datadog.MonitorQuery{}); err != nil || m.ID != 7 {
			t.Errorf("got %+v, %v", m, err)
		}
	})
	time.Sleep(20 * time.Millisecond)
	cancel()
	close(release)
	all.Wait()
}

func TestReads_are_not_asked_before_the_rate_limit_ends(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"refused": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-RateLimit-Reset", "30")
			w.WriteHeader(http.StatusTooManyRequests)
		},
		"used up": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-RateLimit-Reset", "30")
			w.Header().Set("X-RateLimit-Remaining", "0")
			monitor7(w, r)
		},
	} {
		t.Run(name, func(t *testing.T) {
			client, calls := counted(t, answer)
			_, _ = client.Monitor(t.Context(), 7, datadog.MonitorQuery{})
			_, err := client.Cached(time.Minute).Monitor(t.Context(), 8, datadog.MonitorQuery{})
			if e := fault.From(err); calls.Load() != 1 || e == nil || e.Kind != fault.Temporary || e.RetryAfter < 20*time.Second {
				t.Errorf("%d calls, then %v", calls.Load(), err)
			}
		})
	}
}
