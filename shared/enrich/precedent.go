package enrich

import "context"

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
