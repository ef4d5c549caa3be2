// Command redeliver is the Lambda function behind the queue: it finishes the alerts
// that the webhook could not finish at once.
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
	handle, err := p.Redeliver(context.Background())
	if err != nil {
		p.Stop(err)
	}
	lambda.Start(telemetry.Wrap(handle))
}
