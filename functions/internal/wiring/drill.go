package wiring

import (
	"context"
	"encoding/json"

	handler "boomerang/functions/drill/handler"
	"boomerang/functions/internal/drill"
	"boomerang/shared/config"
	"boomerang/shared/fault"
)

// Drill returns the handler of functions/drill.
func (p Process) Drill(ctx context.Context) (*handler.Handler, error) {
	cfg, account, err := load[config.Drill](p)
	if err != nil {
		return nil, err
	}
	b, err := p.base(ctx, account, cfg.Datadog)
	if err != nil {
		return nil, err
	}
	if err := ready(ctx, b.keys); err != nil {
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
		Logger: p.Logger,
	}), nil
}

func tokenIn(content string) (string, error) {
	var webhook struct {
		Token string `json:"token"`
	}
	if json.Unmarshal([]byte(content), &webhook) != nil || webhook.Token == "" {
		return "", fault.New(fault.Permanent, `the secret in WEBHOOK_SECRET_ARN must hold {"token":"…"}`, nil)
	}
	return webhook.Token, nil
}
