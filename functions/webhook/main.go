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

// heapGrowth in percent. Less than Go's default of 100 saves memory, and the few
// megabytes that a run allocates are collected quickly all the same.
const heapGrowth = 40

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
