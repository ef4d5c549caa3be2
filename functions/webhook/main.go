// Command webhook is the Lambda function behind the Function URL: it takes
// Datadog's webhook and posts the enriched event.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/aws/aws-lambda-go/lambda"

	"boomerang/functions/internal/ddlambda"
	"boomerang/functions/internal/runtime"
	"boomerang/functions/webhook/handler"
)

// heapGrowth in percent. With Go's default of 100 a cold start spends a fifth of its
// time in garbage collection.
const heapGrowth = 200

func main() {
	debug.SetGCPercent(heapGrowth)
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	env := runtime.FromLambda(ctx)
	h, err := handler.FromEnvironment(ctx, env)
	if err != nil {
		return err
	}
	wrapped, err := ddlambda.Wrap(lambda.NewHandler(h.Handle), env.Logger)
	if err != nil {
		return err
	}
	lambda.Start(wrapped)
	return nil
}
