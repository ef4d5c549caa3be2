// Package handler turns one Function URL request into one alert and one HTTP
// answer.
package handler

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/shared/alert"
	"boomerang/shared/fault"
	"boomerang/shared/pipeline"
	"boomerang/shared/telemetry"
)

// The header by which a caller asks to see the event instead of posting it.
const headerDryRun = "x-dry-run"

// Tokens knows the tokens that callers may present. An error means that it
// cannot know now.
type Tokens interface {
	Check(ctx context.Context, presented string) (bool, error)
}

// Run takes an alert from here: through the pipeline, or into the queue.
type Run func(ctx context.Context, a alert.Alert) (pipeline.Outcome, error)

// Config is what a handler is made of.
type Config struct {
	Tokens Tokens
	Run    Run // what becomes of an alert
	DryRun Run // what becomes of one that carries X-Dry-Run: true
	Logger *slog.Logger
	Now    func() time.Time // nil: time.Now
}

// Handler answers the webhook. It is safe for concurrent use.
type Handler struct{ Config }

// New returns a handler.
func New(c Config) *Handler {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &Handler{c}
}

// healthy is what the log calls a health check.
const healthy pipeline.Status = "healthy"

// Handle answers one request and writes one log record. It never returns an
// error: the Function URL would answer that with a 502 that explains nothing.
func (h *Handler) Handle(ctx context.Context, r events.LambdaFunctionURLRequest) (response events.LambdaFunctionURLResponse, _ error) {
	rec := record{start: h.Now()}
	defer func() {
		if p := recover(); p != nil {
			rec.err = fault.New(fault.Internal, "something went wrong inside Boomerang; send the alert again", fault.FromPanic(p))
			response = refuse(rec.err)
		}
		rec.status = response.StatusCode
		rec.write(ctx, h.Logger, h.Now())
		rec.measure(ctx)
	}()

	if isHealthCheck(r) {
		rec.outcome.Status = healthy
		return answer(http.StatusOK, health{Status: "ok"}), nil
	}
	outcome, err := h.take(ctx, r, &rec)
	rec.outcome, rec.err = outcome, err
	if err != nil {
		return refuse(err), nil
	}
	return tell(outcome), nil
}

// take checks a request in the order in which a stranger may learn things: the
// method, then the token, and only then anything about the body.
func (h *Handler) take(ctx context.Context, r events.LambdaFunctionURLRequest, rec *record) (pipeline.Outcome, error) {
	if method(r) != http.MethodPost {
		return pipeline.Outcome{}, errMethod
	}
	if err := h.authenticate(ctx, r); err != nil {
		return pipeline.Outcome{}, err
	}
	_, span := telemetry.Start(ctx, "decode")
	a, err := Decode(r)
	span.End(err)
	if err != nil {
		return pipeline.Outcome{}, err
	}
	rec.alert = a
	run := h.Run
	if strings.EqualFold(header(r, headerDryRun), "true") {
		run = h.DryRun
	}
	return run(ctx, a)
}

// authenticate accepts the token in any of the places that a webhook can carry
// one.
func (h *Handler) authenticate(ctx context.Context, r events.LambdaFunctionURLRequest) (err error) {
	ctx, span := telemetry.Start(ctx, "authenticate")
	defer func() { span.End(err) }()
	presented := token(r)
	if presented == "" {
		return errToken
	}
	ok, err := h.Tokens.Check(ctx, presented)
	if err != nil {
		return fault.New(fault.Temporary, "the webhook's token cannot be checked now; send the alert again", err)
	}
	if !ok {
		return errToken
	}
	return nil
}

var (
	errToken  = fault.New(fault.Unauthenticated, "no token, or a wrong one", nil)
	errMethod = fault.New(fault.MethodNotAllowed, "send alerts with POST; GET /health tells whether the function is up", nil)
)

func isHealthCheck(r events.LambdaFunctionURLRequest) bool {
	m := method(r)
	return (m == http.MethodGet || m == http.MethodHead) && strings.TrimSuffix(path(r), "/") == "/health"
}
