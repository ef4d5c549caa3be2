// Command setup is the Lambda function that makes what a stack needs inside Datadog,
// and rotates the token of its webhook.
package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"boomerang/functions/internal/runtime"
	"boomerang/functions/setup/handler"
	"boomerang/functions/setup/provision"
	"boomerang/shared/config"
	"boomerang/shared/secret"
)

// It is not traced: its events hold a presigned URL, to which anyone who reads it may
// write. If it cannot work, it still starts, because only the handler can tell
// CloudFormation why.
func main() {
	ctx := context.Background()
	env := runtime.FromLambda(ctx)
	h, err := newHandler(ctx, env)
	if err != nil {
		h = handler.Failing(err, env.Logger)
	}
	lambda.Start(h.Handle)
}

func newHandler(ctx context.Context, env runtime.Environment) (*handler.Handler, error) {
	cfg, r, err := runtime.Open[config.Setup](ctx, env)
	if err != nil {
		return nil, err
	}
	return &handler.Handler{
		Provisioner: provision.New(r.Datadog),
		Tokens:      secret.NewRotation(secretsmanager.NewFromConfig(env.AWS), cfg.WebhookSecretARN),
		TokenSecret: cfg.WebhookSecretARN, WebhookName: cfg.WebhookName,
		Logger: env.Logger,
	}, nil
}
