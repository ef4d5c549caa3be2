// Package handler turns one Function URL request into one alert and one HTTP answer.
package handler

import (
	"cmp"
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

// Tokens knows the tokens that callers may present. An error is a *fault.Error, and means
// that it cannot know now.
type Tokens interface {
	Check(ctx context.Context, presented string) (bool, error)
}

// Run processes an alert.
type Run func(ctx context.Context, a alert.Alert) (pipeline.Outcome, error)

// Handler answers the webhook. It is safe for concurrent use.
type Handler struct {
	Tokens Tokens
	Run    Run // posts or queues an alert
	DryRun Run // runs instead for an alert with the header X-Dry-Run: true
	Logger *slog.Logger
}

// Handle answers one request and writes one log record. It never returns an error: the
// Function URL would answer that with a 502 without an explanation.
func (h *Handler) Handle(ctx context.Context, r events.LambdaFunctionURLRequest) (response events.LambdaFunctionURLResponse, _ error) {
	entry := logEntry{start: time.Now(), healthCheck: isHealthCheck(r)}
	defer func() {
		if p := recover(); p != nil {
			entry.err = fault.New(fault.Internal, textInternal, fault.FromPanic(p))
			response = problemResponse(entry.err)
		}
		entry.status = response.StatusCode
		entry.write(ctx, h.Logger)
	}()
	if entry.healthCheck {
		return jsonResponse(http.StatusOK, map[string]string{"status": "ok"}), nil
	}
	entry.outcome, entry.err = h.process(ctx, r, &entry.alert)
	if entry.err == nil {
		response, entry.err = outcomeResponse(entry.outcome, entry.alert)
	}
	if entry.err != nil {
		response = problemResponse(entry.err)
	}
	return response, nil
}

// process checks a request in this order, so that a caller without a token learns nothing
// about the body: method, token, body. It sets the alert for the log.
func (h *Handler) process(ctx context.Context, r events.LambdaFunctionURLRequest, a *alert.Alert) (pipeline.Outcome, error) {
	if method(r) != http.MethodPost {
		return pipeline.Outcome{}, errMethod
	}
	if err := h.authenticate(ctx, r); err != nil {
		return pipeline.Outcome{}, err
	}
	decoded, err := Read(ctx, r)
	if err != nil {
		return pipeline.Outcome{}, err
	}
	*a = decoded
	if strings.EqualFold(header(r, headerDryRun), "true") {
		return h.DryRun(ctx, decoded)
	}
	return h.Run(ctx, decoded)
}

func (h *Handler) authenticate(ctx context.Context, r events.LambdaFunctionURLRequest) (err error) {
	ctx, span := telemetry.Start(ctx, "authenticate")
	defer func() { span.End(err) }()
	presented := token(r)
	if presented == "" {
		return errToken
	}
	ok, err := h.Tokens.Check(ctx, presented)
	if err == nil && !ok {
		return errToken
	}
	return err
}

var (
	errToken  = fault.New(fault.Unauthenticated, "the token is missing or wrong", nil)
	errMethod = fault.New(fault.MethodNotAllowed, "send alerts with POST; GET /health says whether the function is up", nil)
)

func isHealthCheck(r events.LambdaFunctionURLRequest) bool {
	m, path := method(r), cmp.Or(r.RawPath, r.RequestContext.HTTP.Path)
	return (m == http.MethodGet || m == http.MethodHead) && strings.TrimSuffix(path, "/") == "/health"
}
