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

// Handler runs drills. Token is called in every run, for the token of Target.
type Handler struct {
	Target   drill.Target
	Token    func(ctx context.Context) (secret.Secret, error)
	Timeouts drill.Timeouts
	Logger   *slog.Logger
}

// Handle sends one synthetic alert and waits for its event. The error, which Lambda counts
// for the alarm, is a sentence that says how far the alert came.
func (h *Handler) Handle(ctx context.Context) error {
	start := time.Now()
	attrs, err := h.run(ctx)
	level := slog.LevelInfo
	attrs = append(attrs, seconds("took_s", time.Since(start)))
	if err != nil {
		level = slog.LevelError
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	h.Logger.LogAttrs(ctx, level, "drill", attrs...)
	return err
}

// run also returns what the log says about the drill.
func (h *Handler) run(ctx context.Context) ([]slog.Attr, error) {
	token, err := h.Token(ctx)
	if err != nil {
		return nil, errors.New("no alert was sent, because the webhook's token cannot be read: " + fault.Public(err))
	}
	target := h.Target
	target.Token = token.Reveal()
	d := drill.New(target, h.Timeouts)
	attrs := []slog.Attr{slog.Int64("id", d.ID)}
	answer, err := d.Send(ctx)
	if answer.Status != 0 {
		attrs = append(attrs,
			slog.Int("http_status", answer.Status), slog.String("status", string(answer.Reply.Status)), seconds("answered_s", answer.Took))
	}
	if err != nil {
		return attrs, err
	}
	found, err := d.Await(ctx)
	return append(attrs, slog.Int("events", len(found))), err
}

func seconds(name string, d time.Duration) slog.Attr {
	return slog.Float64(name, d.Round(time.Millisecond).Seconds())
}
