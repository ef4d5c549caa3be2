package telemetrytest

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/tinylib/msgp/msgp"
)

// Span is one as it came.
type Span struct {
	TraceID, SpanID, ParentID     uint64
	Service, Name, Resource, Type string
	Start                         time.Time
	Duration                      time.Duration
	Error                         bool
	Meta                          map[string]string
	Metrics                       map[string]float64
}

// decodeSpans reads the payload of /v0.4/traces.
func decodeSpans(payload []byte) ([]Span, error) {
	value, rest, err := msgp.ReadIntfBytes(payload)
	if err != nil {
		return nil, err
	}
	traces, ok := value.([]any)
	if !ok || len(rest) > 0 {
		return nil, errors.New("the payload is not one list of traces")
	}
	var spans []Span
	for _, trace := range traces {
		list, ok := trace.([]any)
		if !ok || len(list) == 0 {
			return spans, errors.New("a trace is not a list of spans")
		}
		for _, fields := range list {
			m, ok := fields.(map[string]any)
			if !ok {
				return spans, errors.New("a span is not a map")
			}
			spans = append(spans, spanOf(m))
		}
	}
	return spans, nil
}

func spanOf(m map[string]any) Span {
	s := Span{
		TraceID: number(m["trace_id"]), SpanID: number(m["span_id"]), ParentID: number(m["parent_id"]),
		Service: fmt.Sprint(m["service"]), Name: fmt.Sprint(m["name"]), Resource: fmt.Sprint(m["resource"]), Type: fmt.Sprint(m["type"]),
		Start: time.Unix(0, int64(number(m["start"]))), Duration: time.Duration(number(m["duration"])),
		Error: number(m["error"]) == 1, Meta: map[string]string{}, Metrics: map[string]float64{},
	}
	tags, _ := m["meta"].(map[string]any)
	for key, value := range tags {
		s.Meta[key] = fmt.Sprint(value)
	}
	values, _ := m["metrics"].(map[string]any)
	for key, value := range values {
		s.Metrics[key], _ = value.(float64)
	}
	return s
}

func number(value any) uint64 {
	switch n := value.(type) {
	case int64:
		return uint64(n)
	case uint64:
		return n
	}
	return 0
}

// Calls returns all that came, in its order, with every packet of metrics that was sent
// before. It fails the test where the real extension would have dropped
// something.
func (e *Extension) Calls(t testing.TB) []Call {
	t.Helper()
	e.settle(t)
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, c := range e.calls {
		if c.Problem != "" {
			t.Errorf("the extension drops a call (%s): %s", c.Kind, c.Problem)
		}
	}
	return slices.Clone(e.calls)
}

// Of returns the calls of one kind.
func (e *Extension) Of(t testing.TB, kind Kind) []Call {
	t.Helper()
	return slices.DeleteFunc(e.Calls(t), func(c Call) bool { return c.Kind != kind })
}

// Spans returns the spans by their resource. Of several with one resource it is the
// last one.
func (e *Extension) Spans(t testing.TB) map[string]Span {
	t.Helper()
	spans := map[string]Span{}
	for _, c := range e.Of(t, Traces) {
		for _, s := range c.Spans {
			spans[s.Resource] = s
		}
	}
	return spans
}

// Root is the resource of the span in whose place the extension puts its own.
const Root = "dd-tracer-serverless-span"

// Lines returns the metrics, sorted.
func (e *Extension) Lines(t testing.TB) []string {
	t.Helper()
	var lines []string
	for _, c := range e.Of(t, Metrics) {
		lines = append(lines, c.Lines...)
	}
	slices.Sort(lines)
	return lines
}

// Said is everything that came, as one text, to look for what must not be there.
func (e *Extension) Said(t testing.TB) string {
	t.Helper()
	var all bytes.Buffer
	for _, c := range e.Calls(t) {
		fmt.Fprintf(&all, "%s %v %s\n", c.Kind, c.Header, c.Body)
		for name := range c.Header {
			if text, err := base64.StdEncoding.DecodeString(c.Header.Get(name)); err == nil {
				fmt.Fprintf(&all, "%s: %s\n", name, text)
			}
		}
	}
	return all.String()
}
