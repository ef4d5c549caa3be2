package wiring

import (
	"context"
	"encoding/json"
	"log/slog"

	handler "boomerang/functions/drill/handler"
	"boomerang/functions/internal/drill"
	"boomerang/shared/config"
	"boomerang/shared/datadog"
	"boomerang/shared/fault"
	"boomerang/shared/secret"
)

// Drill returns the handler of functions/drill.
func Drill(ctx context.Context, environ map[string]string, logger *slog.Logger) (*handler.Handler, error) {
	cfg, err := config.Load[config.Drill](environ)
	if err != nil {
		return nil, err
	}
	aws, err := loadAWS(logger)
	if err != nil {
		return nil, err
	}
	keys := startKeys(ctx, aws, cfg.DatadogSecretARN, logger)
	client, err := datadog.New(datadog.Config{Site: cfg.Site, BaseURL: cfg.APIURL}, credentials{keys})
	if err != nil {
		return nil, err
	}
	if err := ready(ctx, keysReady(keys)); err != nil {
		return nil, err
	}
	vault := secret.NewVault(newSecrets(aws), secretOptions(logger))
	return handler.New(handler.Config{
		Target: drill.Target{
			URL: cfg.FunctionURL + "/", Stream: client, StreamName: cfg.Site.String(),
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
