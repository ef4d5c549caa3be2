package telemetrytest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"testing"
)

// Calls returns all that came, in its order, with every packet of metrics that was sent
// before. It fails the test where the real extension would not have taken something.
func (e *Extension) Calls(t testing.TB) []Call {
	t.Helper()
	e.settle(t)
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, c := range e.calls {
		if c.Problem != "" {
			t.Errorf("the extension does not take what it is told (%s): %s", c.Kind, c.Problem)
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
