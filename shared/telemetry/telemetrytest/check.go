package telemetrytest

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// started finds the trace that the event is part of, in the headers of a request or
// the first message of a batch, and answers with it; never with the span above.
func (e *Extension) started(c *Call, answer http.Header) {
	c.Problem = withoutRequest(c.Header)
	var event struct {
		Headers map[string]string
		Records []struct {
			Body              *string
			MessageAttributes map[string]struct{ StringValue, DataType string }
		}
	}
	if err := json.Unmarshal(c.Body, &event); err != nil {
		c.Problem = err.Error()
		return
	}
	carrier := event.Headers
	if len(event.Records) > 0 {
		if event.Records[0].Body == nil {
			c.Problem = "a record of SQS without a body"
		}
		carrier = map[string]string{}
		if a := event.Records[0].MessageAttributes["_datadog"]; a.DataType == "String" {
			_ = json.Unmarshal([]byte(a.StringValue), &carrier) // Then there is no trace.
		}
	}
	if carrier["x-datadog-trace-id"] == "" {
		return
	}
	for _, name := range []string{"x-datadog-trace-id", "x-datadog-sampling-priority", "x-datadog-tags"} {
		if carrier[name] != "" {
			answer.Set(name, carrier[name])
		}
	}
}

// ended checks what the extension makes its span of.
func (e *Extension) ended(c *Call, _ http.Header) {
	h := c.Header
	trace, span := id(h.Get("x-datadog-trace-id")), id(h.Get("x-datadog-span-id"))
	_, err := strconv.Atoi(h.Get("x-datadog-sampling-priority"))
	var answer map[string]any
	switch {
	case withoutRequest(h) != "":
		c.Problem = withoutRequest(h)
	case trace == 0 || span == 0:
		c.Problem = "the invocation's trace or span has no id"
	case id(h.Get("x-datadog-parent-id")) == span:
		c.Problem = "the invocation's span is its own parent"
	case err != nil:
		c.Problem = "the trace has no priority"
	case json.Unmarshal(c.Body, &answer) != nil:
		c.Problem = "the answer is no JSON object"
	}
	for _, part := range []string{"msg", "type", "stack"} {
		if _, err := base64.StdEncoding.DecodeString(h.Get("x-datadog-invocation-error-" + part)); err != nil {
			c.Problem = "the error's " + part + " is not in base64"
		}
	}
}

// id reads an id, which is 0 where there is none.
func id(text string) uint64 {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func withoutRequest(h http.Header) string {
	if h.Get("lambda-runtime-aws-request-id") == "" {
		return "the request's id is missing: the invocation cannot be told from others"
	}
	return ""
}

func (e *Extension) traced(c *Call, _ http.Header) {
	traces, err := decodeTraces(c.Body)
	c.Spans = slices.Concat(traces...)
	if err == nil {
		err = errors.Join(wrongHeaders(c.Header, len(traces)), wrongTraces(traces), e.twice(c.Spans))
	}
	if err != nil {
		c.Problem = err.Error()
	}
}

// wrongHeaders checks what Datadog's agents are told beside the traces
// (https://docs.datadoghq.com/tracing/guide/send_traces_to_agent_by_api/).
func wrongHeaders(h http.Header, traces int) error {
	switch {
	case h.Get("Content-Type") != "application/msgpack":
		return fmt.Errorf("traces came as %q", h.Get("Content-Type"))
	case h.Get("X-Datadog-Trace-Count") != strconv.Itoa(traces):
		return fmt.Errorf("%d traces came as %q", traces, h.Get("X-Datadog-Trace-Count"))
	case h.Get("Datadog-Meta-Lang") == "":
		return errors.New("the spans' language is missing")
	}
	return nil
}

func wrongTraces(traces [][]Span) error {
	if len(traces) == 0 {
		return errors.New("there is no trace")
	}
	for _, spans := range traces {
		if len(spans) == 0 {
			return errors.New("there is a trace without a span")
		}
		for _, s := range spans {
			if s.TraceID == 0 || s.SpanID == 0 || s.TraceID != spans[0].TraceID {
				return fmt.Errorf("span %d of trace %d is in that of trace %d", s.SpanID, s.TraceID, spans[0].TraceID)
			}
		}
	}
	return nil
}

// spanID is by what the extension knows a span.
type spanID struct{ trace, span uint64 }

// twice keeps which spans came. The extension drops one that it has.
func (e *Extension) twice(spans []Span) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, s := range spans {
		id := spanID{s.TraceID, s.SpanID}
		if e.spans[id] {
			return fmt.Errorf("the span %q came twice", s.Resource)
		}
		e.spans[id] = true
	}
	return nil
}

// maxPacket is what the real extension reads of one packet; the rest of it is lost.
const maxPacket = 8192

// distribution is a line of DogStatsD
// (https://docs.datadoghq.com/developers/dogstatsd/datagram_shell/).
var distribution = regexp.MustCompile(`^[a-zA-Z][\w.]*:-?\d+(\.\d+)?\|d(\|#[^|,\s]+(,[^|,\s]+)*)?$`)

func measured(packet []byte) Call {
	c := Call{Kind: Metrics, Body: packet, Lines: strings.Split(string(packet), "\n")}
	if len(packet) > maxPacket {
		c.Problem = "the packet is larger than 8 KiB"
	}
	for _, line := range c.Lines {
		if !distribution.MatchString(line) {
			c.Problem = "no distribution: " + line
		}
	}
	return c
}
