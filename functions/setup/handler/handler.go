// Package handler answers CloudFormation, which asks for what a stack needs inside
// Datadog, and Secrets Manager, which asks for a new webhook token.
package handler

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/cfn"

	"boomerang/functions/setup/installation"
	"boomerang/shared/fault"
	"boomerang/shared/secret"
)

// Installer makes and removes what a stack has inside Datadog.
type Installer interface {
	Install(ctx context.Context, spec installation.Spec, token string) (installation.Installed, error)
	Remove(ctx context.Context, spec installation.Spec) (done []installation.Change, left []error)
	Rotate(ctx context.Context, webhookName, token string) (exists bool, err error)
}

// Tokens is the secret with the webhook's token.
type Tokens interface {
	Current(ctx context.Context) (secret.Secret, error)
	Create(ctx context.Context, version, proof string) error
	Test(ctx context.Context, version string) error
	Finish(ctx context.Context, version string) (secret.Secret, error)
}

// Config is what a handler is made of.
type Config struct {
	Installer Installer
	Tokens    Tokens
	// TokenSecret is the name or ARN of the secret that a rotation may change, and
	// WebhookName the webhook that shows its token.
	TokenSecret, WebhookName string
	Logger                   *slog.Logger
	// HTTPClient carries answers to CloudFormation; nil: one of our own.
	HTTPClient *http.Client
}

// Handler answers one event at a time.
type Handler struct {
	Config
	// broken is why nothing can be done at all.
	broken error
}

// New returns a handler.
func New(c Config) *Handler {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.HTTPClient == nil {
		c.HTTPClient = &http.Client{Timeout: answerTimeout}
	}
	return &Handler{Config: c}
}

// Broken returns a handler that says why to everyone who asks. A function that does
// not start leaves CloudFormation waiting for an hour, and its stack undeletable.
func Broken(why error, logger *slog.Logger) *Handler {
	h := New(Config{Logger: logger})
	h.broken = why
	return h
}

// Handle takes an event of either kind. An error makes Lambda give CloudFormation's
// event again, and Secrets Manager try its step again; both may be repeated.
func (h *Handler) Handle(ctx context.Context, event json.RawMessage) error {
	var step rotationEvent
	if err := json.Unmarshal(event, &step); err == nil && step.Step != "" {
		return h.rotate(ctx, step)
	}
	var request cfn.Event
	if err := json.Unmarshal(event, &request); err != nil || request.ResponseURL == "" {
		// The event is not quoted: it may hold an address that anybody can write to.
		return fault.New(fault.Malformed, "this is neither CloudFormation's request for a custom resource nor a step of a rotation: only they call this function", nil)
	}
	return h.resource(ctx, request)
}

// The end of an invocation is kept for telling CloudFormation how it went, and before
// that for cleaning up.
const (
	answerReserve = 8 * time.Second
	undoReserve   = answerReserve + installation.UndoTime + 2*time.Second
)

// working bounds what may be done before the reserve begins.
func working(ctx context.Context, reserve time.Duration) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-reserve))
}
