// Command drill is the Lambda function on a schedule that sends a synthetic alert
// to the webhook of its own stack, and fails when its event does not come.
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
	h, err := p.Drill(context.Background())
	if err != nil {
		p.Stop(err)
	}
	lambda.Start(telemetry.Wrap(func(ctx context.Context, _ struct{}) (any, error) { return nil, h.Handle(ctx) }))
}
