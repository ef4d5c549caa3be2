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

type precedentsKey struct{}

// WithPrecedents returns a context whose steps know the precedents of their alert.
func WithPrecedents(ctx context.Context, all []Precedent) context.Context {
	return context.WithValue(ctx, precedentsKey{}, all)
}

// Precedents returns the precedents of the alert, if they are known.
func Precedents(ctx context.Context) []Precedent {
	all, _ := ctx.Value(precedentsKey{}).([]Precedent)
	return all
}

type beganKey struct{}

// WithBegan returns a context whose steps can ask when their alert's cycle began. The answer
// may take as long as the ledger does, and is zero if it is unknown.
func WithBegan(ctx context.Context, began func() time.Time) context.Context {
	return context.WithValue(ctx, beganKey{}, began)
}

// Began returns when the alert's cycle began, if that is known.
func Began(ctx context.Context) time.Time {
	if began, ok := ctx.Value(beganKey{}).(func() time.Time); ok {
		return began()
	}
	return time.Time{}
}
