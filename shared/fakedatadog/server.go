// Package fakedatadog is the Datadog stand-in: one HTTP server that answers as
// Datadog's API is documented and recorded to answer, and as AWS Secrets Manager,
// DynamoDB and SQS do, for local runs and for tests. It also injects faults, by name.
//
// A Server is an http.Handler; a test serves it with httptest.NewServer. Each
// family of routes (events, monitors, secrets, …) lives in files of its own and
// contributes to one table, which is all there is to adding a route.
//
// Everything a test can do from Go it can also do to a running server over
// HTTP, under /_fake/ (see control.go).
package fakedatadog

import (
	"cmp"
	"io"
	"net/http"
	"sync"
	"time"

	"boomerang/shared/fakeaws"
)

// What a Server takes and holds unless Options say otherwise. None of them is
// the name or the value of anything real.
const (
	DefaultAPIKey       = "fake-datadog-api-key"
	DefaultAppKey       = "fake-datadog-app-key"
	DefaultAppURL       = "https://app.datadoghq.com"
	DefaultVisibleAfter = time.Second
)

// maxBodyBytes bounds what one request may make the server remember.
const maxBodyBytes = 8 << 20

// Options are what a Server starts with. The zero value of each means its default.
type Options struct {
	// APIKey and AppKey are the pair that Datadog accepts and that the Datadog secret holds.
	APIKey, AppKey string
	// Token is what the webhook secret holds.
	Token string
	// DatadogSecret and WebhookSecret name the two secrets, each by name or by ARN.
	DatadogSecret, WebhookSecret string
	// AppURL is where the links to posted events lead, without a trailing slash.
	AppURL string
	// VisibleAfter is how long a posted event is answered 404 and left out of
	// lists: Datadog's stream is eventually consistent, by some twenty seconds in its
	// own recordings. Negative: visible at once.
	VisibleAfter time.Duration
	// Now is the clock of everything but the delays of faults.
	Now func() time.Time
}

// Server is Datadog's API, Secrets Manager, DynamoDB and SQS at one address. It is safe for
// concurrent use.
type Server struct {
	now     func() time.Time
	table   []route
	control http.Handler

	mu         sync.Mutex
	keys       keys
	stream     stream
	monitors   monitors
	catalog    catalog
	teams      teams
	incidents  incidents
	downtimes  downtimes
	metrics    metrics
	logs       logs
	slos       slos
	hosts      hosts
	webhooks   webhooks
	dashboards dashboards
	denied     map[string]bool
	aws        *fakeaws.Services
	limits     limits
	faults     faults
	log        requestLog
}

// New returns a Server that knows the two secrets, an empty table and two empty
// queues, and nothing else: no event, no monitor.
func New(o Options) *Server {
	s := &Server{
		now:  o.Now,
		keys: keys{api: cmp.Or(o.APIKey, DefaultAPIKey), app: cmp.Or(o.AppKey, DefaultAppKey)},
		stream: stream{
			appURL:       cmp.Or(o.AppURL, DefaultAppURL),
			visibleAfter: max(0, cmp.Or(o.VisibleAfter, DefaultVisibleAfter)),
		},
	}
	if s.now == nil {
		s.now = time.Now
	}
	s.downtimes.monitors = &s.monitors
	s.aws = fakeaws.New()
	s.table = s.routes()
	s.limits = newLimits(s.table)
	s.control = s.controls()
	s.aws.SetSecret(cmp.Or(o.DatadogSecret, DefaultDatadogSecret), datadogSecret(s.keys.api, s.keys.app), s.now())
	s.aws.SetSecret(cmp.Or(o.WebhookSecret, DefaultWebhookSecret), webhookSecret(cmp.Or(o.Token, DefaultToken)), s.now())
	return s
}

// ServeHTTP answers as the real service does, or with the fault that was injected.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if isControl(r) {
		s.control.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodyBytes))
	if err != nil {
		failure(http.StatusRequestEntityTooLarge, "Payload too big").write(w)
		return
	}
	rt, params := s.find(r)

	s.mu.Lock()
	name, inject := s.faults.next(rt.name)
	s.log.add(entry(s.now(), rt.name, name, r, body))
	s.mu.Unlock()

	x := exchange{w: w, r: r, route: rt, now: s.now, next: func() answer {
		s.mu.Lock()
		defer s.mu.Unlock()
		c := call{now: s.now(), params: params, query: r.URL.Query(), body: body, fault: name}
		if rt.aws != nil {
			return awsAnswer(rt.aws.Answer(r, body, c.now))
		}
		return s.answer(rt, r, c)
	}}
	if inject == nil {
		x.next().write(w)
		return
	}
	inject(x)
}

// answer checks a call the way Datadog does, who is calling before how often,
// and only then lets the route handle it. The caller holds the lock.
func (s *Server) answer(rt route, r *http.Request, c call) answer {
	if refusal, ok := s.keys.check(r, rt.needs); !ok {
		return refusal
	}
	if refusal, ok := s.allows(rt); !ok {
		return refusal
	}
	headers, ok := s.limits.spend(rt.name, c.now)
	if !ok {
		return rt.tooMany(s.limits.of[rt.name], c.now)
	}
	return rt.handle(c).with(headers)
}

// SetKeys changes the pair of keys that Datadog accepts, as revoking the old
// pair does. What the secrets hold stays as it is.
func (s *Server) SetKeys(apiKey, appKey string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = keys{api: apiKey, app: appKey}
}
