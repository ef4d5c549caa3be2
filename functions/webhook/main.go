// Command webhook is the Lambda function behind the Function URL: it takes
// Datadog's webhook and posts the enriched event.
package main

import (
	"context"
	"os"
	"runtime/debug"

	"boomerang/functions/internal/ddlambda"
	"boomerang/functions/internal/runtime"
	"boomerang/functions/webhook/handler"
)

// heapGrowth in percent. With Go's default of 100 a cold start spends a fifth of its
// time in garbage collection.
const heapGrowth = 200

func main() {
	debug.SetGCPercent(heapGrowth)
	os.Exit(runtime.Run(newHandler, ddlambda.Wrap))
}

func newHandler(ctx context.Context, env runtime.Environment) (any, error) {
	h, err := handler.FromEnvironment(ctx, env)
	if err != nil {
		return nil, err
	}
	return h.Handle, nil
}
