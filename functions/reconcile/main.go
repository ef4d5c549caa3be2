// Command reconcile is the Lambda function on a schedule: it looks for alerts that
// Datadog sent and that never arrived.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"boomerang/functions/internal/ddlambda"
	"boomerang/functions/internal/runtime"
	"boomerang/functions/reconcile/handler"
	"boomerang/shared/config"
	"boomerang/shared/ledger"
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
	cfg, err := runtime.Load[config.Reconcile](env)
	if err != nil {
		return err
	}
	r, err := runtime.New(ctx, env, cfg.Datadog)
	if err != nil {
		return err
	}
	table := ledger.New(dynamodb.NewFromConfig(env.AWS), cfg.LedgerTable, ledger.Options{})
	h := handler.New(handler.Config{
		WebhookName: cfg.WebhookName,
		Stream:      r.Datadog, Monitors: r.Datadog,
		Ledger: table, Bookmark: table,
		Queue:  queue.New(sqs.NewFromConfig(env.AWS), cfg.RedeliveryQueueURL),
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
