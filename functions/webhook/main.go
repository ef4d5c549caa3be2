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

// How much the heap may grow before it is collected, in percent. Go's default is 100. A
// start creates what stays, so collecting it costs time for nothing; a run creates garbage.
const (
	heapGrowthStart = 150
	heapGrowthRun   = 60
)

func main() {
	debug.SetGCPercent(heapGrowthStart)
	os.Exit(runtime.Run(newHandler, ddlambda.Wrap))
}

func newHandler(ctx context.Context, env runtime.Environment) (any, error) {
	h, err := handler.FromEnvironment(ctx, env)
	if err != nil {
		return nil, err
	}
	debug.SetGCPercent(heapGrowthRun)
	return h.Handle, nil
}
