package handler

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/fault"
	"boomerang/shared/pipeline"
	"boomerang/shared/telemetry"
)

// record collects what one request's log record says: the alert's ids and what
// became of it, and never its words.
type record struct {
	start   time.Time
	status  int
	alert   alert.Alert
	outcome pipeline.Outcome
	err     error
}

func (r record) write(ctx context.Context, logger *slog.Logger, now time.Time) {
	telemetry.Tag(ctx, "outcome", r.name())
	attrs := []slog.Attr{
		slog.Int("status", r.status),
		slog.String("outcome", r.name()),
		slog.Float64("duration_ms", pipeline.Milliseconds(now.Sub(r.start))),
	}
	attrs = append(attrs, r.outcome.Record(ctx, r.alert)...)
	if len(r.alert.Unreadable) > 0 {
		attrs = append(attrs, slog.Any("unreadable", fieldNames(r.alert.Unreadable)))
	}
	if err := errors.Join(append(r.outcome.Warnings, r.err)...); err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	logger.LogAttrs(ctx, r.level(), "webhook", attrs...)
}

// measure tells the metrics. A health check is none of what they are about.
func (r record) measure(ctx context.Context) {
	if r.outcome.Status == healthy {
		return
	}
	telemetry.Received.Record(ctx, 1)
	if r.err != nil {
		telemetry.Rejected.Record(ctx, 1, r.name())
	}
	r.outcome.Measure(ctx, r.alert)
}

func (r record) name() string {
	if r.err != nil {
		return r.kind().String()
	}
	return string(r.outcome.Status)
}

func (r record) kind() fault.Kind { return fault.From(r.err).Kind }

func (r record) level() slog.Level {
	switch {
	case r.status >= http.StatusInternalServerError:
		return slog.LevelError
	case r.status >= http.StatusBadRequest, r.outcome.Status == pipeline.Queued, len(r.outcome.Warnings) > 0:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// fieldNames leaves out the containers of fields, whose names a payload chooses.
func fieldNames(problems []alert.Problem) []string {
	names := make([]string, len(problems))
	for i, p := range problems {
		names[i] = p.Field[strings.LastIndexByte(p.Field, '.')+1:]
	}
	return names
}
