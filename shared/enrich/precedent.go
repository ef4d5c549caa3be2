package enrich

import (
	"context"
	"time"
)

// Precedent is what earlier cycles of an alert's monitor and group followed.
type Precedent struct {
	Kind      string // Of a suspect: "deploy", "flag", …
	Service   string
	Times, Of int // So many of so many cycles.
}

// History is what earlier runs know of an alert.
type History struct {
	Precedents []Precedent
	// Began returns when the alert's cycle began. It may take as long as the ledger does, and
	// is zero if that is unknown.
	Began func() time.Time
}

type historyKey struct{}

// WithHistory returns a context whose steps know the history of their alert.
func WithHistory(ctx context.Context, h History) context.Context {
	return context.WithValue(ctx, historyKey{}, h)
}

// HistoryOf returns the history of the alert, as far as it is known.
func HistoryOf(ctx context.Context) History {
	h, _ := ctx.Value(historyKey{}).(History)
	if h.Began == nil {
		h.Began = func() time.Time { return time.Time{} }
	}
	return h
}
