package ddlambda

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/DataDog/datadog-go/v5/statsd"
	"gopkg.in/DataDog/dd-trace-go.v1/ddtrace"
	"gopkg.in/DataDog/dd-trace-go.v1/ddtrace/ext"
	"gopkg.in/DataDog/dd-trace-go.v1/ddtrace/tracer"

	"boomerang/shared/telemetry"
)

// backend gives spans to the tracer, and metrics to DogStatsD or to the log. It needs
// none of the library's package-level functions, which find the invocation in a global
// variable.
type backend struct {
	traces  *traceTransport
	metrics statsd.ClientInterface
}

// StartSpan implements telemetry.Backend.
func (b backend) StartSpan(ctx context.Context, operation string, upstream map[string]string) (context.Context, telemetry.BackendSpan) {
	name, resource := "boomerang."+operation, tracer.ResourceName(operation)
	own, _ := tracer.SpanFromContext(ctx)
	parent, err := tracer.Extract(tracer.TextMapCarrier(upstream))
	if err != nil || parent.TraceID() == own.Context().TraceID() {
		s, ctx := tracer.StartSpanFromContext(ctx, name, resource)
		return ctx, span{s, b.traces}
	}
	s := tracer.StartSpan(name, resource, tracer.ChildOf(parent), tracer.Tag("_dd.span_links", linkTo(own.Context())))
	return tracer.ContextWithSpan(ctx, s), span{s, b.traces}
}

// linkTo writes a link as Datadog's other tracers do. This one writes decimal ids, which
// Datadog does not read.
func linkTo(c ddtrace.SpanContext) string {
	return fmt.Sprintf(`[{"span_id":"%016x","trace_id":"%032x"}]`, c.SpanID(), c.TraceID())
}

// Distribution implements telemetry.Backend.
func (b backend) Distribution(name string, value float64, tags []string) {
	_ = b.metrics.Distribution(name, value, tags, 1)
}

// flush sends what there is while the handler still runs.
func (b backend) flush() {
	_ = b.metrics.Flush()
	tracer.Flush()
}

type span struct {
	ddtrace.Span
	traces *traceTransport
}

func (s span) SetTag(key, value string) { s.Span.SetTag(key, value) }

func (s span) Finish(failure *telemetry.Failure) {
	if failure != nil {
		s.Span.SetTag(ext.Error, true)
		s.Span.SetTag(ext.ErrorType, failure.Kind)
		s.Span.SetTag(ext.ErrorMsg, failure.Message)
	}
	if s.Context().SpanID() != 0 { // Nothing is sent while tracing is off.
		s.traces.expect()
	}
	s.Span.Finish()
}

func (s span) Headers() map[string]string {
	carrier := tracer.TextMapCarrier{}
	if tracer.Inject(s.Context(), carrier) != nil {
		return nil
	}
	for name := range carrier {
		if !strings.HasPrefix(name, "x-datadog-") {
			delete(carrier, name)
		}
	}
	return carrier
}

func (s span) IDs() (trace, span string) {
	trace = strconv.FormatUint(s.Context().TraceID(), 10)
	if wide, ok := s.Context().(ddtrace.SpanContextW3C); ok && !strings.HasPrefix(wide.TraceID128(), "0000000000000000") {
		trace = wide.TraceID128()
	}
	return trace, strconv.FormatUint(s.Context().SpanID(), 10)
}

// newDogStatsD makes a client of the extension with small buffers: the usual ones cost a
// start 5 ms.
func newDogStatsD() (*statsd.Client, error) {
	conn, err := net.Dial("udp", extensionHost+":8125")
	if err != nil {
		return nil, err
	}
	return statsd.NewWithWriter(packets{conn}, statsd.WithoutTelemetry(), statsd.WithoutOriginDetection(),
		statsd.WithBufferPoolSize(8), statsd.WithSenderQueueSize(8))
}

// packets repeats a packet that failed, because the error is about an earlier one.
type packets struct{ net.Conn }

func (p packets) Write(packet []byte) (int, error) {
	if n, err := p.Conn.Write(packet); err == nil {
		return n, nil
	}
	return p.Conn.Write(packet)
}

// logMetrics writes metrics for the Datadog Forwarder
// (https://docs.datadoghq.com/serverless/libraries_integrations/forwarder/).
type logMetrics struct {
	statsd.NoOpClient
	out io.Writer
}

func (l *logMetrics) Distribution(name string, value float64, tags []string, _ float64) error {
	return json.NewEncoder(l.out).Encode(map[string]any{"m": name, "v": value, "e": time.Now().Unix(), "t": tags})
}
