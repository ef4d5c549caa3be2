package handler_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"boomerang/functions/local/functionurl"
	"boomerang/functions/webhook/handler"
	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/pipeline"
	"boomerang/shared/site"
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

// BenchmarkTorq_read_by_encoding_json is the yardstick, since machines differ:
// what the standard library takes to read the same body into a map.
func BenchmarkTorq_read_by_encoding_json(b *testing.B) {
	request, err := functionurl.ReadFile("../../../events/torq-payload.json")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		var payload map[string]any
		if err := json.Unmarshal([]byte(request.Body), &payload); err != nil {
			b.Fatal(err)
		}
	}
}

// tally counts what is asked of Datadog.
type tally struct {
	http.RoundTripper
	reads, posts atomic.Int64
}

func (c *tally) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPost && r.URL.Path == "/api/v1/events" {
		c.posts.Add(1)
	} else {
		c.reads.Add(1)
	}
	return c.RoundTripper.RoundTrip(r)
}

// BenchmarkStorm sends 10,000 alerts of 200 monitors, 16 at once, through the
// handler with both steps: at most 0.2 reads an alert, and every event posted.
func BenchmarkStorm(b *testing.B) {
	const alerts, monitors, atOnce = 10_000, 200, 16
	for b.Loop() {
		server := httptest.NewServer(fakedatadog.New(fakedatadog.Options{}))
		count := &tally{RoundTripper: &http.Transport{MaxIdleConnsPerHost: 4 * atOnce}}
		client, err := datadog.New(datadog.Config{Site: site.US1, BaseURL: server.URL, HTTPClient: &http.Client{Transport: count}}, keys{})
		if err != nil {
			b.Fatal(err)
		}
		p := pipeline.New(pipeline.Config{Playbooks: playbooks(client), EnrichBudget: time.Second, Poster: client})
		h := handler.New(handler.Config{Tokens: token{goodToken}, Run: p.Run, DryRun: p.DryRun})
		now := time.Now().UnixMilli()
		var next, failed atomic.Int64
		var all sync.WaitGroup
		for range atOnce {
			all.Go(func() {
				for i := next.Add(1); i <= alerts; i = next.Add(1) {
					body := fmt.Sprintf(`{"id":"%d","title":"[Triggered] Checkout is slow","date":"%d","alert_id":"%d","tags":"env:prod,service:s%d"}`,
						7284105863092650000+i, now, 4000+i%monitors, i%monitors)
					if response, err := h.Handle(context.Background(), post(body)); err != nil || response.StatusCode != http.StatusOK {
						failed.Add(1)
					}
				}
			})
		}
		all.Wait()
		server.Close()
		if failed.Load() > 0 || count.posts.Load() != alerts {
			b.Fatalf("%d alerts failed, %d events were posted", failed.Load(), count.posts.Load())
		}
		b.ReportMetric(float64(count.reads.Load())/alerts, "reads/alert")
	}
}
