// Command bare is what the benchmark compares the webhook with: the least that a function
// with the same four libraries does. It wraps its handler, loads the AWS configuration,
// reads one secret and answers.
package main

import (
	"context"
	"log"
	"os"

	ddlambda "github.com/DataDog/datadog-lambda-go"
	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

func main() {
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	name := os.Getenv("WEBHOOK_SECRET_ARN")
	if _, err := secretsmanager.NewFromConfig(cfg).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &name}); err != nil {
		log.Fatal(err)
	}
	lambda.Start(ddlambda.WrapFunction(func(context.Context, events.LambdaFunctionURLRequest) (events.LambdaFunctionURLResponse, error) {
		return events.LambdaFunctionURLResponse{StatusCode: 200, Body: `{"status":"posted"}`}, nil
	}, nil))
}
