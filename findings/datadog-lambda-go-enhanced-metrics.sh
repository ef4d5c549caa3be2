#!/usr/bin/env bash
# github.com/DataDog/datadog-lambda-go v1.32.0: the documented field Config.EnhancedMetrics has no effect. With false the library
# still writes aws.lambda.enhanced.invocations for each invocation; only the environment variable DD_ENHANCED_METRICS turns it
# off, and there 1, which turns on every other switch of Datadog's, turns the metrics off.
#
# Output seen:
#   Config.EnhancedMetrics=false: 1 enhanced metrics
#   DD_ENHANCED_METRICS=true:     1 enhanced metrics
#   DD_ENHANCED_METRICS=1:        0 enhanced metrics
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
cat >main.go <<'GO'
package main

import (
	"context"
	"encoding/json"
	"time"

	ddlambda "github.com/DataDog/datadog-lambda-go"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

func main() {
	lambdacontext.FunctionName = "f"
	wrapped := ddlambda.WrapFunction(func(context.Context, json.RawMessage) (any, error) { return nil, nil },
		&ddlambda.Config{EnhancedMetrics: false, ShouldUseLogForwarder: true}).(func(context.Context, json.RawMessage) (any, error))
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	ctx = lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{AwsRequestID: "1", InvokedFunctionArn: "arn:aws:lambda:us-east-1:123456789012:function:f"})
	if _, err := wrapped(ctx, json.RawMessage("{}")); err != nil {
		panic(err)
	}
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/DataDog/datadog-lambda-go@v1.32.0 >/dev/null 2>&1
go mod tidy >/dev/null 2>&1
CGO_ENABLED=0 go build -tags lambda.norpc -o f .
count() {
	printf '%-29s ' "$1:"
	shift
	printf '%s enhanced metrics\n' "$(env AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b AWS_EC2_METADATA_DISABLED=true DD_INSTRUMENTATION_TELEMETRY_ENABLED=false "$@" ./f 2>/dev/null | grep -c aws.lambda.enhanced || true)"
}
got=$(count Config.EnhancedMetrics=false A=b; count DD_ENHANCED_METRICS=true DD_ENHANCED_METRICS=true; count DD_ENHANCED_METRICS=1 DD_ENHANCED_METRICS=1)
echo "$got"
want='Config.EnhancedMetrics=false: 1 enhanced metrics
DD_ENHANCED_METRICS=true:     1 enhanced metrics
DD_ENHANCED_METRICS=1:        0 enhanced metrics'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
