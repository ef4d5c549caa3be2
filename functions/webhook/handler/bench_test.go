package handler_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"boomerang/functions/local/functionurl"
	"boomerang/functions/webhook/handler"
	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/pipeline"
	"boomerang/shared/site"
	"boomerang/shared/standin"
)

// BenchmarkTorq_decode_and_compose is what the function itself does with an
// alert: at most 60 µs and 250 allocations.
func BenchmarkTorq_decode_and_compose(b *testing.B) {
	request, err := functionurl.ReadFile("../../../events/torq-payload.json")
	if err != nil {
		b.Fatal(err)
	}
	body, found, now := []byte(request.Body), []enrich.Result(nil), time.Now()
	b.ReportAllocs()
	for b.Loop() {
		a, err := alert.Decode(body)
		if err != nil {
			b.Fatal(err)
		}
		event.Compose(a, event.Draft{Playbook: "default"}, found, now)
	}
}

// stopwatch measures the calls to Datadog from where they are made, so that what
// is left of the handler's time is its own.
type stopwatch struct {
	http.RoundTripper
	mu          sync.Mutex
	read, write time.Duration
}

func (s *stopwatch) RoundTrip(r *http.Request) (*http.Response, error) {
	start := time.Now()
	response, err := s.RoundTripper.RoundTrip(r)
	took := time.Since(start)
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Method == http.MethodPost {
		s.write = took
	} else {
		s.read = max(s.read, took)
	}
	return response, err
}

// BenchmarkHandler_overhead reports what the whole handler takes beyond its
// slowest read and the post, with both steps: at most 1 ms at the median.
func BenchmarkHandler_overhead(b *testing.B) {
	server := httptest.NewServer(standin.New(standin.Options{}))
	defer server.Close()
	watch := &stopwatch{RoundTripper: http.DefaultTransport}
	client, err := datadog.New(datadog.Config{Site: site.US1, BaseURL: server.URL, HTTPClient: &http.Client{Transport: watch}}, keys{})
	if err != nil {
		b.Fatal(err)
	}
	p := pipeline.New(pipeline.Config{Playbooks: playbooks(client), EnrichBudget: time.Second, Poster: client})
	h := handler.New(handler.Config{Tokens: token{goodToken}, Run: p.Run, DryRun: p.DryRun})
	request := post(torqBody)
	var own []time.Duration
	for b.Loop() {
		watch.read, watch.write = 0, 0
		start := time.Now()
		response, err := h.Handle(context.Background(), request)
		took := time.Since(start)
		if err != nil || response.StatusCode != http.StatusOK || !strings.Contains(response.Body, `"posted"`) {
			b.Fatalf("got %d %s, %v", response.StatusCode, response.Body, err)
		}
		own = append(own, took-watch.read-watch.write)
	}
	slices.Sort(own)
	b.ReportMetric(float64(own[len(own)/2].Microseconds()), "own-µs/median")
	b.ReportMetric(float64(own[len(own)*99/100].Microseconds()), "own-µs/p99")
}
