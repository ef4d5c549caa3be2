package fakedatadog_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"boomerang/shared/fakedatadog"
)

// rate returns the headers about a limit: "limit remaining/period reset name".
func rate(h http.Header) string {
	var values []string
	for _, name := range []string{"Limit", "Remaining", "Period", "Reset", "Name"} {
		values = append(values, h.Get("X-RateLimit-"+name))
	}
	return strings.TrimSpace(strings.Join(values, " "))
}

func TestServer_RateLimits(t *testing.T) {
	now := noon.Add(2500 * time.Millisecond)
	s := fakedatadog.New(fakedatadog.Options{Now: func() time.Time { return now }, VisibleAfter: -1})
	if err := s.Limit(fakedatadog.EventsCreate, 2, 10*time.Second); err != nil {
		t.Fatal(err)
	}
	const create, list, query = "POST /api/v1/events", "GET /api/v1/events?start=0&end=1", "GET /api/v1/query?from=1&to=2&query=x"
	for i, c := range []struct {
		call    string
		status  int
		headers string
		pause   time.Duration
	}{
		{call: list, status: 200, headers: "600 599 60 58 event_stream_api"},
		{call: list, status: 200, headers: "600 598 60 58 event_stream_api"},
		{call: query, status: 200, headers: "1600 1599 3600 3598 query_metrics"},
		{call: "GET /api/v1/events/1", status: 404, headers: "12000 11999 60 58 global_org"},
		{call: "GET /api/v1/hosts", status: 200, headers: "12000 11998 60 58 global_org"}, // The same budget.
		{call: "GET /api/v1/validate", status: 200},
		{call: create, status: 202, headers: "2 1 10 8 events.create"},
		{call: create, status: 202, headers: "2 0 10 8 events.create"},
		{call: create, status: 429, headers: "2 0 10 8 events.create", pause: 7 * time.Second},
		{call: create, status: 429, headers: "2 0 10 1 events.create", pause: time.Second},
		{call: create, status: 202, headers: "2 1 10 10 events.create"},
	} {
		method, target, _ := strings.Cut(c.call, " ")
		got := ask(t, s, method, target, anEvent).mustBe(t, c.status)
		if rate(got.header) != c.headers {
			t.Errorf("call %d to %s: limit %q, want %q", i, c.call, rate(got.header), c.headers)
		}
		if c.status == 429 && pick(t, got.body, "errors.*") != "Rate limit of 2 requests in 10 seconds reached. Please try again later." {
			t.Errorf("body %s", got.body)
		}
		now = now.Add(c.pause)
	}
	if got := len(s.Posted()); got != 3 {
		t.Errorf("%d events were accepted, want 3", got)
	}
	askWith(t, s, http.Header{}, "POST", "/api/v1/events", anEvent).mustBe(t, 403) // Not counted.

	if s.Limit("events.creat", 1, time.Second) == nil || s.Limit(fakedatadog.EventsCreate, -1, time.Second) == nil || s.Limit(fakedatadog.EventsCreate, 1, time.Millisecond) == nil {
		t.Error("an invalid limit was accepted")
	}
}

func TestServer_InjectRateLimited(t *testing.T) {
	s := newServer()
	for _, c := range []struct {
		call    string
		route   fakedatadog.Route
		fault   fakedatadog.Fault
		headers string
	}{
		{"/api/v1/events?start=0&end=1", fakedatadog.EventsList, fakedatadog.RateLimited, "600 0 60 60 event_stream_api"},
		{"/api/v1/events?start=0&end=1", fakedatadog.EventsList, "rate-limited:7s", "600 0 60 7 event_stream_api"},
		{"/api/v1/events?start=0&end=1", fakedatadog.EventsList, fakedatadog.Status(429), "600 0 60 60 event_stream_api"},
		{"/api/v1/validate", fakedatadog.Validate, fakedatadog.RateLimited, "12000 0 60 60 global_org"},
	} {
		inject(t, s, c.route, c.fault, 1)
		if got := rate(ask(t, s, "GET", c.call, "").mustBe(t, 429).header); got != c.headers {
			t.Errorf("%s on %s: limit %q, want %q", c.fault, c.call, got, c.headers)
		}
	}
}
