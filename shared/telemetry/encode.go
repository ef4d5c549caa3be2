package telemetry

import (
	"cmp"
	"slices"

	"github.com/tinylib/msgp/msgp"
)

// chunk is the spans of one trace.
type chunk struct {
	trace trace
	spans []*Span
}

// chunksOf sorts spans by trace, and within one so that those with nothing of ours
// above them come first.
func chunksOf(spans []*Span) []chunk {
	var chunks []chunk
	for _, s := range spans {
		t := s.belongsTo()
		at := slices.IndexFunc(chunks, func(c chunk) bool { return c.trace.low == t.low && c.trace.high == t.high })
		if at < 0 {
			at = len(chunks)
			chunks = append(chunks, chunk{trace: t})
		}
		chunks[at].spans = append(chunks[at].spans, s)
	}
	for _, c := range chunks {
		slices.SortStableFunc(c.spans, func(a, b *Span) int { return cmp.Compare(rank(a), rank(b)) })
	}
	return chunks
}

func rank(s *Span) int {
	if s.local {
		return 0
	}
	return 1
}

// encodeTraces writes the payload of the agent's API v0.4: a list of traces, each a
// list of spans in MessagePack
// (https://docs.datadoghq.com/tracing/guide/send_traces_to_agent_by_api/). What is
// said of a whole trace stands at its first span.
func encodeTraces(chunks []chunk, service string) []byte {
	b := msgp.AppendArrayHeader(nil, uint32(len(chunks)))
	for _, c := range chunks {
		b = msgp.AppendArrayHeader(b, uint32(len(c.spans)))
		for i, s := range c.spans {
			b = s.append(b, c.trace, service, i == 0)
		}
	}
	return b
}

func (s *Span) append(b []byte, t trace, service string, first bool) []byte {
	b = msgp.AppendMapHeader(b, 12)
	b = appendText(b, "service", service)
	b = appendText(b, "name", s.name)
	b = appendText(b, "resource", s.resource)
	b = appendText(b, "type", s.kind)
	b = msgp.AppendUint64(msgp.AppendString(b, "trace_id"), t.low)
	b = msgp.AppendUint64(msgp.AppendString(b, "span_id"), s.id)
	b = msgp.AppendUint64(msgp.AppendString(b, "parent_id"), s.parent)
	b = msgp.AppendInt64(msgp.AppendString(b, "start"), s.start.UnixNano())
	b = msgp.AppendInt64(msgp.AppendString(b, "duration"), int64(s.duration))
	failed := int64(0)
	if s.failed {
		failed = 1
	}
	b = msgp.AppendInt64(msgp.AppendString(b, "error"), failed)
	b = s.appendTags(msgp.AppendString(b, "meta"), t, first)
	b = msgp.AppendString(b, "metrics")
	if !first && !s.local {
		return msgp.AppendMapHeader(b, 0)
	}
	b = msgp.AppendMapHeader(b, 1)
	return msgp.AppendFloat64(msgp.AppendString(b, "_sampling_priority_v1"), float64(t.priority))
}

func (s *Span) appendTags(b []byte, t trace, first bool) []byte {
	high := first && t.high != 0
	n := len(s.tags)
	if high {
		n++
	}
	b = msgp.AppendMapHeader(b, uint32(n))
	if high {
		b = appendText(b, tagHigh, t.highHex())
	}
	for key, value := range s.tags {
		b = appendText(b, key, value)
	}
	return b
}

func appendText(b []byte, key, value string) []byte {
	return msgp.AppendString(msgp.AppendString(b, key), value)
}
