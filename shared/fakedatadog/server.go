// Package fakedatadog is a fake of Datadog's API for local runs and tests: one HTTP
// server that answers as Datadog documents, and as its recorded answers show
// (testdata/api.json). It injects faults by name.
//
// A Server is an http.Handler. Each integration has a file with its routes, which
// is all there is to adding one. A handler names the keys of its answer whose values
// matter; the recorded shape adds the others.
package fakedatadog

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// The defaults of Options.
const (
	DefaultAPIKey       = "fake-datadog-api-key"
	DefaultAppKey       = "fake-datadog-app-key"
	DefaultAppURL       = "https://app.datadoghq.com"
	DefaultVisibleAfter = time.Second
)

// maxBodyBytes bounds what the server keeps of one request.
const maxBodyBytes = 8 << 20

// Options configure a Server. The zero value of each means its default.
type Options struct {
	// APIKey and AppKey are the pair that Datadog accepts.
	APIKey, AppKey string
	// AppURL is the start of the links to posted events, without a trailing slash.
	AppURL string
	// VisibleAfter is how long a posted event is missing from reads, because Datadog's
	// stream is eventually consistent. Negative: not at all.
	VisibleAfter time.Duration
	// Now is the clock of everything but the delays of faults.
	Now func() time.Time
}

// Server is Datadog's API. It is safe for concurrent use.
type Server struct {
	now    func() time.Time
	table  []route
	mux    *http.ServeMux
	appURL string
	// visibleAfter is Options.VisibleAfter.
	visibleAfter time.Duration

	mu     sync.Mutex
	keys   keys
	denied map[string]bool // Permissions that the application key lacks.
	limits limits
	faults faults
	log    requestLog

	stream           stream
	monitors         collection[Monitor]
	lastMonitorID    int64
	downtimes        []ScheduledDowntime
	entities         collection[Entity]
	definitions      collection[ServiceDefinition]
	teams            collection[Team]
	incidents        []Incident
	series           []Series
	lines            []Log // Newest first.
	hosts            []Host
	slos             collection[SLO]
	webhooks         collection[Webhook]
	variables        collection[variable]
	dashboards       collection[dashboard]
	issuedDashboards int
	rules            collection[notificationRule]
	issuedRules      int
}

// New returns a Server without any event or monitor.
func New(o Options) *Server {
	s := &Server{
		now:          o.Now,
		keys:         keys{api: cmp.Or(o.APIKey, DefaultAPIKey), app: cmp.Or(o.AppKey, DefaultAppKey)},
		appURL:       cmp.Or(o.AppURL, DefaultAppURL),
		visibleAfter: max(0, cmp.Or(o.VisibleAfter, DefaultVisibleAfter)),
		monitors:     collection[Monitor]{id: Monitor.id},
		entities:     collection[Entity]{id: Entity.reference},
		definitions:  collection[ServiceDefinition]{id: func(d ServiceDefinition) string { return d.Service }},
		teams:        collection[Team]{id: func(t Team) string { return t.ID }},
		slos:         collection[SLO]{id: func(slo SLO) string { return slo.ID }},
		webhooks:     collection[Webhook]{id: func(w Webhook) string { return w.Name }},
		variables:    collection[variable]{id: func(v variable) string { return v.Name }},
		dashboards:   collection[dashboard]{id: func(d dashboard) string { return d.id }},
		rules:        collection[notificationRule]{id: func(r notificationRule) string { return r.id }},
	}
	if s.now == nil {
		s.now = time.Now
	}
	s.register()
	return s
}

// ServeHTTP answers as Datadog does, or with the fault that was injected.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// serve logs a call to a route and answers it.
func (s *Server) serve(rt route, w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodyBytes))
	if err != nil {
		failure(http.StatusRequestEntityTooLarge, "Payload too big").write(w)
		return
	}
	s.mu.Lock()
	fault := s.faults.next(rt.name)
	s.log.add(newRequest(s.now(), rt.name, fault.text, r, body))
	s.mu.Unlock()

	x := exchange{w: w, r: r, route: rt, now: s.now, next: func() answer {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.answer(rt, &call{Request: r, now: s.now(), params: params{Values: r.URL.Query()}, body: body, fault: fault.text})
	}}
	x.inject(fault)
}

// answer checks a call in Datadog's order, keys before the rate limit, and handles
// it. The caller holds the lock.
func (s *Server) answer(rt route, c *call) answer {
	if refusal, ok := s.keys.check(c, rt.access); !ok {
		return refusal
	}
	if s.denied[rt.permission] {
		return failure(http.StatusForbidden, "Forbidden")
	}
	headers, ok := s.limits.spend(rt.name, c.now)
	if !ok {
		return rt.tooMany(s.limits.of[rt.name], c.now)
	}
	a := rt.handle(c)
	if c.problem != "" {
		a = badRequest("%s", c.problem).as(cmp.Or(a.media, mediaJSON))
	}
	if a.status < http.StatusBadRequest {
		complete(a.value, shapes()[fmt.Sprintf("%s %d", rt.name, a.status)])
	}
	return a.with(headers).encoded()
}

// Deny takes permissions such as "monitors_write" away from the application key,
// which has all at first. Without arguments it gives all of them back.
func (s *Server) Deny(permissions ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.denied = map[string]bool{}
	for _, permission := range permissions {
		s.denied[permission] = true
	}
}
