package ddlambda

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"boomerang/functions/internal/ddlambda/agenttest"
	"boomerang/shared/fault"
	"boomerang/shared/telemetry"
)

// TestMain runs the tests again beside an installed extension, where that is possible.
func TestMain(m *testing.M) {
	if _, err := os.Stat(extensionPath); err == nil || agenttest.Command("true").Run() != nil {
		os.Exit(m.Run())
	}
	command := agenttest.Command(os.Args[0], os.Args[1:]...)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	if command.Run() != nil {
		os.Exit(1)
	}
}

// current is the handler of the test that runs. The library is wrapped once, as in a
// function, because it starts its tracer only once.
var current lambda.Handler

type dispatcher struct{}

func (dispatcher) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	return current.Invoke(ctx, payload)
}

var wrapOnce = sync.OnceValues(func() (lambda.Handler, error) {
	extensionHost = agenttest.Host
	lambdacontext.FunctionName = "Boomerang"
	return Wrap(dispatcher{}, slog.New(slog.NewTextHandler(os.Stderr, nil)))
})

// wrap returns a wrapped handler and the agent it reports to.
func wrap[In, Out any](t *testing.T, handle func(context.Context, In) (Out, error), fault ...agenttest.Fault) (lambda.Handler, *agenttest.Agent) {
	t.Helper()
	agenttest.Require(t)
	agent := agenttest.New(t, fault...)
	w, err := wrapOnce()
	if err != nil {
		t.Fatal(err)
	}
	current = lambda.NewHandler(handle)
	return w, agent
}

func invoke(t *testing.T, h lambda.Handler, payload string, limit time.Duration) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{
		AwsRequestID: "id-1", InvokedFunctionArn: "arn:aws:lambda:eu-west-1:1:function:Boomerang",
	}), limit)
	defer cancel()
	//lint:ignore SA1029 aws-lambda-go has the same key.
	ctx = context.WithValue(ctx, "x-amzn-trace-id", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0")
	out, err := h.Invoke(ctx, []byte(payload))
	return string(out), err
}

type (
	request  = events.LambdaFunctionURLRequest
	response = events.LambdaFunctionURLResponse
)

const urlEvent = `{"version":"2.0","headers":{"host":"a.lambda-url.eu-west-1.on.aws","x-webhook-token":"the-token"},` +
	`"requestContext":{"requestId":"r","http":{"method":"POST","path":"/"}},"body":"alert text"}`

// work has two spans, of which one fails, and a metric.
func work(ctx context.Context, r request) (response, error) {
	telemetry.Tag(ctx, "outcome", "posted")
	inner, claim := telemetry.Start(ctx, "claim")
	_, step := telemetry.Start(inner, "step")
	step.Tag("resource.name", "monitor")
	step.End(fault.New(fault.Permanent, "Datadog rejected it", errors.New("private")))
	claim.End(nil)
	telemetry.Posted.Record(ctx, 1, "partial", "De,fault", "")
	return response{StatusCode: 200, Body: "<" + r.Body + ">"}, nil
}

func recovered(do func()) (p any) {
	defer func() { p = recover() }()
	do()
	return nil
}
