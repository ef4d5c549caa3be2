package handler_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/functions/webhook/handler"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich/registry"
	"boomerang/shared/event"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/fault"
	"boomerang/shared/ledger"
	"boomerang/shared/pipeline"
	"boomerang/shared/playbook"
	"boomerang/shared/queue"
	"boomerang/shared/secret"
	"boomerang/shared/site"
)

const (
	goodToken = "the-token-in-the-secret"
	torqBody  = `{"body":"%%%\nCheckout is slow @webhook-boomerang\n%%%","title":"[P1] [Triggered] Checkout is slow","date":"1406662672000","id":"7284105863092654118",
		"metadata":{"ALERT_ID":"4711","ALERT_CYCLE_KEY":"c-1","ALERT_TRANSITION":"Triggered","ALERT_TYPE":"error","ORG_ID":"352347","TAGS":"env:prod,service:checkout","LOGS_SAMPLE":"$LOGS_SAMPLE"}}`
)

// env is the handler with the pipeline, the Datadog client and the Datadog fake behind it.
type env struct {
	t       *testing.T
	datadog *fakedatadog.Server
	ledger  store
	table   pipeline.Ledger  // instead of the ledger
	now     func() time.Time // of the pipeline; nil: time.Now
	queue   pipeline.Queue
	tokens  handler.Tokens
	source  string // of the playbooks; empty: the embedded ones
	log     bytes.Buffer
}

// store is a ledger in memory.
type store map[string]ledger.Claim

func (s store) Claim(_ context.Context, d ledger.Delivery, _ time.Time) (ledger.Claim, error) {
	if found, ok := s[d.Key]; ok {
		return found, nil
	}
	s[d.Key] = ledger.Claim{State: ledger.Busy}
	return ledger.Claim{State: ledger.Granted}, nil
}

func (s store) Complete(_ context.Context, d ledger.Delivery, posted event.Posted) error {
	s[d.Key] = ledger.Claim{State: ledger.Done, Posted: posted}
	return nil
}

func (s store) MarkPosted(context.Context, ledger.Delivery, event.Posted) error { return nil }

func (s store) Release(_ context.Context, d ledger.Delivery, _ bool) error {
	delete(s, d.Key)
	return nil
}

func (s store) MarkQueued(context.Context, string) error { return nil }

// sent is a queue in memory, or one that fails.
type sent struct {
	messages []queue.Message
	err      error
}

func (s *sent) Send(_ context.Context, m queue.Message, _ time.Duration) error {
	if s.err == nil {
		s.messages = append(s.messages, m)
	}
	return s.err
}

type token struct{ is string }

func (k token) Check(_ context.Context, presented string) (bool, error) {
	return secret.New(presented).Equal(secret.New(k.is)), nil
}

type unknowable struct{}

func (unknowable) Check(context.Context, string) (bool, error) {
	return false, fault.New(fault.Temporary, "Secrets Manager is down", errors.New("dial tcp"))
}

type heldBack struct{}

func (heldBack) Check(context.Context, string) (bool, error) {
	return false, &fault.Error{Kind: fault.Unverified, Public: "send the alert again", RetryAfter: 5 * time.Second}
}

func newEnv(t *testing.T) *env {
	return &env{t: t, datadog: fakedatadog.New(fakedatadog.Options{}), ledger: store{}, queue: &sent{}, tokens: token{goodToken}}
}

func (e *env) client() *datadog.Client {
	e.t.Helper()
	server := httptest.NewServer(e.datadog)
	e.t.Cleanup(server.Close)
	client, err := datadog.New(datadog.Config{Site: site.US1, BaseURL: server.URL}, datadog.FixedKeys{API: fakedatadog.DefaultAPIKey, App: fakedatadog.DefaultAppKey})
	if err != nil {
		e.t.Fatal(err)
	}
	return client
}

func (e *env) handler() *handler.Handler {
	e.t.Helper()
	client := e.client()
	kinds := registry.Kinds(registry.Deps{Datadog: client, Site: site.US1})
	book, err := playbook.Default(kinds)
	if e.source != "" {
		book, err = playbook.Load("test.yaml", []byte(e.source), kinds)
	}
	if err != nil {
		e.t.Fatal(err)
	}
	conf := pipeline.Config{Playbooks: book, EnrichBudget: 2 * time.Second, Poster: client, Ledger: e.ledger, Queue: e.queue, Now: e.now}
	if e.table != nil {
		conf.Ledger, conf.Stream = e.table, client
	}
	p := pipeline.New(conf)
	return &handler.Handler{Tokens: e.tokens, Run: p.Run, DryRun: p.DryRun, Logger: slog.New(slog.NewJSONHandler(&e.log, nil))}
}

func (e *env) inject(route fakedatadog.Route, m fakedatadog.Fault) {
	e.t.Helper()
	if err := e.datadog.Inject(route, m, 0); err != nil {
		e.t.Fatal(err)
	}
}

func post(body string) events.LambdaFunctionURLRequest {
	r := events.LambdaFunctionURLRequest{
		Headers: map[string]string{"content-type": "application/json", "x-webhook-token": goodToken},
		RawPath: "/", Body: body,
	}
	r.RequestContext.HTTP.Method = http.MethodPost
	return r
}

func with(r events.LambdaFunctionURLRequest, name, value string) events.LambdaFunctionURLRequest {
	r.Headers = maps.Clone(r.Headers)
	r.Headers[name] = value
	return r
}

func without(r events.LambdaFunctionURLRequest, name string) events.LambdaFunctionURLRequest {
	r = with(r, name, "")
	delete(r.Headers, name)
	return r
}

func get(path string) events.LambdaFunctionURLRequest {
	r := events.LambdaFunctionURLRequest{RawPath: path}
	r.RequestContext.HTTP.Method = http.MethodGet
	return r
}

func fields(t *testing.T, body string) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal([]byte(body), &out); err != nil {
		t.Fatalf("the answer is not JSON: %v: %q", err, body)
	}
	return out
}

func handle(t *testing.T, h *handler.Handler, r events.LambdaFunctionURLRequest) events.LambdaFunctionURLResponse {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 14*time.Second)
	defer cancel()
	response, err := h.Handle(ctx, r)
	if err != nil {
		t.Fatalf("Handle returned an error, which a Function URL answers with a 502: %v", err)
	}
	return response
}
