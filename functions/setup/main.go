// Command setup is the Lambda function that makes what a stack needs inside Datadog,
// and rotates the token of its webhook.
package main

import (
	"context"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"boomerang/functions/internal/wiring"
)

// It is not traced, as the other functions are: its events hold an address to which
// whoever reads it may write.
func main() {
	h := wiring.Lambda(os.Exit).Setup(context.Background())
	lambda.Start(h.Handle)
}
