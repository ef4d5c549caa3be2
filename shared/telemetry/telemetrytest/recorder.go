// Package telemetrytest records spans and metrics in memory, for tests.
package telemetrytest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"boomerang/shared/telemetry"
)

// Root is the resource of the invocation's own span.
const Root = "aws.lambda"

// Span is a span that has ended.
type Span struct {
	TraceID, SpanID, ParentID uint64
	Name, Resource            string
	Error, Linked             bool
	Meta                      map[string]string
}

// Recorder is a telemetry.Backend.
type Recorder struct {
	mu     sync.Mutex
	lastID uint64
	spans  []Span
	lines  []string
}

type spanKey struct{}

// During runs do in an invocation and returns what it reported.
func During(t testing.TB, do func(context.Context)) *Recorder {
	t.Helper()
	r := &Recorder{}
	root := r.newSpan(Root, Span{TraceID: 1})
	do(telemetry.NewContext(context.WithValue(t.Context(), spanKey{}, root), r, root))
	root.Finish(nil)
	return r
}

// StartSpan implements telemetry.Backend.
func (r *Recorder) StartSpan(ctx context.Context, operation string, upstream map[string]string) (context.Context, telemetry.BackendSpan) {
	parent, _ := ctx.Value(spanKey{}).(*span)
	started := Span{TraceID: parent.TraceID, ParentID: parent.SpanID}
	if id, err := strconv.ParseUint(upstream["x-datadog-trace-id"], 10, 64); err == nil && id != parent.TraceID {
		started = Span{TraceID: id, Linked: true}
		started.ParentID, _ = strconv.ParseUint(upstream["x-datadog-parent-id"], 10, 64)
	}
	s := r.newSpan(operation, started)
	return context.WithValue(ctx, spanKey{}, s), s
}

// Distribution implements telemetry.Backend.
func (r *Recorder) Distribution(name string, value float64, tags []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	line := name + ":" + strconv.FormatFloat(value, 'f', -1, 64) + "|d"
	if len(tags) > 0 {
		line += "|#" + strings.Join(tags, ",")
	}
	r.lines = append(r.lines, line)
}

// Lines returns the metrics in DogStatsD's format, sorted.
func (r *Recorder) Lines(testing.TB) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(slices.Values(r.lines))
}

// All returns the spans in the order in which they ended.
func (r *Recorder) All() []Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.spans)
}

// Spans returns the spans by resource. The last span of a resource counts.
func (r *Recorder) Spans(testing.TB) map[string]Span {
	spans := map[string]Span{}
	for _, s := range r.All() {
		spans[s.Resource] = s
	}
	return spans
}

// Said returns all that was reported as one text.
func (r *Recorder) Said(t testing.TB) string { return fmt.Sprintf("%+v %v", r.All(), r.Lines(t)) }

func (r *Recorder) newSpan(resource string, s Span) *span {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lastID++
	s.SpanID, s.Name, s.Resource, s.Meta = 1000+r.lastID, "boomerang."+resource, resource, map[string]string{}
	return &span{Span: s, recorder: r}
}

type span struct {
	Span
	recorder *Recorder
}

func (s *span) SetTag(key, value string) {
	s.recorder.mu.Lock()
	defer s.recorder.mu.Unlock()
	if key == "resource.name" {
		s.Resource = value
		return
	}
	s.Meta[key] = value
}

func (s *span) Finish(failure *telemetry.Failure) {
	s.recorder.mu.Lock()
	defer s.recorder.mu.Unlock()
	if failure != nil {
		s.Error, s.Meta["error.type"], s.Meta["error.message"] = true, failure.Kind, failure.Message
	}
	ended := s.Span
	ended.Meta = maps.Clone(s.Meta)
	s.recorder.spans = append(s.recorder.spans, ended)
}

func (s *span) Headers() map[string]string {
	return map[string]string{
		"x-datadog-trace-id": strconv.FormatUint(s.TraceID, 10), "x-datadog-parent-id": strconv.FormatUint(s.SpanID, 10),
		"x-datadog-sampling-priority": "1",
	}
}

func (s *span) IDs() (trace, span string) {
	return strconv.FormatUint(s.TraceID, 10), strconv.FormatUint(s.SpanID, 10)
}
