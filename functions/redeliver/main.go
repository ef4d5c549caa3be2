// Command redeliver is the Lambda function behind the queue: it finishes the alerts
// that the webhook could not finish at once.
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
	h, err := wiring.Redeliver(context.Background(), env.ToMap(os.Environ()), logger)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	lambda.Start(telemetry.Wrap(h.Handle))
}
