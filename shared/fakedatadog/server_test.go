package fakedatadog_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fakedatadog"
)

// noon is when the tests' clocks start.
var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

// watch is a clock that a test moves.
type watch struct {
	mu  sync.Mutex
	now time.Time
}

func newWatch() *watch { return &watch{now: noon} }

func (w *watch) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *watch) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// newServer returns a server at noon that shows posted events at once.
func newServer() *fakedatadog.Server {
	return fakedatadog.New(fakedatadog.Options{Now: newWatch().Now, VisibleAfter: -1})
}

var rightKeys = http.Header{
	"Dd-Api-Key":         {fakedatadog.DefaultAPIKey},
	"Dd-Application-Key": {fakedatadog.DefaultAppKey},
}

// response is an answer with its body read.
type response struct {
	status int
	header http.Header
	body   string
}

// ask calls the server with both keys and without a network.
func ask(t *testing.T, s http.Handler, method, target, body string) response {
	t.Helper()
	return askWith(t, s, rightKeys, method, target, body)
}

func askWith(t *testing.T, s http.Handler, header http.Header, method, target, body string) response {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header = header.Clone()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return response{status: w.Code, header: w.Header(), body: w.Body.String()}
}

func (r response) mustBe(t *testing.T, status int) response {
	t.Helper()
	if r.status != status {
		t.Fatalf("status %d, want %d; body %s", r.status, status, r.body)
	}
	return r
}

// errorsIn returns the texts of Datadog's error form.
func (r response) errorsIn(t *testing.T) []string {
	t.Helper()
	return decode[struct{ Errors []string }](t, r.body).Errors
}

const frontDoor403 = `{"status":"error","code":403,"errors":["Forbidden"],"statuspage":"http://status.datadoghq.com",` +
	`"twitter":"http://twitter.com/datadogops","email":"support@datadoghq.com"}` + "\n"

func TestServer_Keys(t *testing.T) {
	const (
		create = "POST /api/v1/events"
		read   = "GET /api/v1/events/1"
		check  = "GET /api/v1/validate"
	)
	key := func(api, app string) http.Header {
		h := http.Header{}
		if api != "" {
			h.Set("DD-API-KEY", api)
		}
		if app != "" {
			h.Set("DD-APPLICATION-KEY", app)
		}
		return h
	}
	for name, tc := range map[string]struct {
		call, query string
		header      http.Header
		status      int
		body        string
	}{
		"a create needs the api key only":             {call: create, header: key(fakedatadog.DefaultAPIKey, ""), status: 202},
		"a create without a key is refused":           {call: create, header: key("", ""), status: 403, body: `{"errors":["API key required"]}` + "\n"},
		"a create with a wrong key is refused":        {call: create, header: key("wrong", ""), status: 403, body: frontDoor403},
		"an application key is no api key":            {call: create, header: key(fakedatadog.DefaultAppKey, ""), status: 403, body: frontDoor403},
		"validate with the right key":                 {call: check, header: key(fakedatadog.DefaultAPIKey, ""), status: 200, body: `{"valid":true}` + "\n"},
		"validate with a wrong key":                   {call: check, header: key("wrong", ""), status: 403, body: frontDoor403},
		"a read with both keys gets to the event":     {call: read, header: rightKeys, status: 404, body: `{"errors":["No event matches that event_id."]}` + "\n"},
		"a read without the application key":          {call: read, header: key(fakedatadog.DefaultAPIKey, ""), status: 401, body: `{"errors":["Unauthorized"]}` + "\n"},
		"a read with a wrong application key":         {call: read, header: key(fakedatadog.DefaultAPIKey, "wrong"), status: 403, body: frontDoor403},
		"a read with a wrong api key":                 {call: read, header: key("wrong", fakedatadog.DefaultAppKey), status: 403, body: frontDoor403},
		"keys in the query are as good as in headers": {call: check, query: "?api_key=" + fakedatadog.DefaultAPIKey, header: key("", ""), status: 200},
	} {
		t.Run(name, func(t *testing.T) {
			method, path, _ := strings.Cut(tc.call, " ")
			got := askWith(t, newServer(), tc.header, method, path+tc.query, `{"title":"a","text":"b"}`).mustBe(t, tc.status)
			if tc.body != "" && got.body != tc.body {
				t.Errorf("body %q, want %q", got.body, tc.body)
			}
		})
	}

	t.Run("revoked keys are refused and new ones accepted", func(t *testing.T) {
		s := newServer()
		s.SetKeys("second-api", "second-app")
		ask(t, s, "GET", "/api/v1/validate", "").mustBe(t, 403)
		askWith(t, s, key("second-api", "second-app"), "GET", "/api/v1/monitor", "").mustBe(t, 200)
	})
	t.Run("options choose the keys", func(t *testing.T) {
		s := fakedatadog.New(fakedatadog.Options{APIKey: "mine", AppKey: "mine-too"})
		askWith(t, s, key("mine", "mine-too"), "GET", "/api/v1/monitor", "").mustBe(t, 200)
	})
}

func TestServer_UnknownRoutes(t *testing.T) {
	s := newServer()
	for _, call := range []string{"GET /", "GET /api/v1/nothing", "PATCH /api/v1/events", "GET /api/v1/monitor/search", "GET /api/v1/events/", "GET /api/v1/events/1/2"} {
		method, path, _ := strings.Cut(call, " ")
		if got := ask(t, s, method, path, "").mustBe(t, 404); got.body != `{"errors":["Not found"]}`+"\n" {
			t.Errorf("%s: body %q", call, got.body)
		}
	}
	for i, r := range s.Requests() {
		if r.Route != "" {
			t.Errorf("request %d has route %q, want none", i, r.Route)
		}
	}
	if s.Route(httptest.NewRequest("GET", "/api/v1/events/12", nil)) != fakedatadog.EventsGet {
		t.Error("Route does not know the route of an event")
	}
}

func TestServer_Requests(t *testing.T) {
	t.Run("calls are kept in order without their keys", func(t *testing.T) {
		s := newServer()
		ask(t, s, "POST", "/api/v1/events?source=test&api_key=secret-1&application_key=secret-2", "not JSON").mustBe(t, 400)
		askWith(t, s, http.Header{"Authorization": {"AWS4-HMAC-SHA256 secret-3"}}, "POST", "/", "{}").mustBe(t, 404)
		want := []fakedatadog.Request{
			{
				Time: noon, Route: fakedatadog.EventsCreate, Method: "POST", Path: "/api/v1/events",
				Query: map[string][]string{"source": {"test"}}, Body: "not JSON",
				Credentials: []string{"DD-API-KEY", "DD-APPLICATION-KEY", "api_key", "application_key"},
			},
			{
				Time: noon, Method: "POST", Path: "/", Query: map[string][]string{}, Body: "{}",
				Credentials: []string{"Authorization"},
			},
		}
		if diff := cmp.Diff(want, s.Requests()); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}
		if all := ask(t, s, "GET", "/_fake/requests", "").body; strings.Contains(all, "secret-") || strings.Contains(all, fakedatadog.DefaultAPIKey) {
			t.Errorf("the log holds a key: %s", all)
		}
	})
	t.Run("the log holds the latest thousand", func(t *testing.T) {
		s := newServer()
		for range 2500 {
			ask(t, s, "GET", "/api/v1/validate", "")
		}
		ask(t, s, "GET", "/api/v1/monitor", "")
		got := s.Requests()
		if len(got) != 1000 || got[999].Route != fakedatadog.MonitorList || got[0].Route != fakedatadog.Validate {
			t.Errorf("%d requests, the last to %q", len(got), got[len(got)-1].Route)
		}
	})
	t.Run("a body beyond every limit is refused", func(t *testing.T) {
		s := newServer()
		r := httptest.NewRequest("POST", "/api/v1/events", io.LimitReader(zeroes{}, 9<<20))
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != 413 || len(s.Requests()) != 0 {
			t.Errorf("status %d with %d requests kept, want 413 and none", w.Code, len(s.Requests()))
		}
	})
}

type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) { return copy(p, bytes.Repeat([]byte("0"), len(p))), nil }

func TestServer_Concurrent(t *testing.T) {
	s := fakedatadog.New(fakedatadog.Options{VisibleAfter: -1})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				ask(t, s, "POST", "/api/v1/events", `{"title":"a","text":"b"}`)
				ask(t, s, "GET", "/api/v1/monitor?group_states=all", "")
				s.AddMonitor(fakedatadog.Monitor{Name: "m", State: &fakedatadog.MonitorState{}})
				_ = s.Inject(fakedatadog.MonitorGet, fakedatadog.Empty, 1)
				ask(t, s, "GET", "/api/v1/monitor/1", "")
				s.Requests()
			}
		})
	}
	wg.Wait()
	if got := len(s.Posted()); got != 160 {
		t.Errorf("%d events arrived, want 160", got)
	}
	ids := map[int64]bool{}
	for _, e := range s.Events() {
		ids[e.ID] = true
	}
	if len(ids) != 160 {
		t.Errorf("%d different ids, want 160", len(ids))
	}
}

// dataOf returns the resources of an answer.
func dataOf[T any](t *testing.T, body string) []T {
	t.Helper()
	return decode[struct{ Data []T }](t, body).Data
}
