package telemetrytest

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"boomerang/shared/telemetry"
)

// During runs do inside an invocation, and returns the extension that saw it.
func During(t testing.TB, do func(context.Context)) *Extension {
	t.Helper()
	e := New(t)
	handler := telemetry.WrapFor(e.Where(), func(ctx context.Context, _ struct{}) (any, error) {
		do(ctx)
		return nil, nil
	})
	ctx, cancel := context.WithTimeout(lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "during"}), time.Minute)
	defer cancel()
	if _, err := handler.Invoke(ctx, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	return e
}
