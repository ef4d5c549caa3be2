package wiring

import (
	"context"
	"encoding/json"
	"log/slog"

	handler "boomerang/functions/drill/handler"
	"boomerang/functions/internal/drill"
	"boomerang/shared/config"
	"boomerang/shared/fault"
)

// Drill returns the handler of functions/drill.
func Drill(ctx context.Context, environ map[string]string, logger *slog.Logger) (*handler.Handler, error) {
	cfg, err := config.Load[config.Drill](environ)
	if err != nil {
		return nil, err
	}
	b, err := newBase(ctx, cfg.Datadog, logger)
	if err != nil {
		return nil, err
	}
	if err := ready(ctx, b.keysReady); err != nil {
		return nil, err
	}
	vault := b.vault()
	return handler.New(handler.Config{
		Target: drill.Target{
			URL: cfg.FunctionURL + "/", Stream: b.datadog, StreamName: cfg.Site.String(),
			TokenSource:  "the token in WEBHOOK_SECRET_ARN; make sure that both functions name the same secret",
			Organisation: "the keys in DATADOG_SECRET_ARN, and DD_SITE,",
		},
		Token: func(ctx context.Context) (string, error) {
			content, err := vault.Text(ctx, cfg.WebhookSecretARN)
			if err != nil {
				return "", err
			}
			return tokenIn(content)
		},
		Wait:   drill.Usual,
		Logger: logger,
	}), nil
}

func tokenIn(content string) (string, error) {
	var webhook struct {
		Token string `json:"token"`
	}
	if json.Unmarshal([]byte(content), &webhook) != nil || webhook.Token == "" {
		return "", fault.New(fault.Refused, `the secret in WEBHOOK_SECRET_ARN must hold {"token":"…"}`, nil)
	}
	return webhook.Token, nil
}
