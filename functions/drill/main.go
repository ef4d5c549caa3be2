// Command drill is the Lambda function on a schedule that sends a synthetic alert
// to the webhook of its own stack, and fails when its event does not come.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"boomerang/functions/drill/handler"
	"boomerang/functions/internal/ddlambda"
	"boomerang/functions/internal/drill"
	"boomerang/functions/internal/runtime"
	"boomerang/shared/config"
	"boomerang/shared/fault"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	env := runtime.FromLambda(ctx)
	cfg, err := runtime.Load[config.Drill](env)
	if err != nil {
		return err
	}
	r, err := runtime.New(ctx, env, cfg.Datadog)
	if err != nil {
		return err
	}
	h := handler.New(handler.Config{
		Target: drill.Target{
			URL: cfg.FunctionURL + "/", Stream: r.Datadog, StreamName: cfg.Site.String(),
			TokenSource:  "the token in WEBHOOK_SECRET_ARN; make sure that both functions name the same secret",
			Organisation: "the keys in DATADOG_SECRET_ARN, and DD_SITE,",
		},
		Token: func(ctx context.Context) (string, error) {
			content, err := r.Secrets.Text(ctx, cfg.WebhookSecretARN)
			if err != nil {
				return "", err
			}
			return tokenIn(content)
		},
		Wait:   drill.Usual,
		Logger: env.Logger,
	})
	if err := runtime.WaitForSecrets(ctx, r.Keys); err != nil {
		return err
	}
	wrapped, err := ddlambda.Wrap(lambda.NewHandler(func(ctx context.Context, _ struct{}) (any, error) { return nil, h.Handle(ctx) }), env.Logger)
	if err != nil {
		return err
	}
	lambda.Start(wrapped)
	return nil
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
