package handler

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// record is what the log learns of a run.
type record struct {
	read    int // events of monitors
	named   int // of those, alerts that named our webhook
	missing int // of those, alerts that the ledger does not know
	queued  int
	// from and to are what was read, and is done with.
	from, to time.Time
	// behind is what is left for the next run.
	behind time.Duration
	// gap is what lies further back than a run looks, and was never read.
	gap time.Duration

	pages    int
	arrivals arrivals
	warnings []error // went wrong without stopping the run
}

func (r record) log(ctx context.Context, logger *slog.Logger, err error) {
	attrs := []slog.Attr{
		slog.Int("read", r.read),
		slog.Int("named", r.named),
		slog.Int("missing", r.missing),
		slog.Int("queued", r.queued),
		slog.Time("from", r.from),
		slog.Time("to", r.to),
	}
	if r.behind > 0 {
		attrs = append(attrs, slog.Float64("behind_s", r.behind.Seconds()))
	}
	if r.gap > 0 {
		attrs = append(attrs, slog.Float64("never_read_s", r.gap.Seconds()))
	}
	if all := errors.Join(append(r.warnings, err)...); all != nil {
		attrs = append(attrs, slog.String("error", all.Error()))
	}
	logger.LogAttrs(ctx, r.level(err), "reconcile", attrs...)
}

// level draws attention to what people may want to know of: alerts that were
// lost on the way to us, and runs that do not keep up.
func (r record) level(err error) slog.Level {
	switch {
	case err != nil || r.gap > 0:
		return slog.LevelError
	case r.missing > 0 || r.behind > 0 || len(r.warnings) > 0:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}
