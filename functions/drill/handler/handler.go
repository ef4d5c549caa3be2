// Package handler sends a synthetic alert to the stack that it is a part of.
package handler

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"boomerang/functions/internal/drill"
	"boomerang/shared/fault"
	"boomerang/shared/secret"
)

// Config configures a handler. Token is called in every run, for the token of Target.
type Config struct {
	Target   drill.Target
	Token    func(ctx context.Context) (secret.Secret, error)
	Timeouts drill.Timeouts
	Logger   *slog.Logger
}

// Handler runs drills.
type Handler struct{ Config }

// New returns a handler.
func New(conf Config) *Handler { return &Handler{conf} }

// Handle sends one synthetic alert and waits for its event. The error, which Lambda counts
// for the alarm, is a sentence that says how far the alert came.
func (h *Handler) Handle(ctx context.Context) error {
	e := logEntry{start: time.Now()}
	err := h.run(ctx, &e)
	e.write(ctx, h.Logger, err)
	return err
}

func (h *Handler) run(ctx context.Context, e *logEntry) error {
	token, err := h.Token(ctx)
	if err != nil {
		return errors.New("no alert was sent, because the webhook's token cannot be read: " + fault.Public(err))
	}
	target := h.Target
	target.Token = token.Reveal()
	d := drill.New(target, h.Timeouts)
	e.id = d.ID
	if e.answer, err = d.Send(ctx); err != nil {
		return err
	}
	found, err := d.Await(ctx)
	e.events = len(found)
	return err
}

// logEntry is what the log says about a run.
type logEntry struct {
	start  time.Time
	id     int64
	answer drill.Answer
	events int
}

func (e logEntry) write(ctx context.Context, logger *slog.Logger, err error) {
	level := slog.LevelInfo
	attrs := []slog.Attr{slog.Int64("id", e.id), slog.Int("events", e.events), seconds("took_s", time.Since(e.start))}
	if e.answer.Status != 0 {
		attrs = append(attrs,
			slog.Int("http_status", e.answer.Status), slog.String("status", string(e.answer.Reply.Status)), seconds("answered_s", e.answer.Took))
	}
	if err != nil {
		level = slog.LevelError
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	logger.LogAttrs(ctx, level, "drill", attrs...)
}

func seconds(name string, d time.Duration) slog.Attr {
	return slog.Float64(name, d.Round(time.Millisecond).Seconds())
}
