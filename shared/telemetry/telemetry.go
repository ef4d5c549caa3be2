// Package telemetry traces and measures what a function does. It knows no Datadog
// library: a backend in the context receives spans and metrics, and without one every
// call does nothing.
package telemetry

import (
	"context"

	"boomerang/shared/fault"
)

// Backend receives what an invocation reports.
type Backend interface {
	// StartSpan starts a span below the one in ctx. With the headers of another trace,
	// it continues that trace and links the span to the one in ctx.
	StartSpan(ctx context.Context, operation string, upstream map[string]string) (context.Context, BackendSpan)
	// Distribution records a value of a distribution metric. Tags have the form name:value.
	Distribution(name string, value float64, tags []string)
}

// BackendSpan is a span of a backend.
type BackendSpan interface {
	SetTag(key, value string)
	// Finish ends the span. A nil failure means success.
	Finish(failure *Failure)
	// Headers let another process continue the trace below this span.
	Headers() map[string]string
	// IDs are the ids by which Datadog shows logs beside the trace.
	IDs() (trace, span string)
}

type contextKey struct{}

type current struct {
	backend Backend
	span    *Span
}

func from(ctx context.Context) current {
	c, _ := ctx.Value(contextKey{}).(current)
	return c
}

// NewContext returns a context in which root is the current span and backend receives
// all that is reported.
func NewContext(ctx context.Context, backend Backend, root BackendSpan) context.Context {
	return context.WithValue(ctx, contextKey{}, current{backend, &Span{root}})
}

// Span is one stretch of work. A nil span does nothing.
type Span struct{ backend BackendSpan }

// Start starts a span below the one in ctx. The operation is a word such as "claim".
func Start(ctx context.Context, operation string) (context.Context, *Span) {
	return Continue(ctx, operation, nil)
}

// Continue starts a span that continues the trace whose headers came with a message.
func Continue(ctx context.Context, operation string, headers map[string]string) (context.Context, *Span) {
	c := from(ctx)
	if c.backend == nil {
		return ctx, nil
	}
	ctx, span := c.backend.StartSpan(ctx, operation, headers)
	c.span = &Span{span}
	return context.WithValue(ctx, contextKey{}, c), c.span
}

// Headers let another process continue the trace in ctx. There are none without a trace.
func Headers(ctx context.Context) map[string]string {
	if s := from(ctx).span; s != nil {
		return s.backend.Headers()
	}
	return nil
}

// Tag adds a tag. "resource.name" names what the span works on. Values are ids and our
// own words, never an alert's text.
func (s *Span) Tag(key, value string) {
	if s != nil && value != "" {
		s.backend.SetTag(key, value)
	}
}

// Tag adds a tag to the span in ctx.
func Tag(ctx context.Context, key, value string) { from(ctx).span.Tag(key, value) }

// End ends the span. Of an error it shows only what is public.
func (s *Span) End(err error) {
	if s != nil {
		s.backend.Finish(Describe(err))
	}
}

// Failure is what telemetry shows of an error.
type Failure struct{ Kind, Message string }

// Describe redacts an error. The failure is nil if the error is.
func Describe(err error) *Failure {
	if err == nil {
		return nil
	}
	if p, ok := err.(*fault.Panic); ok { //nolint:errorlint // A fault around a panic has its own text.
		return &Failure{Kind: "panic", Message: p.Text}
	}
	return &Failure{Kind: fault.From(err).Kind.String(), Message: fault.LogText(err)}
}
