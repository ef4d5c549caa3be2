// Command drill is the Lambda function on a schedule that sends a synthetic alert
// to the webhook of its own stack, and fails when its event does not come.
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
	h, err := wiring.Drill(context.Background(), env.ToMap(os.Environ()), logger)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	lambda.Start(telemetry.Wrap(func(ctx context.Context, _ struct{}) (any, error) { return nil, h.Handle(ctx) }))
}
