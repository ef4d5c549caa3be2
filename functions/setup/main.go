// Command setup is the Lambda function that makes what a stack needs inside Datadog,
// and rotates the token of its webhook.
package main

import (
	"context"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/caarlos0/env/v11"

	"boomerang/functions/internal/wiring"
	"boomerang/shared/telemetry"
)

// It is not traced, as the other functions are: its events hold an address to which
// whoever reads it may write.
func main() {
	h := wiring.Setup(context.Background(), env.ToMap(os.Environ()), telemetry.NewLogger())
	lambda.Start(h.Handle)
}
