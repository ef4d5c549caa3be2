package telemetry

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// heard is an extension without a network, so that time and order are the test's own.
type heard struct {
	net.Conn // Nothing but Write is used.
	// takes is how long a request of a kind takes; nil for none at all.
	takes func(kind string) time.Duration

	mu   sync.Mutex
	said []string // in its order: "start-invocation", and "/start-invocation" once it is answered
	all  bytes.Buffer
}

func (h *heard) hear(what string, body []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.said = append(h.said, what)
	h.all.Write(body)
}

// times is how often something stands in what was heard.
func (h *heard) times(what string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Count(h.all.String(), what)
}

// RoundTrip is the extension's HTTP.
func (h *heard) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	kind := path.Base(r.URL.Path)
	h.hear(kind, body)
	if h.takes != nil {
		select {
		case <-time.After(h.takes(kind)):
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	h.hear("/"+kind, nil)
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
}

// Write is the extension's UDP.
func (h *heard) Write(packet []byte) (int, error) {
	h.hear("metrics", packet)
	return len(packet), nil
}

// runs invokes a handler that does what do does, with a second of time, and returns how
// long it took.
func (h *heard) runs(t *testing.T, do func(context.Context)) time.Duration {
	t.Helper()
	w := wrappedFor(h.RoundTrip, do)
	w.client.udp = func() (net.Conn, error) { return h, nil }
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := w.Invoke(ctx, []byte(`{}`)); err != nil {
		t.Error(err)
	}
	return time.Since(began)
}

// claims leaves a span and a metric.
func claims(ctx context.Context) {
	_, span := Start(ctx, "claim")
	span.End(nil)
	Received.Record(ctx, 1)
}

func TestWrap_sends_metrics_first_then_traces_beside_the_end_and_answers_last(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		takes := map[string]time.Duration{"start-invocation": 10 * time.Millisecond, "traces": 20 * time.Millisecond, "end-invocation": 30 * time.Millisecond}
		h := &heard{takes: func(kind string) time.Duration { return takes[kind] }}
		if took := h.runs(t, claims); took != 40*time.Millisecond {
			t.Errorf("it took %v", took)
		}
		if len(h.said) > 5 {
			slices.Sort(h.said[3:5]) // Those two go side by side.
		}
		want := []string{"start-invocation", "/start-invocation", "metrics", "end-invocation", "traces", "/traces", "/end-invocation"}
		if diff := cmp.Diff(want, h.said); diff != "" {
			t.Errorf("it was told (-want +got):\n%s", diff)
		}
	})
}

func TestWrap_sends_nothing_twice_that_it_sent_before_the_deadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &heard{}
		h.runs(t, func(ctx context.Context) {
			claims(ctx)
			time.Sleep(920 * time.Millisecond)
			if n := h.times("boomerang.claim"); n != 1 {
				t.Errorf("before the deadline the span went %d times", n)
			}
		})
		for _, what := range []string{"boomerang.claim", "boomerang.received", "dd-tracer-serverless-span"} {
			if n := h.times(what); n != 1 {
				t.Errorf("%s went %d times", what, n)
			}
		}
	})
}

// TestWrap_waits_for_what_it_sends_before_the_deadline: once it has answered, Lambda
// freezes it in the middle of whatever it does.
func TestWrap_waits_for_what_it_sends_before_the_deadline(t *testing.T) {
	for name, c := range map[string]struct{ takes, want time.Duration }{
		"until it is sent":               {40 * time.Millisecond, 940 * time.Millisecond},
		"until 50 ms are left to answer": {time.Hour, 950 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var flushed atomic.Bool
				h := &heard{takes: func(kind string) time.Duration {
					if kind == "traces" && !flushed.Swap(true) {
						return c.takes
					}
					return 0
				}}
				took := h.runs(t, func(ctx context.Context) {
					claims(ctx)
					time.Sleep(910 * time.Millisecond) // The flush has run for 10 ms then.
				})
				if took != c.want {
					t.Errorf("it answered after %v, want %v, and was told %v", took, c.want, h.said)
				}
			})
		})
	}
}

func TestWrap_keeps_nothing_that_comes_after_the_end(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var late context.Context
		(&heard{}).runs(t, func(ctx context.Context) { late = ctx })
		claims(late)
		if inv := spanOf(late).invocation; len(inv.finished)+len(inv.measured) > 0 {
			t.Errorf("it keeps %v and %q, which nobody sends", inv.finished, inv.measured)
		}
	})
}

// TestSpan_End_leaves_no_span_without_a_duration: the clock may stand still meanwhile.
func TestSpan_End_leaves_no_span_without_a_duration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		(&heard{}).runs(t, func(ctx context.Context) {
			_, span := Start(ctx, "claim")
			span.End(nil)
			if span.duration != 1 {
				t.Errorf("it lasted %v", span.duration)
			}
		})
	})
}
