// Package handler drills the stack that it is a part of.
package handler

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"boomerang/functions/internal/drill"
	"boomerang/shared/fault"
)

// Config is what a handler needs.
type Config struct {
	// Target is the stack. Its token is asked for anew in each run.
	Target drill.Target
	Token  func(ctx context.Context) (string, error)
	Wait   drill.Patience
	Logger *slog.Logger
}

// Handler is the function.
type Handler struct{ Config }

// New returns the function's handler.
func New(conf Config) *Handler { return &Handler{conf} }

// Handle sends one synthetic alert and waits for its event. The error is the
// sentence that says how far the alert came: Lambda counts it, and an alarm goes
// by that.
func (h *Handler) Handle(ctx context.Context) error {
	start := time.Now()
	r, err := h.drill(ctx)
	r.took = time.Since(start)
	r.log(ctx, h.Logger, err)
	return err
}

func (h *Handler) drill(ctx context.Context) (record, error) {
	token, err := h.Token(ctx)
	if err != nil {
		return record{}, errors.New("no alert was sent, because the webhook's token could not be had: " + fault.Public(err))
	}
	target := h.Target
	target.Token = token
	d := drill.New(target, h.Wait)
	r := record{id: d.ID}
	if r.answer, err = d.Send(ctx); err != nil {
		return r, err
	}
	found, err := d.Await(ctx)
	r.events = len(found)
	return r, err
}

// record is what the log learns of a run.
type record struct {
	id     int64
	answer drill.Answer
	events int // that came back
	took   time.Duration
}

func (r record) log(ctx context.Context, logger *slog.Logger, err error) {
	level := slog.LevelInfo
	attrs := []slog.Attr{slog.Int64("id", r.id), slog.Int("events", r.events), seconds("took_s", r.took)}
	if r.answer.Status != 0 {
		attrs = append(attrs,
			slog.Int("http_status", r.answer.Status), slog.String("status", string(r.answer.Reply.Status)), seconds("answered_s", r.answer.Took))
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
