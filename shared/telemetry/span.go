package telemetry

import (
	"context"
	"math/rand/v2"
	"time"

	"boomerang/shared/fault"
)

// Span is one stretch of work. A nil span, which is what there is where nobody
// traces, takes everything and does nothing. A span is used by one goroutine at a
// time, until its End.
type Span struct {
	invocation *invocation
	trace      *trace // nil: the invocation's own, which may not be known yet
	id, parent uint64

	name, resource, kind string
	start                time.Time
	duration             time.Duration
	failed               bool
	tags                 map[string]string
	local                bool // nothing of ours is above it in its trace
}

// newID returns an id that is positive in every language that reads it.
func newID() uint64 { return rand.Uint64()>>1 | 1 }

type spanKey struct{}

func spanOf(ctx context.Context) *Span {
	s, _ := ctx.Value(spanKey{}).(*Span)
	return s
}

// Start begins a span below the one in ctx, and returns the context for what it is
// about. The operation is a word such as "claim".
func Start(ctx context.Context, operation string) (context.Context, *Span) {
	parent := spanOf(ctx)
	if parent == nil {
		return ctx, nil
	}
	s := parent.invocation.newSpan(operation)
	s.trace, s.parent = parent.trace, parent.id
	return context.WithValue(ctx, spanKey{}, s), s
}

// Continue begins a span that goes on with the trace whose headers came with a
// message. Where that is not the invocation's own trace, the span is linked to it.
func Continue(ctx context.Context, operation string, headers map[string]string) (context.Context, *Span) {
	parent := spanOf(ctx)
	from, ok := parseTrace(headers)
	if parent == nil || !ok {
		return Start(ctx, operation)
	}
	own := parent.invocation.trace()
	if own.low == from.low {
		return Start(ctx, operation)
	}
	s := parent.invocation.newSpan(operation)
	s.trace, s.parent, s.local = &from, from.parent, true
	s.Tag("_dd.span_links", own.link(parent.id))
	return context.WithValue(ctx, spanKey{}, s), s
}

// Tag tells more about the span. "resource.name" names what it works on. Values are
// ids and words of ours, never what people wrote.
func (s *Span) Tag(key, value string) {
	switch {
	case s == nil || value == "":
	case key == "resource.name":
		s.resource = value
	default:
		s.tags[key] = value
	}
}

// Tag tells more about the span in ctx.
func Tag(ctx context.Context, key, value string) { spanOf(ctx).Tag(key, value) }

// End ends the span; an error says that the work failed. Of the error the span shows
// what anyone may read.
func (s *Span) End(err error) {
	if s == nil {
		return
	}
	s.duration = max(1, time.Since(s.start))
	if err != nil {
		s.failed = true
		s.Tag("error.type", fault.From(err).Kind.String())
		s.Tag("error.message", fault.LogText(err))
	}
	s.invocation.keep(s)
}
