// Command reconcile is the Lambda function on a schedule: it looks for alerts that
// Datadog sent and that never arrived.
package main

import (
	"context"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"boomerang/functions/internal/wiring"
	"boomerang/shared/telemetry"
)

func main() {
	p := wiring.Lambda(os.Exit)
	h, err := p.Reconcile(context.Background())
	if err != nil {
		p.Stop(err)
	}
	lambda.Start(telemetry.Wrap(func(ctx context.Context, _ struct{}) (any, error) { return nil, h.Handle(ctx) }))
}
