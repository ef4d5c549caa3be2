// Command redeliver is the Lambda function behind the queue: it finishes the alerts
// that the webhook could not finish at once.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"boomerang/functions/internal/alerting"
	"boomerang/functions/internal/ddlambda"
	"boomerang/functions/internal/runtime"
	"boomerang/functions/redeliver/handler"
	"boomerang/shared/config"
	"boomerang/shared/queue"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	env := runtime.FromLambda(ctx)
	cfg, err := runtime.Load[config.Redeliver](env)
	if err != nil {
		return err
	}
	r, err := runtime.New(ctx, env, cfg.Datadog)
	if err != nil {
		return err
	}
	alerts, err := alerting.New(ctx, r, cfg.Pipeline)
	if err != nil {
		return err
	}
	conf := handler.Config{Redeliver: alerts.Redeliver, Logger: env.Logger}
	if cfg.DeadLetterQueueURL != "" {
		conf.DeadLetters = queue.New(sqs.NewFromConfig(env.AWS), cfg.DeadLetterQueueURL)
	}
	if err := runtime.WaitForSecrets(ctx, r.Keys); err != nil {
		return err
	}
	wrapped, err := ddlambda.Wrap(lambda.NewHandler(handler.New(conf).Handle), env.Logger)
	if err != nil {
		return err
	}
	lambda.Start(wrapped)
	return nil
}
