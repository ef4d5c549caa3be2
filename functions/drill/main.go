// Command drill is the Lambda function on a schedule that sends a synthetic alert to the
// webhook of its own stack, and fails if the event does not come back.
package main

import (
	"context"
	"os"

	"boomerang/functions/drill/handler"
	"boomerang/functions/internal/ddlambda"
	"boomerang/functions/internal/drill"
	"boomerang/functions/internal/runtime"
	"boomerang/shared/config"
	"boomerang/shared/secret"
)

func main() { os.Exit(runtime.Run(newHandler, ddlambda.Wrap)) }

func newHandler(ctx context.Context, env runtime.Environment) (any, error) {
	cfg, r, err := runtime.Open[config.Drill](ctx, env)
	if err != nil {
		return nil, err
	}
	h := &handler.Handler{
		Target: drill.Target{
			URL: cfg.FunctionURL + "/", Stream: r.Datadog, StreamName: cfg.Site.String(),
			TokenSource:  "the token in WEBHOOK_SECRET_ARN; make sure that both functions name the same secret",
			Organization: "the keys in DATADOG_SECRET_ARN, and DD_SITE,",
		},
		Token: func(ctx context.Context) (secret.Secret, error) {
			return secret.CurrentToken(ctx, r.GetSecretValue, cfg.WebhookSecretARN)
		},
		Timeouts: drill.DefaultTimeouts,
		Logger:   env.Logger,
	}
	return h.Handle, runtime.WaitForSecrets(ctx, r.Keys)
}
