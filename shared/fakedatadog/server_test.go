package fakedatadog_test

import (
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

// newServer returns a server at noon that shows posted events at once.
func newServer() *fakedatadog.Server {
	return fakedatadog.New(fakedatadog.Options{Now: func() time.Time { return noon }, VisibleAfter: -1})
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

const frontDoor403 = `{"code":403,"email":"support@datadoghq.com","errors":["Forbidden"],"status":"error",` +
	`"statuspage":"http://status.datadoghq.com","twitter":"http://twitter.com/datadogops"}` + "\n"

func TestServer_Keys(t *testing.T) {
	key := func(api, app string) http.Header {
		return http.Header{"Dd-Api-Key": {api}, "Dd-Application-Key": {app}}
	}
	const (
		api, app            = fakedatadog.DefaultAPIKey, fakedatadog.DefaultAppKey
		create, read, check = "POST /api/v1/events", "GET /api/v1/events/1", "GET /api/v1/validate"
	)
	for _, c := range []struct {
		call     string
		api, app string
		status   int
		body     string
	}{
		{call: create, api: api, status: 202},
		{call: create, status: 403, body: `{"errors":["API key required"]}` + "\n"},
		{call: create, api: "wrong", status: 403, body: frontDoor403},
		{call: create, api: app, status: 403, body: frontDoor403},
		{call: check, api: api, status: 200, body: `{"valid":true}` + "\n"},
		{call: check, api: "wrong", status: 403, body: frontDoor403},
		{call: read, api: api, app: app, status: 404, body: `{"errors":["No event matches that event_id."]}` + "\n"},
		{call: read, api: api, status: 401, body: `{"errors":["Unauthorized"]}` + "\n"},
		{call: read, api: api, app: "wrong", status: 403, body: frontDoor403},
		{call: read, api: "wrong", app: app, status: 403, body: frontDoor403},
		{call: "POST /api/v2/events", api: api, status: 401, body: `{"errors":["Unauthorized"]}` + "\n"},
	} {
		method, path, _ := strings.Cut(c.call, " ")
		got := askWith(t, newServer(), key(c.api, c.app), method, path, anEvent)
		if got.status != c.status || c.body != "" && got.body != c.body {
			t.Errorf("%s with %q and %q: %d %s, want %d %s", c.call, c.api, c.app, got.status, got.body, c.status, c.body)
		}
	}
	s := fakedatadog.New(fakedatadog.Options{APIKey: "first", AppKey: "first"})
	askWith(t, s, key("first", "first"), "GET", "/api/v1/monitor", "").mustBe(t, 200)
	s.SetKeys("second", "second")
	askWith(t, s, key("first", "first"), "GET", "/api/v1/monitor", "").mustBe(t, 403)
	askWith(t, s, key("second", "second"), "GET", "/api/v1/monitor", "").mustBe(t, 200)
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
	if s.Route(httptest.NewRequest("GET", "/api/v1/events/12", nil)) != "events.get" {
		t.Error("Route does not know the route of an event")
	}
}

func TestServer_Requests(t *testing.T) {
	t.Run("without keys", func(t *testing.T) {
		s := newServer()
		ask(t, s, "POST", "/api/v1/events?source=test", "not JSON").mustBe(t, 400)
		ask(t, s, "POST", "/", "{}").mustBe(t, 404)
		want := []fakedatadog.Request{
			{Route: fakedatadog.EventsCreate, Method: "POST", Path: "/api/v1/events", Query: map[string][]string{"source": {"test"}}, Body: "not JSON"},
			{Method: "POST", Path: "/", Query: map[string][]string{}, Body: "{}"},
		}
		if diff := cmp.Diff(want, s.Requests()); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}
	})
	t.Run("latest 1000", func(t *testing.T) {
		s := newServer()
		for range 2500 {
			ask(t, s, "GET", "/api/v1/validate", "")
		}
		ask(t, s, "GET", "/api/v1/monitor", "")
		got := s.Requests()
		if len(got) != 1000 || got[999].Route != "monitor.list" || got[0].Route != fakedatadog.Validate {
			t.Errorf("%d requests, the last to %q", len(got), got[len(got)-1].Route)
		}
	})
}

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
