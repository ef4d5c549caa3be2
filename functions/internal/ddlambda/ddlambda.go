// Package ddlambda runs a function's handler under Datadog's Lambda library, which
// reports to the Datadog Lambda Extension or writes to the log.
package ddlambda

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	// This library is deprecated: its successor is
	// github.com/DataDog/dd-trace-go/contrib/aws/datadog-lambda-go/v2, and this import,
	// with its tracer below, is what changes.
	ddlambda "github.com/DataDog/datadog-lambda-go"
	"github.com/aws/aws-lambda-go/lambda"
	"gopkg.in/DataDog/dd-trace-go.v1/ddtrace/tracer"

	"boomerang/shared/fault"
	"boomerang/shared/telemetry"
)

// extensionPath exists where the Datadog Lambda Extension is installed.
var extensionPath = "/opt/extensions/datadog-agent" // A test sets another one.

// Wrap returns the handler itself, unless there is an extension or DD_FLUSH_TO_LOG is
// set: otherwise the library would print complaints and post metrics without a key.
func Wrap(handler lambda.Handler, logger *slog.Logger) (lambda.Handler, error) {
	_, err := os.Stat(extensionPath)
	hasExtension := err == nil
	if toLog, _ := strconv.ParseBool(os.Getenv("DD_FLUSH_TO_LOG")); !hasExtension && !toLog {
		return handler, nil
	}
	if n, err := strconv.Atoi(os.Getenv("AWS_LAMBDA_MAX_CONCURRENCY")); err == nil && n > 1 {
		return nil, errors.New("AWS_LAMBDA_MAX_CONCURRENCY is above 1, but datadog-lambda-go keeps the invocation in package variables: remove the extension, or the concurrency")
	}
	slog.SetDefault(logger) // The library logs through package log.
	w := &wrapper{handler: handler, backend: backend{traces: newTraceTransport(hasExtension)}}
	w.backend.metrics = &logMetrics{out: os.Stdout}
	if hasExtension {
		boundLifecycle(http.DefaultTransport.(*http.Transport)) //nolint:forcetypeassert // It is net/http's.
		if w.backend.metrics, err = newDogStatsD(); err != nil {
			return nil, err
		}
	}
	setDefaults(hasExtension)
	fipsMode := true // It leaves out the client that posts metrics by itself, and KMS.
	library := ddlambda.WrapFunction(w.handle, &ddlambda.Config{DDTraceEnabled: true, FIPSMode: &fipsMode, TracerOptions: tracerOptions(w.backend.traces, logger)})
	w.library = library.(func(context.Context, json.RawMessage) (any, error)) //nolint:forcetypeassert // So it is documented.
	return w, nil
}

// setDefaults turns off what costs time in a function, unless the user turned it on.
func setDefaults(hasExtension bool) {
	defaults := map[string]string{
		"DD_RUNTIME_METRICS_V2_ENABLED": "false",
		// The library loses the upper half of a trace's id on the way to the extension.
		"DD_TRACE_128_BIT_TRACEID_GENERATION_ENABLED": "false",
	}
	if hasExtension {
		defaults["DD_ENHANCED_METRICS"] = "false" // The extension makes them itself.
	}
	for name, value := range defaults {
		if os.Getenv(name) == "" {
			_ = os.Setenv(name, value) // Only an invalid name fails.
		}
	}
}

// wrapper passes the real event and result around the library, which sends to the
// extension all that it gets.
type wrapper struct {
	handler lambda.Handler
	library func(context.Context, json.RawMessage) (any, error)
	backend backend
}

type invocation struct {
	payload, response []byte
	err               error
	panicked          any
}

type invocationKey struct{}

// Invoke implements lambda.Handler. It returns when the trace has been sent, because
// Lambda freezes the process after the answer.
func (w *wrapper) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	http.DefaultTransport.(*http.Transport).CloseIdleConnections() //nolint:forcetypeassert // The extension may have closed them.
	inv := &invocation{payload: payload}
	_, _ = w.library(context.WithValue(ctx, invocationKey{}, inv), telemetry.RedactEvent(payload))
	w.backend.traces.wait(ctx)
	if inv.panicked != nil {
		panic(inv.panicked)
	}
	return inv.response, inv.err
}

const (
	// endReserve of the invocation's time is for the end of the invocation: the library
	// reports it, and the traces are sent.
	endReserve = lifecycleTimeout + answerMargin
	// answerMargin is left for the answer itself.
	answerMargin = 50 * time.Millisecond
	// flushMargin is how long before the deadline the finished spans are sent: at the
	// deadline Lambda ends the process.
	flushMargin = 100 * time.Millisecond
)

// handle runs inside the library.
func (w *wrapper) handle(ctx context.Context, _ json.RawMessage) (any, error) {
	inv := ctx.Value(invocationKey{}).(*invocation) //nolint:forcetypeassert // Invoke sets it.
	if deadline, ok := ctx.Deadline(); ok {
		timer := time.AfterFunc(time.Until(deadline)-flushMargin, w.backend.flush)
		defer timer.Stop()
		limited, cancel := context.WithDeadline(ctx, deadline.Add(-endReserve))
		defer cancel()
		ctx = limited
	}
	root, traced := tracer.SpanFromContext(ctx)
	if traced {
		w.backend.traces.expect()
	}
	inv.run(telemetry.NewContext(ctx, w.backend, span{root, w.backend.traces}), w.handler)
	_ = w.backend.metrics.Flush()
	if inv.err == nil {
		return statusOf(inv.response), nil
	}
	if p, ok := errors.AsType[*fault.Panic](inv.err); ok {
		root.SetTag("error.stack", string(p.Stack[:min(len(p.Stack), maxStack)]))
	}
	return nil, redacted(inv.err)
}

func (inv *invocation) run(ctx context.Context, handler lambda.Handler) {
	defer func() {
		if inv.panicked = recover(); inv.panicked != nil {
			inv.err = fault.FromPanic(inv.panicked)
		}
	}()
	inv.response, inv.err = handler.Invoke(ctx, inv.payload)
}

// status is all that the library sees of an answer.
type status struct {
	StatusCode int `json:"statusCode,omitempty"`
}

func statusOf(response []byte) (s status) {
	_ = json.Unmarshal(response, &s) // Not every function answers with a status.
	return s
}

const (
	maxMessage = 1 << 10
	maxStack   = 4 << 10
)

// invocationError is what the library sees of an error: one line, because the library
// puts it into a header.
type invocationError string

func (e invocationError) Error() string { return string(e) }

func redacted(err error) error {
	f := telemetry.Describe(err)
	text := strings.Join(strings.Fields(f.Kind+": "+f.Message), " ")
	return invocationError(strings.ToValidUTF8(text[:min(len(text), maxMessage)], ""))
}
