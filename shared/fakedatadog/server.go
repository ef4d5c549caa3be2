// Package fakedatadog is a fake of Datadog's API for local runs and tests: one HTTP
// server that answers as Datadog documents, and as its recorded answers show
// (testdata/api.json). It injects faults by name.
//
// A Server is an http.Handler. To add an endpoint, add a line to Server.routes. A
// handler names the keys of its answer whose values matter; the recorded shape adds
// the others.
package fakedatadog

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"boomerang/shared/httpfault"
)

// The defaults of Options.
const (
	DefaultAPIKey       = "fake-datadog-api-key"
	DefaultAppKey       = "fake-datadog-app-key"
	DefaultVisibleAfter = time.Second
)

const (
	// maxBodyBytes bounds what the server keeps of one request.
	maxBodyBytes = 8 << 20
	// How many of the latest requests a Server remembers, and how many of those that
	// met a fault, which may be a small share of a long run.
	maxRequests = 1000
	maxFaulted  = 20_000
)

// Options configure a Server. The zero value of each means its default.
type Options struct {
	// APIKey and AppKey are the pair that Datadog accepts.
	APIKey, AppKey string
	// VisibleAfter is how long a posted event is missing from reads, because Datadog's
	// stream is eventually consistent. Negative: not at all.
	VisibleAfter time.Duration
	// Now is the clock of everything but the delays of faults.
	Now func() time.Time
}

// Server is Datadog's API. It is safe for concurrent use.
type Server struct {
	now   func() time.Time
	table []route
	mux   *http.ServeMux
	// visibleAfter is Options.VisibleAfter.
	visibleAfter time.Duration

	mu                sync.Mutex
	keys              keys
	denied            []string // Permissions that the application key lacks.
	faults            faults
	requests, faulted history

	stream      stream
	monitors    collection[Monitor]
	downtimes   []ScheduledDowntime
	entities    collection[Entity]
	definitions collection[ServiceDefinition]
	teams       collection[Team]
	incidents   []Incident
	series      []Series
	lines       []Log // Newest first.
	hosts       []Host
	slos        collection[SLO]
	webhooks    collection[Webhook]
	variables   collection[variable]
	dashboards  collection[dashboard]
	rules       collection[notificationRule]
}

// New returns a Server without any event or monitor.
func New(o Options) *Server {
	s := &Server{
		now:          o.Now,
		keys:         keys{api: cmp.Or(o.APIKey, DefaultAPIKey), app: cmp.Or(o.AppKey, DefaultAppKey)},
		visibleAfter: max(0, cmp.Or(o.VisibleAfter, DefaultVisibleAfter)),
		entities:     collection[Entity]{id: Entity.reference},
		definitions:  collection[ServiceDefinition]{id: func(d ServiceDefinition) string { return d.Service }},
		teams:        collection[Team]{id: func(t Team) string { return t.ID }, missing: "Not Found"},
		slos:         collection[SLO]{id: func(slo SLO) string { return slo.ID }, missing: "SLO ID: %s not found"},
	}
	s.monitors = collection[Monitor]{id: Monitor.id, missing: "Monitor not found", change: s.changeMonitor, show: func(m Monitor) any { return m.shown() }}
	s.webhooks = collection[Webhook]{id: func(w Webhook) string { return w.Name }, missing: "Webhook does not exist", change: s.changeWebhook, show: func(w Webhook) any { return w }}
	s.variables = collection[variable]{id: func(v variable) string { return v.Name }, missing: "Custom variable does not exist", change: s.changeVariable, show: variable.shown}
	s.dashboards = collection[dashboard]{id: func(d dashboard) string { return d.id }, missing: "Dashboard with ID %s not found", change: s.changeDashboard, show: func(d dashboard) any { return d.shown() }}
	s.rules = collection[notificationRule]{id: func(r notificationRule) string { return r.id }, missing: "Monitor Notification Rule not found", change: s.changeRule, show: notificationRule.whole}
	if s.now == nil {
		s.now = time.Now
	}
	s.register()
	return s
}

// ServeHTTP answers as Datadog does, or with the fault that was injected.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

func (s *Server) serve(rt route, w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodyBytes))
	if err != nil {
		failure(http.StatusRequestEntityTooLarge, "Payload too big").response().Write(w)
		return
	}
	fault := s.arrived(rt, r, body)
	forward := func() httpfault.Response {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.answer(rt, &call{Request: r, now: s.now(), params: params{Values: r.URL.Query()}, body: body, fault: fault}).response()
	}
	if effect, err := fault.effect(rt.limit, s.now()); err == nil {
		effect(w, r, forward)
		return
	}
	forward().Write(w) // There is no fault.
}

// answer checks and handles a call. The caller holds the lock.
func (s *Server) answer(rt route, c *call) answer {
	if refusal := s.keys.refusal(c, rt.access); refusal != nil {
		return *refusal
	}
	if rt.permission != "" && slices.Contains(s.denied, rt.permission) {
		return failure(http.StatusForbidden, "Forbidden")
	}
	a := rt.handle(c)
	if c.problem != "" {
		a = answer{status: http.StatusBadRequest, media: cmp.Or(a.media, mediaJSON), value: object{"errors": []string{c.problem}}}
	}
	if a.status < http.StatusBadRequest {
		complete(a.value, shapes()[fmt.Sprintf("%s %d", rt.name, a.status)])
	}
	if l := rt.limit; l.calls > 0 {
		a.header = l.headers(l.calls-1, l.reset(c.now))
	}
	return a
}

// Deny takes permissions such as "monitors_write" away from the application key,
// which has all at first. Without arguments it gives all of them back.
func (s *Server) Deny(permissions ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.denied = permissions
}

// Request is one call as it arrived, without its headers, which have the keys.
type Request struct {
	// Route is empty when the call belongs to none.
	Route  Route
	Method string
	Path   string
	Query  url.Values
	Body   string
	// Fault is what the call met instead of the right answer.
	Fault Fault
}

// history keeps the latest requests, the oldest first.
type history []Request

func (h *history) add(e Request, bound int) {
	*h = append((*h)[max(0, len(*h)+1-bound):], e)
}

// arrived logs a call and returns what it meets.
func (s *Server) arrived(rt route, r *http.Request, body []byte) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	fault := s.faults.next(rt.name)
	request := Request{rt.name, r.Method, r.URL.Path, r.URL.Query(), string(body), fault}
	s.requests.add(request, maxRequests)
	if fault != "" {
		s.faulted.add(request, maxFaulted)
	}
	return fault
}

// Requests returns the latest calls in the order in which they arrived, at most
// 1,000 of them. Calls to /_fake/ are not among them.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return orEmpty(s.requests)
}

// Faulted returns the latest calls that met a fault, at most 20,000 of
// them.
func (s *Server) Faulted() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return orEmpty(s.faulted)
}
