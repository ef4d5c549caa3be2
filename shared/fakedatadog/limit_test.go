package fakedatadog_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fakedatadog"
)

func rateHeaders(h http.Header) map[string]string {
	got := map[string]string{}
	for _, name := range []string{"Limit", "Period", "Remaining", "Reset", "Name"} {
		if v := h.Get("X-RateLimit-" + name); v != "" {
			got[name] = v
		}
	}
	return got
}

func TestServer_Limit(t *testing.T) {
	clock := newWatch()
	clock.advance(3500 * time.Millisecond)
	s := fakedatadog.New(fakedatadog.Options{Now: clock.Now, VisibleAfter: -1})
	if err := s.Limit(fakedatadog.EventsCreate, 2, 10*time.Second); err != nil {
		t.Fatal(err)
	}
	create := func() response { return ask(t, s, "POST", "/api/v1/events", anEvent) }
	if diff := cmp.Diff(map[string]string{"Limit": "2", "Period": "10", "Remaining": "1", "Reset": "7", "Name": "events.create"}, rateHeaders(create().mustBe(t, 202).header)); diff != "" {
		t.Errorf("first call (-want +got):\n%s", diff)
	}
	create().mustBe(t, 202)
	clock.advance(time.Second)
	refused := create().mustBe(t, 429)
	if diff := cmp.Diff(map[string]string{"Limit": "2", "Period": "10", "Remaining": "0", "Reset": "6", "Name": "events.create"}, rateHeaders(refused.header)); diff != "" {
		t.Errorf("third call (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"Rate limit of 2 requests in 10 seconds reached. Please try again later."}, refused.errorsIn(t)); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
	if len(s.Posted()) != 2 {
		t.Errorf("%d events arrived, want 2", len(s.Posted()))
	}
	clock.advance(5400 * time.Millisecond) // A tenth of a second before the period ends.
	create().mustBe(t, 429)
	clock.advance(100 * time.Millisecond)
	create().mustBe(t, 202)

	if err := s.Limit(fakedatadog.EventsCreate, 0, time.Minute); err != nil {
		t.Fatal(err)
	}
	if got := create().mustBe(t, 429).errorsIn(t)[0]; got != "Rate limit of 0 requests in 60 seconds reached. Please try again later." {
		t.Errorf("a limit of none: %s", got)
	}
}

func TestServer_DatadogLimits(t *testing.T) {
	s := newServer()
	ask(t, s, "GET", "/api/v1/events/1", "")
	ask(t, s, "DELETE", "/api/v1/monitor/1", "")
	for call, want := range map[string]map[string]string{
		"/api/v1/events/1":       {"Limit": "12000", "Period": "60", "Remaining": "11997", "Reset": "60", "Name": "global_org"}, // Shared with the delete.
		"/api/v1/events":         {"Limit": "600", "Period": "60", "Remaining": "599", "Reset": "60", "Name": "event_stream_api"},
		"/api/v1/monitor":        {"Limit": "1000", "Period": "10", "Remaining": "999", "Reset": "10", "Name": "get_all_monitors"},
		"/api/v1/monitor/1":      {"Limit": "3000", "Period": "10", "Remaining": "2999", "Reset": "10", "Name": "get_monitors"},
		"/api/v1/validate":       {},
		"/api/v1/query":          {"Limit": "1600", "Period": "3600", "Remaining": "1599", "Reset": "3600", "Name": "query_metrics"},
		"/api/v1/graph/snapshot": {"Limit": "60", "Period": "3600", "Remaining": "59", "Reset": "3600", "Name": "graph_snapshot"},
	} {
		if diff := cmp.Diff(want, rateHeaders(ask(t, s, "GET", call, "").header)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", call, diff)
		}
	}
	if got := rateHeaders(askWith(t, s, http.Header{}, "GET", "/api/v1/monitor/1", "").header); len(got) != 0 {
		t.Errorf("a refused caller is shown a limit: %v", got)
	}
}

func TestServer_InvalidLimit(t *testing.T) {
	s := newServer()
	for name, err := range map[string]error{
		"an unknown route": s.Limit("events.creat", 1, time.Second),
		"every route":      s.Limit(fakedatadog.AnyRoute, 1, time.Second),
		"less than none":   s.Limit(fakedatadog.EventsCreate, -1, time.Second),
		"a short period":   s.Limit(fakedatadog.EventsCreate, 1, time.Millisecond),
		"a broken second":  s.Limit(fakedatadog.EventsCreate, 1, 1500*time.Millisecond),
	} {
		if err == nil {
			t.Errorf("a limit on %s was accepted", name)
		}
	}
}

func TestServer_RateLimitedFault(t *testing.T) {
	s := newServer()
	for _, tc := range []struct {
		path string
		name fakedatadog.Route
		m    fakedatadog.Fault
		want map[string]string
	}{
		{"/api/v1/events", fakedatadog.EventsList, fakedatadog.RateLimited, map[string]string{"Limit": "600", "Period": "60", "Remaining": "0", "Reset": "60", "Name": "event_stream_api"}},
		{"/api/v1/events", fakedatadog.EventsList, "rate-limited:1500ms", map[string]string{"Limit": "600", "Period": "60", "Remaining": "0", "Reset": "2", "Name": "event_stream_api"}},
		{"/api/v1/events", fakedatadog.EventsList, fakedatadog.Status(429), map[string]string{"Limit": "600", "Period": "60", "Remaining": "0", "Reset": "60", "Name": "event_stream_api"}},
		{"/api/v1/validate", fakedatadog.Validate, fakedatadog.RateLimited, map[string]string{"Limit": "12000", "Period": "60", "Remaining": "0", "Reset": "60", "Name": "global_org"}},
	} {
		if err := s.Inject(tc.name, tc.m, 1); err != nil {
			t.Fatal(err)
		}
		got := ask(t, s, "GET", tc.path, "").mustBe(t, 429)
		if diff := cmp.Diff(tc.want, rateHeaders(got.header)); diff != "" {
			t.Errorf("%s on %s (-want +got):\n%s", tc.m, tc.path, diff)
		}
		if len(got.errorsIn(t)) != 1 {
			t.Errorf("%s on %s: body %s", tc.m, tc.path, got.body)
		}
	}
}
