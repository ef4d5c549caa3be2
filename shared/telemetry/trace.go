package telemetry

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// The headers that carry a trace from one process to the next
// (https://docs.datadoghq.com/tracing/trace_collection/trace_context_propagation/).
const (
	headerTrace    = "x-datadog-trace-id" // decimal, the lower 64 bits
	headerParent   = "x-datadog-parent-id"
	headerPriority = "x-datadog-sampling-priority"
	headerTags     = "x-datadog-tags"
	// tagHigh is the tag with the upper 64 bits, in hexadecimal.
	tagHigh = "_dd.p.tid"
)

// trace is a trace that spans belong to. Its id has 128 bits, of which the upper 64
// may be zero.
type trace struct {
	low, high uint64
	parent    uint64 // the span above, 0 where that is unknown
	priority  int    // above 0: keep
}

// keep is the priority of a trace that nobody has decided on.
const keep = 1

func newTrace() trace { return trace{low: newID(), priority: keep} }

// parseTrace reads the headers, by their names in lower case. A parent may be missing,
// a trace may not.
func parseTrace(headers map[string]string) (trace, bool) {
	low, err := strconv.ParseUint(headers[headerTrace], 10, 64)
	if err != nil || low == 0 {
		return trace{}, false
	}
	t := trace{low: low, priority: keep}
	t.parent, _ = strconv.ParseUint(headers[headerParent], 10, 64)
	if p, err := strconv.Atoi(headers[headerPriority]); err == nil {
		t.priority = p
	}
	for tag := range strings.SplitSeq(headers[headerTags], ",") {
		if high, ok := strings.CutPrefix(strings.TrimSpace(tag), tagHigh+"="); ok {
			t.high, _ = strconv.ParseUint(high, 16, 64)
		}
	}
	return t, true
}

// headers are what a process that goes on below the span with this id needs.
func (t trace) headers(span uint64) map[string]string {
	h := map[string]string{
		headerTrace:    strconv.FormatUint(t.low, 10),
		headerParent:   strconv.FormatUint(span, 10),
		headerPriority: strconv.Itoa(t.priority),
	}
	if t.high != 0 {
		h[headerTags] = tagHigh + "=" + t.highHex()
	}
	return h
}

func (t trace) highHex() string { return fmt.Sprintf("%016x", t.high) }

// String is the id as logs show it: all of it in hexadecimal, or the lower half in
// decimal where there is no more.
func (t trace) String() string {
	if t.high == 0 {
		return strconv.FormatUint(t.low, 10)
	}
	return fmt.Sprintf("%016x%016x", t.high, t.low)
}

// link names a span of the trace in another one's, in the form that Datadog's own
// tracers give to intakes which know no links.
func (t trace) link(span uint64) string {
	text, _ := json.Marshal([]map[string]string{{ // Texts always marshal.
		"trace_id": fmt.Sprintf("%016x%016x", t.high, t.low),
		"span_id":  fmt.Sprintf("%016x", span),
	}})
	return string(text)
}

// Headers are what whoever goes on with the work in ctx needs to go on with its
// trace. There are none where nobody traces.
func Headers(ctx context.Context) map[string]string {
	s := spanOf(ctx)
	if s == nil {
		return nil
	}
	return s.belongsTo().headers(s.id)
}

// belongsTo waits until the extension has said which trace the invocation is part of.
func (s *Span) belongsTo() trace {
	if s.trace != nil {
		return *s.trace
	}
	return s.invocation.trace()
}
