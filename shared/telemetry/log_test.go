package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"strconv"
	"testing"
)

// logged returns the record that log writes with ctx, below the level that name sets.
func logged(t *testing.T, ctx context.Context, name string, log func(context.Context, *slog.Logger)) map[string]any {
	t.Helper()
	var b bytes.Buffer
	// The handler within lets less through than it is asked to.
	within := slog.NewJSONHandler(&b, &slog.HandlerOptions{Level: slog.LevelInfo})
	log(ctx, slog.New(logHandler{within, levelOf(name)}))
	if b.Len() == 0 {
		return nil
	}
	var record map[string]any
	if err := json.Unmarshal(b.Bytes(), &record); err != nil {
		t.Fatal(err)
	}
	return record
}

func TestLogger_names_the_trace_and_the_span(t *testing.T) {
	inv := &invocation{trace: func() trace { return trace{low: 77} }}
	ctx := context.WithValue(t.Context(), spanKey{}, inv.newSpan("claim"))
	say := func(ctx context.Context, l *slog.Logger) { l.With("a", 1).InfoContext(ctx, "m") }
	r := logged(t, ctx, "", say)
	if r["dd.trace_id"] != "77" || r["dd.span_id"] != strconv.FormatUint(spanOf(ctx).id, 10) || r["a"] != 1.0 {
		t.Errorf("the record is %v", r)
	}
	inv.trace = func() trace { return trace{low: 77, high: 0x66b2c0ff00000000} }
	if r := logged(t, ctx, "", say); r["dd.trace_id"] != "66b2c0ff00000000000000000000004d" {
		t.Errorf("of a trace of 128 bits the record is %v", r)
	}
	r = logged(t, t.Context(), "", say)
	if _, ok := r["dd.trace_id"]; ok || r["msg"] != "m" {
		t.Errorf("without a trace the record is %v", r)
	}
}

func TestLogger_heeds_all_levels_of_Lambda(t *testing.T) {
	for name, least := range map[string]slog.Level{
		"": slog.LevelInfo, "TRACE": slog.LevelDebug, "DEBUG": slog.LevelDebug, "INFO": slog.LevelInfo,
		"WARN": slog.LevelWarn, "ERROR": slog.LevelError, "FATAL": slog.LevelError + 1, "anything": slog.LevelInfo,
	} {
		for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
			r := logged(t, t.Context(), name, func(ctx context.Context, l *slog.Logger) { l.Log(ctx, level, "m") })
			if (r != nil) != (level >= least) {
				t.Errorf("at %q a record of level %v is %v", name, level, r)
			}
		}
	}
}

func TestWrap_looks_for_the_extension_where_Lambda_puts_it(t *testing.T) {
	if atPath != filepath.FromSlash("/opt/extensions/datadog-agent") || atLifecycle != "127.0.0.1:8124" || atTraces != "127.0.0.1:8126" || atMetrics != "127.0.0.1:8125" {
		t.Error("the extension is elsewhere")
	}
}
