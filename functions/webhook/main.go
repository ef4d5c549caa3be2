// Command webhook is the Lambda function behind the Function URL: it takes
// Datadog's webhook and posts the enriched event.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/caarlos0/env/v11"

	"boomerang/functions/internal/wiring"
	"boomerang/shared/telemetry"
)

func main() {
	logger := telemetry.NewLogger()
	h, err := wiring.Webhook(context.Background(), env.ToMap(os.Environ()), logger)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	lambda.Start(telemetry.Wrap(h.Handle))
}
