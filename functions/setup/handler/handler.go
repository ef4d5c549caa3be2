// Package handler serves CloudFormation, which manages what a stack needs inside Datadog,
// and Secrets Manager, which rotates the webhook token.
package handler

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/cfn"

	"boomerang/functions/setup/provision"
	"boomerang/shared/fault"
	"boomerang/shared/secret"
)

// Provisioner manages what a stack has inside Datadog.
type Provisioner interface {
	Install(ctx context.Context, spec provision.Spec, token string) (provision.Result, error)
	Remove(ctx context.Context, spec provision.Spec) (changes []provision.Change, left []error)
	Rotate(ctx context.Context, webhookName, token string) (exists bool, err error)
}

// Tokens is the secret with the webhook's token.
type Tokens interface {
	Current(ctx context.Context) (secret.Secret, error)
	Create(ctx context.Context, version, rotationToken string) error
	Test(ctx context.Context, version string) error
	Finish(ctx context.Context, version string) (secret.Secret, error)
}

// Handler processes one event at a time.
type Handler struct {
	Provisioner Provisioner
	Tokens      Tokens
	// TokenSecret is the name or ARN of the only secret that may be rotated, and
	// WebhookName the webhook that uses it.
	TokenSecret, WebhookName string
	Logger                   *slog.Logger

	failing error // why every request fails
}

// Failing returns a handler that answers every request with the error. A function that
// does not start leaves CloudFormation waiting for an hour, and the stack undeletable.
func Failing(err error, logger *slog.Logger) *Handler {
	return &Handler{Logger: logger, failing: err}
}

// Handle processes an event of either kind. After an error Lambda repeats CloudFormation's
// event, and Secrets Manager its step; both may be repeated.
func (h *Handler) Handle(ctx context.Context, event json.RawMessage) error {
	var step rotationEvent
	if err := json.Unmarshal(event, &step); err == nil && step.Step != "" {
		return h.rotate(ctx, step)
	}
	var request cfn.Event
	if err := json.Unmarshal(event, &request); err != nil || request.ResponseURL == "" {
		// The event is not quoted, because it may contain a presigned URL.
		return fault.New(fault.Malformed, "unsupported event: want a CloudFormation custom resource request or a Secrets Manager rotation step", nil)
	}
	return h.resource(ctx, request)
}

// The end of an invocation is reserved for the answer, and before it for a rollback.
const (
	answerReserve   = 8 * time.Second
	rollbackReserve = answerReserve + provision.RollbackTimeout + 2*time.Second
)

// withReserve ends the context before the reserve begins.
func withReserve(ctx context.Context, reserve time.Duration) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-reserve))
}
