// Command webhook is the Lambda function behind the Function URL: it takes
// Datadog's webhook and posts the enriched event.
package main

import (
	"context"
	"os"
	"runtime/debug"

	"github.com/aws/aws-lambda-go/lambda"

	"boomerang/functions/internal/wiring"
	"boomerang/shared/telemetry"
)

// heapGrowth, in percent, is how much more than what is in use the heap may hold
// before it is collected. With Go's own 100 a cold start spends a fifth of its time
// collecting what it is still making; with this it still stays below 40 MB.
const heapGrowth = 200

func main() {
	debug.SetGCPercent(heapGrowth)
	p := wiring.Lambda(os.Exit)
	handle, err := p.Webhook(context.Background())
	if err != nil {
		p.Stop(err)
	}
	lambda.Start(telemetry.Wrap(handle))
}
