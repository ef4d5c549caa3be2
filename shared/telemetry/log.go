package telemetry

import (
	"context"
	"log/slog"
	"os"
	"strconv"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// NewLogger returns the logger of a function: JSON as Lambda's settings say, with the
// request's id, and with the trace's and the span's where there is one, by which
// Datadog shows a trace's logs beside it.
func NewLogger() *slog.Logger {
	return slog.New(logHandler{lambdacontext.NewLogHandler(), levelOf(os.Getenv("AWS_LAMBDA_LOG_LEVEL"))})
}

type logHandler struct {
	slog.Handler
	level slog.Level
}

// Enabled decides in the place of the handler within, which does not know all of
// Lambda's levels.
func (h logHandler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.level }

// Handle adds the ids under the names that Datadog reads
// (https://docs.datadoghq.com/tracing/other_telemetry/connect_logs_and_traces/).
func (h logHandler) Handle(ctx context.Context, r slog.Record) error {
	if s := spanOf(ctx); s != nil {
		r.AddAttrs(slog.String("dd.trace_id", s.belongsTo().String()), slog.String("dd.span_id", strconv.FormatUint(s.id, 10)))
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
