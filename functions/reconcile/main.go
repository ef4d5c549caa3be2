// Command reconcile is the Lambda function on a schedule that finds and queues the
// alerts that Datadog sent and the webhook never received.
package main

import (
	"context"
	"os"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"boomerang/functions/internal/ddlambda"
	"boomerang/functions/internal/runtime"
	"boomerang/functions/reconcile/handler"
	"boomerang/shared/config"
	"boomerang/shared/ledger"
	"boomerang/shared/queue"
)

func main() { os.Exit(runtime.Run(newHandler, ddlambda.Wrap)) }

func newHandler(ctx context.Context, env runtime.Environment) (any, error) {
	cfg, r, err := runtime.Open[config.Reconcile](ctx, env)
	if err != nil {
		return nil, err
	}
	h := handler.New(handler.Config{
		WebhookName: cfg.WebhookName,
		Datadog:     r.Datadog,
		Ledger:      ledger.New(dynamodb.NewFromConfig(env.AWS), cfg.LedgerTable),
		Queue:       queue.New(sqs.NewFromConfig(env.AWS), cfg.RedeliveryQueueURL),
		Logger:      env.Logger,
	})
	return h.Handle, runtime.WaitForSecrets(ctx, r.Keys)
}
