package handler

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/fault"
	"boomerang/shared/pipeline"
	"boomerang/shared/telemetry"
)

// logEntry is what the log says about one request: the alert's ids and the outcome,
// nothing that the alert says.
type logEntry struct {
	start       time.Time
	healthCheck bool
	status      int
	alert       alert.Alert
	outcome     pipeline.Outcome
	err         error
}

// write logs the request and, unless it is a health check, records its metrics.
func (e logEntry) write(ctx context.Context, logger *slog.Logger) {
	telemetry.Tag(ctx, "outcome", e.name())
	attrs := []slog.Attr{
		slog.Int("status", e.status),
		slog.String("outcome", e.name()),
		slog.Float64("duration_ms", pipeline.Milliseconds(time.Since(e.start))),
	}
	if !e.healthCheck {
		telemetry.Received.Record(ctx, 1)
		if e.err != nil {
			telemetry.Rejected.Record(ctx, 1, e.name())
		}
	}
	attrs = append(attrs, e.outcome.Report(ctx, e.alert, e.err)...)
	if len(e.alert.Unreadable) > 0 {
		attrs = append(attrs, slog.Any("unreadable", fieldNames(e.alert.Unreadable)))
	}
	if len(e.alert.Guessed) > 0 {
		attrs = append(attrs, slog.String("guessed", guessesText(e.alert.Guessed)))
	}
	logger.LogAttrs(ctx, e.level(), "webhook", attrs...)
}

func (e logEntry) name() string {
	switch {
	case e.err != nil:
		return fault.From(e.err).Kind.String()
	case e.healthCheck:
		return "healthy"
	}
	return string(e.outcome.Status)
}

func (e logEntry) level() slog.Level {
	isUnverified := e.err != nil && fault.From(e.err).Kind == fault.Unverified // A stranger may have sent a wrong token.
	switch {
	case e.status >= http.StatusInternalServerError && !isUnverified:
		return slog.LevelError // WebhookFailureAlarm counts these.
	case e.status >= http.StatusBadRequest, e.outcome.Status == pipeline.Queued, len(e.outcome.Warnings) > 0, e.outcome.HasOpenActions():
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// fieldNames leaves out the containers of the fields, whose names a payload chooses.
func fieldNames(problems []alert.Problem) []string {
	names := make([]string, len(problems))
	for i, p := range problems {
		names[i] = p.Field[strings.LastIndexByte(p.Field, '.')+1:]
	}
	return names
}

// guessesText returns the fields and their sources: "identity:link state:title".
func guessesText(guessed []alert.Guess) string {
	texts := make([]string, len(guessed))
	for i, g := range guessed {
		texts[i] = g.Field + ":" + g.Source
	}
	return strings.Join(texts, " ")
}
