package scale

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"

	"boomerang/shared/datadog"
	"boomerang/shared/fakedatadog"
)

// What a call takes, for want of published figures: an API in the same region.
const (
	readTime = 120 * time.Millisecond
	postTime = 80 * time.Millisecond
)

// api is Datadog: the stand-in with Datadog's limits, a round trip away.
type api struct {
	server *fakedatadog.Server

	mu      sync.Mutex
	began   time.Time
	calls   map[fakedatadog.Route]int
	refused map[fakedatadog.Route]refusals
	posted  map[int64]time.Time // by $ID: when Datadog had the event
}

// refusals are the answers 429 of one route.
type refusals struct {
	first time.Duration // after the storm began
	n     int
}

func newAPI(monitors int) *api {
	a := &api{
		server: fakedatadog.New(fakedatadog.Options{Now: time.Now, VisibleAfter: -1}), began: time.Now(),
		calls: map[fakedatadog.Route]int{}, refused: map[fakedatadog.Route]refusals{}, posted: map[int64]time.Time{},
	}
	for m := range monitors {
		a.server.AddMonitor(fakedatadog.Monitor{ID: int64(firstMonitor + m), Name: "Latency", Type: "query alert", Query: "avg(last_5m):avg:latency{*} > 1"})
	}
	return a
}

// RoundTrip answers a request after the time that it takes.
func (a *api) RoundTrip(r *http.Request) (*http.Response, error) {
	route, takes := a.server.Route(r), readTime
	if route == fakedatadog.EventsCreate {
		takes = postTime
	}
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	if err := pause(r.Context(), takes); err != nil {
		return nil, err
	}
	request := r.Clone(r.Context())
	request.Body = io.NopCloser(strings.NewReader(string(body)))
	recorder := httptest.NewRecorder()
	a.server.ServeHTTP(recorder, request)
	a.note(route, recorder.Code, body)
	return recorder.Result(), nil
}

func (a *api) note(route fakedatadog.Route, code int, body []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls[route]++
	if code == http.StatusTooManyRequests {
		r, seen := a.refused[route]
		if !seen {
			r.first = time.Since(a.began)
		}
		r.n++
		a.refused[route] = r
		return
	}
	if route != fakedatadog.EventsCreate || code/100 != 2 {
		return
	}
	var event struct {
		ID int64 `json:"related_event_id"`
	}
	if json.Unmarshal(body, &event) == nil {
		a.posted[event.ID] = time.Now()
	}
}

// completeness counts the events by how much was found for them.
func (a *api) completeness() map[string]int {
	counted := map[string]int{}
	for _, p := range a.server.Posted() {
		for _, tag := range p.Event.Tags {
			if value, ok := strings.CutPrefix(tag, "enrichment:"); ok {
				counted[value]++
			}
		}
	}
	return counted
}

// pause takes time, unless ctx ends before.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// keys are those that the stand-in takes.
type keys struct{}

func (keys) Keys(context.Context) (datadog.Keys, error) {
	return datadog.Keys{API: fakedatadog.DefaultAPIKey, App: fakedatadog.DefaultAppKey}, nil
}

func (k keys) Renew(ctx context.Context, _ datadog.Keys) (datadog.Keys, error) { return k.Keys(ctx) }

const (
	firstID      = 8391473610920000000
	firstMonitor = 4000
)

func monitorOf(i, monitors int) string { return strconv.Itoa(firstMonitor + i%monitors) }
