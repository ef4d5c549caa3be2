// Command redeliver is the Lambda function behind the queue: it retries the alerts that
// the webhook did not finish.
package main

import (
	"context"
	"os"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"boomerang/functions/internal/alerting"
	"boomerang/functions/internal/ddlambda"
	"boomerang/functions/internal/runtime"
	"boomerang/functions/redeliver/handler"
	"boomerang/shared/config"
	"boomerang/shared/queue"
)

func main() { os.Exit(runtime.Run(newHandler, ddlambda.Wrap)) }

func newHandler(ctx context.Context, env runtime.Environment) (any, error) {
	cfg, r, err := runtime.Open[config.Redeliver](ctx, env)
	if err != nil {
		return nil, err
	}
	alerts, err := alerting.New(ctx, r, cfg.Pipeline)
	if err != nil {
		return nil, err
	}
	h := &handler.Handler{Redeliver: alerts.Redeliver, GiveUp: alerts.GiveUp, Logger: env.Logger}
	if cfg.DeadLetterQueueURL != "" {
		h.DeadLetters = queue.New(sqs.NewFromConfig(env.AWS), cfg.DeadLetterQueueURL)
	}
	return h.Handle, runtime.WaitForSecrets(ctx, r.Keys)
}
