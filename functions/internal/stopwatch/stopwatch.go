// Package stopwatch measures, for benchmarks, what part of some work is its own and
// not that of the calls it waits for.
package stopwatch

import (
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// Transport measures for how long at least one call is under way: until its answer's
// head is there, and while somebody waits for more of the answer's body. What is done
// with the body in between is the work's own.
type Transport struct {
	http.RoundTripper

	mu       sync.Mutex
	underway int
	since    time.Time
	total    time.Duration
	own      []time.Duration
}

// RoundTrip implements http.RoundTripper.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	t.count(1)
	defer t.count(-1)
	answer, err := t.RoundTripper.RoundTrip(r)
	if err == nil {
		answer.Body = body{answer.Body, t}
	}
	return answer, err
}

type body struct {
	io.ReadCloser
	watch *Transport
}

func (b body) Read(p []byte) (int, error) {
	b.watch.count(1)
	defer b.watch.count(-1)
	return b.ReadCloser.Read(p)
}

func (t *Transport) count(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if t.underway > 0 {
		t.total += now.Sub(t.since)
	}
	t.underway, t.since = t.underway+n, now
}

// Measure does some work, and notes for how long no call was under way.
func (t *Transport) Measure(work func()) {
	t.take()
	start := time.Now()
	work()
	took := time.Since(start)
	t.own = append(t.own, took-t.take())
}

// take returns for how long calls were under way since it was last called.
func (t *Transport) take() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	total := t.total
	t.total = 0
	return total
}

// Report adds what was measured to a benchmark's figures.
func (t *Transport) Report(b *testing.B) {
	slices.Sort(t.own)
	b.ReportMetric(float64(t.own[len(t.own)/2].Microseconds()), "own-µs/median")
	b.ReportMetric(float64(t.own[len(t.own)*99/100].Microseconds()), "own-µs/p99")
}
