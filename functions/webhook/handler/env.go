package handler

import (
	"context"

	"boomerang/functions/internal/alerting"
	"boomerang/functions/internal/runtime"
	"boomerang/shared/config"
	"boomerang/shared/secret"
)

// FromEnvironment builds the handler that is deployed. It fails if a secret is wrong,
// and waits a bounded time for a secret that cannot be fetched now.
func FromEnvironment(ctx context.Context, env runtime.Environment) (*Handler, error) {
	cfg, r, err := runtime.Open[config.Webhook](ctx, env)
	if err != nil {
		return nil, err
	}
	tokens := secret.NewTokens(r.GetSecretValue, cfg.WebhookSecretARN, r.SecretFailed)
	tokens.Start(ctx)
	alerts, err := alerting.New(ctx, r, cfg.Pipeline)
	if err != nil {
		return nil, err
	}
	run := alerts.Run
	if cfg.Intake == config.Queue {
		run = alerts.Enqueue
	}
	if err := runtime.WaitForSecrets(ctx, tokens, r.Keys); err != nil {
		return nil, err
	}
	return &Handler{Tokens: tokens, Run: run, DryRun: alerts.DryRun, Logger: env.Logger}, nil
}
