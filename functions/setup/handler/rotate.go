package handler

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"boomerang/shared/fault"
)

// rotationEvent is what Secrets Manager sends for each step
// (https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html).
type rotationEvent struct {
	Step               string
	SecretID           string `json:"SecretId"`
	ClientRequestToken string // The version's id.
	RotationToken      string // Proof of who asks, to be shown to Secrets Manager.
}

// rotate carries out one step. The webhook accepts the current token and the one
// before it, so the new token becomes current first, and Datadog is told after that:
// at no moment does Datadog show a token that is neither.
//
// A rotation may have ended between the two. Datadog then shows the previous token,
// which the next rotation would make worthless; therefore each begins by telling
// Datadog the current one, while nothing is changed yet. That also shows, in time,
// whether Datadog can be told at all.
func (h *Handler) rotate(ctx context.Context, e rotationEvent) error {
	level, attributes := slog.LevelInfo, []slog.Attr{slog.String("step", e.Step), slog.String("version", e.ClientRequestToken)}
	err := h.step(ctx, e)
	if err != nil {
		level, attributes = slog.LevelError, append(attributes, told(err)...)
	}
	h.Logger.LogAttrs(ctx, level, "rotation", attributes...)
	return err
}

func (h *Handler) step(ctx context.Context, e rotationEvent) error {
	switch {
	case h.broken != nil:
		return h.broken
	case !isSecret(h.TokenSecret, e.SecretID):
		return fault.New(fault.Permanent, fmt.Sprintf("this function rotates the webhook's token and no other secret such as %q", e.SecretID), nil)
	case e.ClientRequestToken == "":
		return fault.New(fault.Malformed, "the rotation names no version (ClientRequestToken)", nil)
	}
	switch e.Step {
	case "createSecret":
		return h.Tokens.Create(ctx, e.ClientRequestToken, e.RotationToken)
	case "setSecret":
		token, err := h.Tokens.Current(ctx)
		if err != nil {
			return err
		}
		return h.tell(ctx, token.Reveal())
	case "testSecret":
		return h.Tokens.Test(ctx, e.ClientRequestToken)
	case "finishSecret":
		token, err := h.Tokens.Finish(ctx, e.ClientRequestToken)
		if err != nil {
			return err
		}
		return h.tell(ctx, token.Reveal())
	}
	return fault.New(fault.Malformed, fmt.Sprintf("a rotation has no step %q", e.Step), nil)
}

// tell gives Datadog a token. A stack is rotated for the first time while it is being
// created, perhaps before there is anything to tell; setup will take the current token
// by itself.
func (h *Handler) tell(ctx context.Context, token string) error {
	exists, err := h.Installer.Rotate(ctx, h.WebhookName, token)
	if err == nil && !exists {
		h.Logger.WarnContext(ctx, "Datadog has no variable for the token yet: setup writes it")
	}
	return err
}

// isSecret reports whether the ARN is that of a secret named by its ARN or its name,
// after which an ARN has a hyphen and six characters of its own.
func isSecret(named, arn string) bool {
	_, found, isARN := strings.Cut(arn, ":secret:")
	rest, same := strings.CutPrefix(found, named+"-")
	return named == arn || isARN && same && len(rest) == 6
}
