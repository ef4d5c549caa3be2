package telemetry

import (
	"context"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// NewLogger returns the logger of a function. Each line names the request and, if there
// is one, the trace.
func NewLogger() *slog.Logger {
	return slog.New(NewLogHandler(lambdacontext.NewLogHandler()))
}

// NewLogHandler adds the trace's ids, and the level that Lambda sets, to another handler.
func NewLogHandler(inner slog.Handler) slog.Handler {
	return logHandler{inner, levelOf(os.Getenv("AWS_LAMBDA_LOG_LEVEL"))}
}

type logHandler struct {
	slog.Handler
	level slog.Level
}

// Enabled replaces the inner handler's decision, which does not know all of Lambda's levels.
func (h logHandler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.level }

// Handle adds the ids under the names that Datadog reads
// (https://docs.datadoghq.com/tracing/other_telemetry/connect_logs_and_traces/).
func (h logHandler) Handle(ctx context.Context, r slog.Record) error {
	if s := from(ctx).span; s != nil {
		if trace, span := s.backend.IDs(); span != "0" { // That is the span of a tracer that is off.
			r.AddAttrs(slog.String("dd.trace_id", trace), slog.String("dd.span_id", span))
		}
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logHandler{h.Handler.WithAttrs(attrs), h.level}
}

// WithGroup implements slog.Handler.
func (h logHandler) WithGroup(name string) slog.Handler {
	return logHandler{h.Handler.WithGroup(name), h.level}
}

// levelOf reads a level as Lambda names it
// (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html).
func levelOf(name string) slog.Level {
	switch name {
	case "TRACE", "DEBUG":
		return slog.LevelDebug
	case "WARN":
		return slog.LevelWarn
	case "ERROR":
		return slog.LevelError
	case "FATAL":
		return slog.LevelError + 4
	}
	return slog.LevelInfo
}
