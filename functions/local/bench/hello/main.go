// Command hello is the floor of the benchmark: the least that a Lambda function
// in Go behind a Function URL can be. With CALLS it asks Datadog as often, one
// after the other, whether the key is valid, and does nothing with the answers: the
// floor of a function that talks to others. It is never deployed.
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

func main() {
	calls, _ := strconv.Atoi(os.Getenv("CALLS")) // Nothing is none.
	lambda.Start(func(ctx context.Context, _ events.LambdaFunctionURLRequest) (events.LambdaFunctionURLResponse, error) {
		for range calls {
			if err := call(ctx); err != nil {
				return events.LambdaFunctionURLResponse{}, err
			}
		}
		return events.LambdaFunctionURLResponse{StatusCode: 200, Body: "hello"}, nil
	})
}

func call(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, os.Getenv("DATADOG_API_URL")+"/api/v1/validate", nil)
	if err != nil {
		return err
	}
	request.Header.Set("DD-API-KEY", os.Getenv("DD_API_KEY"))
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	_, err = io.Copy(io.Discard, answer.Body)
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("Datadog answered %d", answer.StatusCode)
	}
	return err
}
