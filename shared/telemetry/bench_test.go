package telemetry_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"boomerang/shared/telemetry"
	"boomerang/shared/telemetry/telemetrytest"
)

// BenchmarkWrap is what telemetry adds to an invocation with three spans and a metric.
func BenchmarkWrap(b *testing.B) {
	for name, where := range map[string]telemetry.Extension{"without": {}, "with": telemetrytest.New(b).Where()} {
		b.Run(name+" the extension", func(b *testing.B) {
			h := telemetry.WrapFor(where, works)
			ctx, cancel := context.WithTimeout(lambdacontext.NewContext(b.Context(), &lambdacontext.LambdaContext{AwsRequestID: "id"}), time.Hour)
			defer cancel()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := h.Invoke(ctx, []byte(urlEvent)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
