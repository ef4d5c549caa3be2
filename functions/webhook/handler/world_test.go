package handler_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/functions/webhook/handler"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich/registry"
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

// world is the handler with everything behind it: the pipeline, the Datadog
// client, and Datadog as the stand-in plays it.
type world struct {
	t       *testing.T
	datadog *fakedatadog.Server
	ledger  *ledger.Memory
	queue   pipeline.Queue
	tokens  handler.Tokens
	source  string // of the playbooks; empty: the embedded ones
	log     bytes.Buffer
}

type token struct{ is string }

func (k token) Check(_ context.Context, presented string) (bool, error) {
	return secret.NewText(presented).Equal(secret.NewText(k.is)), nil
}

type unknowable struct{}

func (unknowable) Check(context.Context, string) (bool, error) {
	return false, fault.New(fault.Temporary, "Secrets Manager is down", errors.New("dial tcp"))
}

type keys struct{}

func (keys) Keys(context.Context) (datadog.Keys, error) {
	return datadog.Keys{API: fakedatadog.DefaultAPIKey, App: fakedatadog.DefaultAppKey}, nil
}

func (k keys) Renew(ctx context.Context, _ datadog.Keys) (datadog.Keys, error) { return k.Keys(ctx) }

func newWorld(t *testing.T) *world {
	return &world{t: t, datadog: fakedatadog.New(fakedatadog.Options{}), ledger: ledger.NewMemory(ledger.Options{}), queue: queue.NewMemory(nil), tokens: token{goodToken}}
}

func (w *world) handler() *handler.Handler {
	w.t.Helper()
	server := httptest.NewServer(w.datadog)
	w.t.Cleanup(server.Close)
	client, err := datadog.New(datadog.Config{Site: site.US1, BaseURL: server.URL}, keys{})
	if err != nil {
		w.t.Fatal(err)
	}
	conf := pipeline.Config{Playbooks: w.playbooks(client), EnrichBudget: 2 * time.Second, Poster: client, Ledger: w.ledger}
	if w.queue != nil {
		conf.Queue = w.queue
	}
	p := pipeline.New(conf)
	logger := slog.New(slog.NewJSONHandler(&w.log, nil))
	return handler.New(handler.Config{Tokens: w.tokens, Run: p.Run, DryRun: p.DryRun, Logger: logger})
}

func (w *world) playbooks(client *datadog.Client) *playbook.Book {
	w.t.Helper()
	if w.source == "" {
		return playbooks(client)
	}
	book, err := playbook.Load("test.yaml", []byte(w.source), registry.Kinds(registry.Deps{Datadog: client, Site: site.US1}))
	if err != nil {
		w.t.Fatal(err)
	}
	return book
}

func playbooks(client *datadog.Client) *playbook.Book {
	book, err := playbook.Default(registry.Kinds(registry.Deps{Datadog: client, Site: site.US1}))
	if err != nil {
		panic(err)
	}
	return book
}

func (w *world) misbehave(route fakedatadog.Route, m fakedatadog.Fault) {
	w.t.Helper()
	if err := w.datadog.Inject(route, m, 0); err != nil {
		w.t.Fatal(err)
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
	headers := map[string]string{}
	for k, v := range r.Headers {
		headers[k] = v
	}
	headers[name] = value
	r.Headers = headers
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
