package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"testing"

	"boomerang/shared/telemetry"
	"boomerang/shared/telemetry/telemetrytest"
)

// logged returns the record that log writes, or nil.
func logged(t *testing.T, log func(*slog.Logger)) map[string]any {
	t.Helper()
	var b bytes.Buffer
	// Lambda's own handler lets less through than ours.
	log(slog.New(telemetry.NewLogHandler(slog.NewJSONHandler(&b, &slog.HandlerOptions{Level: slog.LevelInfo}))))
	if b.Len() == 0 {
		return nil
	}
	var record map[string]any
	if err := json.Unmarshal(b.Bytes(), &record); err != nil {
		t.Fatal(err)
	}
	return record
}

func TestLogger_TraceIDs(t *testing.T) {
	telemetrytest.During(t, func(ctx context.Context) {
		ctx, span := telemetry.Start(ctx, "claim")
		defer span.End(nil)
		r := logged(t, func(l *slog.Logger) { l.With("a", 1).InfoContext(ctx, "m") })
		if r["dd.trace_id"] != "1" || r["dd.span_id"] != telemetry.Headers(ctx)["x-datadog-parent-id"] || r["a"] != 1.0 {
			t.Errorf("the record is %v", r)
		}
	})
	r := logged(t, func(l *slog.Logger) { l.InfoContext(t.Context(), "m") })
	if _, ok := r["dd.trace_id"]; ok || r["msg"] != "m" {
		t.Errorf("without a trace the record is %v", r)
	}
}

func TestLogger_Levels(t *testing.T) {
	for name, least := range map[string]slog.Level{
		"": slog.LevelInfo, "TRACE": slog.LevelDebug, "DEBUG": slog.LevelDebug, "INFO": slog.LevelInfo,
		"WARN": slog.LevelWarn, "ERROR": slog.LevelError, "FATAL": slog.LevelError + 1, "anything": slog.LevelInfo,
	} {
		t.Setenv("AWS_LAMBDA_LOG_LEVEL", name)
		for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
			r := logged(t, func(l *slog.Logger) { l.Log(t.Context(), level, "m") })
			if (r != nil) != (level >= least) {
				t.Errorf("at %q a record of level %v is %v", name, level, r)
			}
		}
	}
}
