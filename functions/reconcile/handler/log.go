package handler

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

type logEntry struct {
	read     int // events of monitors
	matched  int // of these, events that notified our webhook
	missing  int // of these, alerts that the ledger does not know
	queued   int
	from, to time.Time     // what was read
	lag      time.Duration // what is left for the next run
	gap      time.Duration // what no run will read
	keys     keyStats
	// undecided counts the events where it is open whether a rule routed them to us.
	undecided int
	// remembered counts the cycles that the history was filled with.
	remembered int
	warnings   []error
}

func (e logEntry) write(ctx context.Context, logger *slog.Logger, err error) {
	attrs := []slog.Attr{
		slog.Int("read", e.read), slog.Int("matched", e.matched), slog.Int("missing", e.missing), slog.Int("queued", e.queued),
		slog.Time("from", e.from), slog.Time("to", e.to),
	}
	for _, seldom := range []slog.Attr{
		slog.Float64("lag_seconds", e.lag.Seconds()), slog.Float64("gap_seconds", e.gap.Seconds()),
		slog.Int("undecided", e.undecided), slog.Int("remembered", e.remembered),
	} {
		if seldom.Value.String() != "0" {
			attrs = append(attrs, seldom)
		}
	}
	if all := errors.Join(append(e.warnings, err)...); all != nil {
		attrs = append(attrs, slog.String("error", all.Error()))
	}
	level := slog.LevelInfo
	switch {
	case err != nil || e.gap > 0:
		level = slog.LevelError
	case e.missing > 0 || e.lag > 0 || len(e.warnings) > 0:
		level = slog.LevelWarn
	}
	logger.LogAttrs(ctx, level, "reconcile", attrs...)
}
