// Package telemetry shows what a function does in Datadog: traces and metrics,
// through the Datadog Lambda Extension beside it, and logs that name their trace.
//
// It speaks the extension's own protocol: the start and the end of an invocation to
// one port, spans to another and DogStatsD to a third
// (https://github.com/DataDog/datadog-lambda-extension). The extension makes the span
// aws.lambda and the metrics aws.lambda.enhanced.*; everything here is below it.
//
// Where the extension is not installed, nothing is measured, sent or written.
package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync/atomic"

	"github.com/aws/aws-lambda-go/lambda"

	"boomerang/shared/fault"
)

// Extension says where the Datadog Lambda Extension is.
type Extension struct {
	// Path is the file whose presence says that it is installed.
	Path string
	// Lifecycle and Traces are where it takes HTTP, and Metrics is where it takes UDP:
	// each a host and a port.
	Lifecycle, Traces, Metrics string
}

// Where the extension is in every function that has it. These are variables only for
// the linker: a build for tests sets others with -X.
var (
	atPath      = "/opt/extensions/datadog-agent"
	atLifecycle = "127.0.0.1:8124"
	atTraces    = "127.0.0.1:8126"
	atMetrics   = "127.0.0.1:8125"
)

// Wrap returns what is to be given to lambda.Start for a function's handler, which is
// seen by the extension, if there is one: a span around each invocation, and all that
// is recorded in its context. It starts nothing and asks nobody until the first
// invocation, because the extension opens its ports only when it is ready.
//
// An error of the handler marks the invocation as failed, and so does a panic, which
// goes on when it has been reported.
func Wrap[In, Out any](handle func(context.Context, In) (Out, error)) lambda.Handler {
	return WrapFor(Extension{Path: atPath, Lifecycle: atLifecycle, Traces: atTraces, Metrics: atMetrics}, handle)
}

// WrapFor is Wrap for an extension elsewhere, such as a test's.
func WrapFor[In, Out any](e Extension, handle func(context.Context, In) (Out, error)) lambda.Handler {
	if _, err := os.Stat(e.Path); err != nil {
		return lambda.NewHandler(handle)
	}
	return &wrapped[In, Out]{handle: handle, client: newClient(e)}
}

type wrapped[In, Out any] struct {
	handle func(context.Context, In) (Out, error)
	client *client
	warm   atomic.Bool
}

// Invoke implements lambda.Handler. Nothing is kept between invocations but
// connections, so that several may run at once.
func (w *wrapped[In, Out]) Invoke(ctx context.Context, payload []byte) (response []byte, err error) {
	inv := begin(ctx, w.client, payload, !w.warm.Swap(true))
	status := 0
	defer func() {
		p := recover()
		if p != nil {
			err = fault.FromPanic(p)
		}
		inv.end(ctx, status, err)
		if p != nil {
			panic(p)
		}
	}()
	var in In
	if err := json.Unmarshal(payload, &in); err != nil {
		return nil, fmt.Errorf("the event is not one of this function's: %w", err)
	}
	out, err := w.handle(inv.into(ctx), in)
	if err != nil {
		return nil, err
	}
	status = statusOf(out)
	return encoded(out)
}

// encoded writes JSON as lambda.Start does, which does not escape what is HTML.
func encoded(out any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(out); err != nil {
		return nil, errors.Join(errAnswer, err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

var errAnswer = errors.New("the function's answer has no JSON form")
