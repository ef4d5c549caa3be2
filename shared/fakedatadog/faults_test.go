package fakedatadog_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fakedatadog"
)

const anEvent = `{"title":"a","text":"b"}`

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

func faulty(t *testing.T, m fakedatadog.Fault) (*fakedatadog.Server, *httptest.Server) {
	t.Helper()
	s := newServer()
	if err := s.Inject(fakedatadog.EventsCreate, m, 1); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, server
}

func TestServer_FaultOnTheWire(t *testing.T) {
	for m, tc := range map[fakedatadog.Fault]struct {
		arrives bool // The event takes effect, whatever the caller sees.
		check   func(t *testing.T, status int, body string, err error)
	}{
		"slow:30ms": {arrives: true, check: func(t *testing.T, status int, body string, err error) {
			if status != 202 || !json.Valid([]byte(body)) || err != nil {
				t.Errorf("%d %s %v, want the right answer", status, body, err)
			}
		}},
		"drip:30ms": {arrives: true, check: func(t *testing.T, status int, body string, err error) {
			if status != 202 || !json.Valid([]byte(body)) || err != nil {
				t.Errorf("%d %s %v, want the right answer", status, body, err)
			}
		}},
		fakedatadog.Reset: {check: func(t *testing.T, _ int, _ string, err error) {
			if !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("error %v, want a reset connection", err)
			}
		}},
		fakedatadog.DropResponse: {arrives: true, check: func(t *testing.T, _ int, _ string, err error) {
			if !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("error %v, want a reset connection", err)
			}
		}},
		fakedatadog.Truncate: {arrives: true, check: func(t *testing.T, status int, body string, err error) {
			if status != 202 || !errors.Is(err, io.ErrUnexpectedEOF) || body == "" || json.Valid([]byte(body)) {
				t.Errorf("%d %q %v, want 202, half a body and an unexpected end", status, body, err)
			}
		}},
		fakedatadog.Corrupt: {arrives: true, check: func(t *testing.T, status int, body string, err error) {
			if status != 202 || err != nil || body == "" || json.Valid([]byte(body)) {
				t.Errorf("%d %q %v, want 202 and no JSON", status, body, err)
			}
		}},
		fakedatadog.Empty: {arrives: true, check: func(t *testing.T, status int, body string, err error) {
			if status != 202 || err != nil || body != "" {
				t.Errorf("%d %q %v, want 202 and no body", status, body, err)
			}
		}},
		fakedatadog.Forbidden: {check: func(t *testing.T, status int, body string, _ error) {
			if status != 403 || body != frontDoor403 {
				t.Errorf("%d %s, want Datadog's 403", status, body)
			}
		}},
		fakedatadog.Status(502): {check: func(t *testing.T, status int, body string, _ error) {
			if status != 502 || body != strings.NewReplacer("403", "502", "Forbidden", "Bad Gateway").Replace(frontDoor403) {
				t.Errorf("%d %s, want Datadog's 502", status, body)
			}
		}},
		fakedatadog.Status(504): {check: func(t *testing.T, status int, body string, _ error) {
			if status != 504 || !strings.HasPrefix(body, "<html>") {
				t.Errorf("%d %s, want the load balancer's page", status, body)
			}
		}},
		fakedatadog.Status(400): {check: func(t *testing.T, status int, body string, _ error) {
			if status != 400 || body != `{"errors":["Bad Request"]}`+"\n" {
				t.Errorf("%d %s, want Datadog's error form", status, body)
			}
		}},
		fakedatadog.Status(418 + 30): {check: func(t *testing.T, status int, body string, _ error) {
			if status != 448 || body != `{"errors":["Error 448"]}`+"\n" {
				t.Errorf("%d %s, want a text for a status without one", status, body)
			}
		}},
		fakedatadog.Status(204): {check: func(t *testing.T, status int, body string, _ error) {
			if status != 204 || body != "" {
				t.Errorf("%d %q, want no content", status, body)
			}
		}},
	} {
		t.Run(string(m), func(t *testing.T) {
			s, server := faulty(t, m)
			status, body, err := post(t.Context(), t, server)
			tc.check(t, status, body, err)
			if arrived := len(s.Posted()) == 1; arrived != tc.arrives {
				t.Errorf("the event took effect: %t, want %t", arrived, tc.arrives)
			}
			if got := s.Requests()[0].Fault; got != m {
				t.Errorf("logged as %q", got)
			}
			if status, _, err := post(t.Context(), t, server); status != 202 || err != nil {
				t.Errorf("the call after: %d %v, want 202", status, err)
			}
			if diff := cmp.Diff(s.Requests()[:1], s.Faulted()); diff != "" {
				t.Errorf("the calls that went wrong (-want +got):\n%s", diff)
			}
		})
	}
}

func TestServer_FaultUntilTheCallerLeaves(t *testing.T) {
	for _, m := range []fakedatadog.Fault{fakedatadog.Hang, "slow:1h", "drip:1h"} {
		t.Run(string(m), func(t *testing.T) {
			s, server := faulty(t, m)
			ctx, cancel := context.WithTimeout(t.Context(), 40*time.Millisecond)
			defer cancel()
			if _, body, err := post(ctx, t, server); !errors.Is(err, context.DeadlineExceeded) || strings.HasSuffix(body, "}\n") {
				t.Errorf("%q %v, want to wait in vain", body, err)
			}
			server.Close() // Returns only after the handler has.
			if arrived := len(s.Posted()) == 1; arrived != strings.HasPrefix(string(m), "drip") {
				t.Errorf("the event took effect: %t", arrived)
			}
		})
	}
}

func TestServer_FaultTakesItsTime(t *testing.T) {
	for m, want := range map[fakedatadog.Fault]time.Duration{
		fakedatadog.Slow: 2 * time.Second, fakedatadog.Drip: 2 * time.Second, "slow:7s": 7 * time.Second, "drip:500ms": 500 * time.Millisecond,
	} {
		t.Run(string(m), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer()
				if err := s.Inject(fakedatadog.AnyRoute, m, 1); err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				ask(t, s, "POST", "/api/v1/events", anEvent).mustBe(t, 202)
				if took := time.Since(start); took != want {
					t.Errorf("took %v, want %v", took, want)
				}
			})
		})
	}
}

func TestServer_FaultResetsWhatItCannotTakeOver(t *testing.T) {
	s := newServer()
	if err := s.Inject(fakedatadog.Validate, fakedatadog.Reset, 1); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if p := recover(); p != http.ErrAbortHandler { //nolint:errorlint // A panic's value, not an error in a chain.
			t.Errorf("panic %v, want http.ErrAbortHandler", p)
		}
	}()
	ask(t, s, "GET", "/api/v1/validate", "")
}

func TestServer_FaultInOrder(t *testing.T) {
	s := newServer()
	order := func(name fakedatadog.Route, m fakedatadog.Fault, times int) {
		t.Helper()
		if err := s.Inject(name, m, times); err != nil {
			t.Fatal(err)
		}
	}
	order(fakedatadog.Validate, fakedatadog.Status(500), 1)
	order(fakedatadog.Validate, fakedatadog.Status(503), 2)
	order(fakedatadog.AnyRoute, fakedatadog.Status(429), 1)
	order(fakedatadog.MonitorList, fakedatadog.Status(502), 0)

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

func TestServer_FaultRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		route fakedatadog.Route
		fault fakedatadog.Fault
		times int
		want  string
	}{
		"an_unknown_route":     {"events.creat", fakedatadog.Hang, 1, `unknown route "events.creat"`},
		"an_unknown_fault":     {fakedatadog.EventsCreate, "sulk", 1, `unknown fault "sulk": want one of [`},
		"a_bad_delay":          {fakedatadog.EventsCreate, "slow:soon", 1, `fault "slow:soon": invalid duration "soon"`},
		"a_delay_of_nothing":   {fakedatadog.EventsCreate, "drip:0s", 1, "invalid duration"},
		"a_bad_reset":          {fakedatadog.EventsCreate, "rate-limited:-1s", 1, "invalid duration"},
		"a_bad_status":         {fakedatadog.EventsCreate, "status:99", 1, `invalid status "99"`},
		"no_status":            {fakedatadog.EventsCreate, "status", 1, `invalid status ""`},
		"an_argument_too_many": {fakedatadog.EventsCreate, "hang:2s", 1, "takes no argument"},
		"less_than_no_calls":   {fakedatadog.EventsCreate, fakedatadog.Hang, -1, "calls -1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer()
			err := s.Inject(tc.route, tc.fault, tc.times)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one that says %s", err, tc.want)
			}
			ask(t, s, "POST", "/api/v1/events", anEvent).mustBe(t, 202)
		})
	}
}

func TestServer_Storm(t *testing.T) {
	weather := func(rate float64, seed uint64) (statuses []int) {
		s := newServer()
		if err := s.InjectRandom(rate, seed, fakedatadog.Status(500), fakedatadog.Forbidden); err != nil {
			t.Fatal(err)
		}
		for range 400 {
			statuses = append(statuses, ask(t, s, "GET", "/api/v1/validate", "").status)
		}
		return statuses
	}
	count := func(statuses []int, status int) (n int) {
		for _, s := range statuses {
			if s == status {
				n++
			}
		}
		return n
	}
	some := weather(0.3, 1)
	if fine := count(some, 200); fine < 240 || fine > 320 || count(some, 500) < 30 || count(some, 403) < 30 {
		t.Errorf("of 400 calls %d went well, %d were 500 and %d 403; want about 280, 60 and 60", fine, count(some, 500), count(some, 403))
	}
	if diff := cmp.Diff(some, weather(0.3, 1)); diff != "" {
		t.Error("the same seed made another storm")
	}
	if cmp.Equal(some, weather(0.3, 2)) {
		t.Error("another seed made the same storm")
	}
	if all, none := weather(1, 1), weather(0, 1); count(all, 200) != 0 || count(none, 200) != 400 {
		t.Error("a rate of 1 let calls through, or a rate of 0 did not")
	}

	s := newServer()
	for name, err := range map[string]error{
		"a rate above 1":   s.InjectRandom(1.1, 1, fakedatadog.Hang),
		"nothing to do":    s.InjectRandom(0.5, 1),
		"an unknown thing": s.InjectRandom(0.5, 1, fakedatadog.Hang, "sulk"),
	} {
		if err == nil {
			t.Errorf("a storm of %s was accepted", name)
		}
	}
	ask(t, s, "GET", "/api/v1/validate", "").mustBe(t, 200)
}
