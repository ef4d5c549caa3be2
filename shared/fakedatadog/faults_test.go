package fakedatadog_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fakedatadog"
)

// post posts an event over a socket and reads the whole answer.
func post(ctx context.Context, t *testing.T, server *httptest.Server) (status int, body string, err error) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+"/api/v1/events", strings.NewReader(anEvent))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = rightKeys.Clone()
	w, err := server.Client().Do(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = w.Body.Close() }()
	raw, err := io.ReadAll(w.Body)
	return w.StatusCode, string(raw), err
}

func inject(t *testing.T, s *fakedatadog.Server, name fakedatadog.Route, f fakedatadog.Fault, calls int) {
	t.Helper()
	if err := s.Inject(name, f, calls); err != nil {
		t.Fatal(err)
	}
}

func faulty(t *testing.T, m fakedatadog.Fault) (*fakedatadog.Server, *httptest.Server) {
	t.Helper()
	s := newServer()
	inject(t, s, fakedatadog.EventsCreate, m, 1)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, server
}

func TestServer_Inject(t *testing.T) {
	const valid, invalid = "valid JSON", "invalid JSON"
	gateway502 := strings.NewReplacer("403", "502", "Forbidden", "Bad Gateway").Replace(frontDoor403)
	for f, want := range map[fakedatadog.Fault]struct {
		effect bool // The event arrives.
		status int
		body   string // valid, invalid, or its start.
		err    error
	}{
		"slow:30ms":              {true, 202, valid, nil},
		"drip:30ms":              {true, 202, valid, nil},
		fakedatadog.Reset:        {false, 0, "", syscall.ECONNRESET},
		fakedatadog.DropResponse: {true, 0, "", syscall.ECONNRESET},
		fakedatadog.Truncate:     {true, 202, invalid, io.ErrUnexpectedEOF},
		fakedatadog.Corrupt:      {true, 202, invalid, nil},
		fakedatadog.Empty:        {true, 202, "", nil},
		fakedatadog.Forbidden:    {false, 403, frontDoor403, nil},
		fakedatadog.Status(502):  {false, 502, gateway502, nil},
		fakedatadog.Status(504):  {false, 504, "<html>", nil}, // The load balancer's.
		fakedatadog.Status(400):  {false, 400, `{"errors":["Bad Request"]}`, nil},
		fakedatadog.Status(448):  {false, 448, `{"errors":["Error 448"]}`, nil},
		fakedatadog.Status(204):  {false, 204, "", nil},
	} {
		t.Run(string(f), func(t *testing.T) {
			s, server := faulty(t, f)
			status, body, err := post(t.Context(), t, server)
			start := body[:min(len(body), len(want.body))]
			if json.Valid([]byte(body)) && want.body == valid {
				start = valid
			} else if !json.Valid([]byte(body)) && body != "" && want.body == invalid {
				start = invalid
			}
			if status != want.status || start != want.body || want.body == "" && body != "" || !errors.Is(err, want.err) {
				t.Errorf("got %d %q %v, want %+v", status, body, err, want)
			}
			if effect := len(s.Posted()) == 1; effect != want.effect {
				t.Errorf("the event arrived: %t, want %t", effect, want.effect)
			}
			if got := s.Requests()[0].Fault; got != f {
				t.Errorf("logged as %q", got)
			}
			if status, _, err := post(t.Context(), t, server); status != 202 || err != nil {
				t.Errorf("the next call: %d %v, want 202", status, err)
			}
			if diff := cmp.Diff(s.Requests()[:1], s.Faulted()); diff != "" {
				t.Errorf("faulted calls (-want +got):\n%s", diff)
			}
		})
	}
}

func TestServer_InjectCallerLeaves(t *testing.T) {
	for _, m := range []fakedatadog.Fault{fakedatadog.Hang, "slow:1h", "drip:1h"} {
		t.Run(string(m), func(t *testing.T) {
			s, server := faulty(t, m)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go func() {
				for ctx.Err() == nil && len(s.Requests()) == 0 {
					time.Sleep(time.Millisecond)
				}
				cancel()
			}()
			if _, body, err := post(ctx, t, server); !errors.Is(err, context.Canceled) || strings.HasSuffix(body, "}\n") {
				t.Errorf("%q %v, want no whole answer", body, err)
			}
			server.Close() // Returns only after the handler has.
			if arrived := len(s.Posted()) == 1; arrived != strings.HasPrefix(string(m), "drip") {
				t.Errorf("the event took effect: %t", arrived)
			}
		})
	}
}

func TestServer_InjectDelay(t *testing.T) {
	for m, want := range map[fakedatadog.Fault]time.Duration{
		fakedatadog.Slow: 2 * time.Second, fakedatadog.Drip: 2 * time.Second, "slow:7s": 7 * time.Second, "drip:500ms": 500 * time.Millisecond,
	} {
		t.Run(string(m), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer()
				inject(t, s, fakedatadog.AnyRoute, m, 1)
				start := time.Now()
				ask(t, s, "POST", "/api/v1/events", anEvent).mustBe(t, 202)
				if took := time.Since(start); took != want {
					t.Errorf("took %v, want %v", took, want)
				}
			})
		})
	}
}

func TestServer_InjectResetWithoutHijack(t *testing.T) {
	s := newServer()
	inject(t, s, fakedatadog.Validate, fakedatadog.Reset, 1)
	defer func() {
		if p := recover(); p != http.ErrAbortHandler { //nolint:errorlint // A panic's value, not an error in a chain.
			t.Errorf("panic %v, want http.ErrAbortHandler", p)
		}
	}()
	ask(t, s, "GET", "/api/v1/validate", "")
}

func TestServer_InjectOrder(t *testing.T) {
	s := newServer()
	inject(t, s, fakedatadog.Validate, fakedatadog.Status(500), 1)
	inject(t, s, fakedatadog.Validate, fakedatadog.Status(503), 2)
	inject(t, s, fakedatadog.AnyRoute, fakedatadog.Status(429), 1)
	inject(t, s, "monitor.list", fakedatadog.Status(502), 0)

	var got []int
	for range 5 {
		got = append(got, ask(t, s, "GET", "/api/v1/validate", "").status)
	}
	if diff := cmp.Diff([]int{500, 503, 503, 429, 200}, got); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
	for range 20 {
		ask(t, s, "GET", "/api/v1/monitor", "").mustBe(t, 502)
	}
	s.ClearFaults()
	ask(t, s, "GET", "/api/v1/monitor", "").mustBe(t, 200)
}

func TestServer_InjectInvalid(t *testing.T) {
	s := newServer()
	for _, c := range []struct {
		route fakedatadog.Route
		fault fakedatadog.Fault
		calls int
		want  string
	}{
		{"events.creat", fakedatadog.Hang, 1, `unknown route "events.creat"`},
		{fakedatadog.EventsCreate, "typo", 1, `fault "typo": unknown fault`},
		{fakedatadog.EventsCreate, "slow:soon", 1, `fault "slow:soon": invalid duration "soon"`},
		{fakedatadog.EventsCreate, "drip:0s", 1, "invalid duration"},
		{fakedatadog.EventsCreate, "rate-limited:-1s", 1, "invalid duration"},
		{fakedatadog.EventsCreate, "status:99", 1, `invalid status "99"`},
		{fakedatadog.EventsCreate, "status", 1, `invalid status ""`},
		{fakedatadog.EventsCreate, "hang:2s", 1, "takes no argument"},
		{fakedatadog.EventsCreate, fakedatadog.Hang, -1, "calls -1"},
	} {
		if err := s.Inject(c.route, c.fault, c.calls); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one that says %s", c.fault, err, c.want)
		}
	}
	if s.InjectRandom(1.1, 1, fakedatadog.Hang) == nil || s.InjectRandom(0.5, 1) == nil || s.InjectRandom(0.5, 1, "typo") == nil {
		t.Error("an invalid random fault was accepted")
	}
	ask(t, s, "POST", "/api/v1/events", anEvent).mustBe(t, 202)
}

func TestServer_InjectRandom(t *testing.T) {
	statuses := func(rate float64, seed uint64) (all []int) {
		s := newServer()
		if err := s.InjectRandom(rate, seed, fakedatadog.Status(500), fakedatadog.Forbidden); err != nil {
			t.Fatal(err)
		}
		for range 400 {
			all = append(all, ask(t, s, "GET", "/api/v1/validate", "").status)
		}
		return all
	}
	some, count := statuses(0.3, 1), map[int]int{}
	for _, status := range some {
		count[status]++
	}
	if count[200] < 240 || count[200] > 320 || count[500] < 30 || count[403] < 30 {
		t.Errorf("of 400 calls: %v; want about 280 without a fault and 60 with each", count)
	}
	if !cmp.Equal(some, statuses(0.3, 1)) || cmp.Equal(some, statuses(0.3, 2)) {
		t.Error("a seed does not decide which calls fail")
	}
	if slices.Contains(statuses(1, 1), 200) || slices.Contains(statuses(0, 1), 500) {
		t.Error("a rate of 1 let calls through, or a rate of 0 did not")
	}
}

// rate returns the headers about a limit: "limit remaining/period reset name".
func rate(h http.Header) string {
	var values []string
	for _, name := range []string{"Limit", "Remaining", "Period", "Reset", "Name"} {
		values = append(values, h.Get("X-RateLimit-"+name))
	}
	return strings.TrimSpace(strings.Join(values, " "))
}

func TestServer_RateLimits(t *testing.T) {
	s := fakedatadog.New(fakedatadog.Options{Now: func() time.Time { return noon.Add(2500 * time.Millisecond) }})
	for call, headers := range map[string]string{
		"/api/v1/events?start=0&end=1":      "600 599 60 58 event_stream_api",
		"/api/v1/query?from=1&to=2&query=x": "1600 1599 3600 3598 query_metrics",
		"/api/v1/events/1":                  "12000 11999 60 58 global_org",
		"/api/v1/validate":                  "",
	} {
		if got := rate(ask(t, s, "GET", call, "").header); got != headers {
			t.Errorf("%s: limit %q, want %q", call, got, headers)
		}
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
