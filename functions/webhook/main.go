// Command webhook is the Lambda function behind the Function URL: it takes
// Datadog's webhook and posts the enriched event.
package main

import (
	"context"
	"os"

	"boomerang/functions/internal/ddlambda"
	"boomerang/functions/internal/runtime"
	"boomerang/functions/webhook/handler"
)

func main() { os.Exit(runtime.Run(newHandler, ddlambda.Wrap)) }

func newHandler(ctx context.Context, env runtime.Environment) (any, error) {
	h, err := handler.FromEnvironment(ctx, env)
	if err != nil {
		return nil, err
	}
	return h.Handle, nil
}
