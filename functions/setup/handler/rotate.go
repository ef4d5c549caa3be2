package handler

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"boomerang/shared/fault"
	"boomerang/shared/secret"
)

// rotationEvent is what Secrets Manager sends for each step
// (https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html).
type rotationEvent struct {
	Step               string
	SecretID           string `json:"SecretId"`
	ClientRequestToken string // The version's id.
	RotationToken      string // identifies the caller to Secrets Manager
}

// rotate processes one step. The webhook accepts the current and the previous token, so
// the new one becomes current before Datadog gets it.
//
// A rotation that ended between the two leaves Datadog with the previous token, which the
// next rotation would invalidate. So each rotation first writes the current token to
// Datadog, while nothing has changed yet; that also shows early whether Datadog answers.
func (h *Handler) rotate(ctx context.Context, e rotationEvent) error {
	level, attributes := slog.LevelInfo, []slog.Attr{slog.String("step", e.Step), slog.String("version", e.ClientRequestToken)}
	err := h.step(ctx, e)
	if err != nil {
		level, attributes = slog.LevelError, append(attributes, errorAttributes(err)...)
	}
	h.Logger.LogAttrs(ctx, level, "rotation", attributes...)
	return err
}

func (h *Handler) step(ctx context.Context, e rotationEvent) error {
	switch {
	case h.failing != nil:
		return h.failing
	case !isSecret(h.TokenSecret, e.SecretID):
		return fault.New(fault.Permanent, fmt.Sprintf("this function rotates only the webhook token, not the secret %q", e.SecretID), nil)
	case e.ClientRequestToken == "":
		return fault.New(fault.Malformed, "the rotation step has no ClientRequestToken", nil)
	}
	switch e.Step {
	case "createSecret":
		return h.Tokens.Create(ctx, e.ClientRequestToken, e.RotationToken)
	case "setSecret":
		return h.updateDatadog(ctx, h.Tokens.Current)
	case "testSecret":
		return h.Tokens.Test(ctx, e.ClientRequestToken)
	case "finishSecret":
		return h.updateDatadog(ctx, func(ctx context.Context) (secret.Secret, error) { return h.Tokens.Finish(ctx, e.ClientRequestToken) })
	}
	return fault.New(fault.Malformed, fmt.Sprintf("unknown rotation step %q", e.Step), nil)
}

// updateDatadog writes a token to Datadog. The first rotation may run before setup, which
// writes the current token itself.
func (h *Handler) updateDatadog(ctx context.Context, read func(context.Context) (secret.Secret, error)) error {
	token, err := read(ctx)
	if err != nil {
		return err
	}
	exists, err := h.Provisioner.Rotate(ctx, h.WebhookName, token.Reveal())
	if err == nil && !exists {
		h.Logger.WarnContext(ctx, "Datadog has no custom variable for the token yet: setup creates it")
	}
	return err
}

// isSecret reports whether the ARN is that of a secret, which is given by its ARN or name.
// An ARN appends a hyphen and six characters to the name.
func isSecret(name, arn string) bool {
	_, found, isARN := strings.Cut(arn, ":secret:")
	suffix, same := strings.CutPrefix(found, name+"-")
	return name == arn || isARN && same && len(suffix) == 6
}
