package telemetrytest

import (
	"errors"
	"fmt"
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

// decodeTraces reads the payload of /v0.4/traces as the real extension does, to which
// each field has its type.
func decodeTraces(payload []byte) ([][]Span, error) {
	r := &reader{rest: payload}
	traces := listOf(r, func() []Span { return listOf(r, r.span) })
	if r.err == nil && len(r.rest) > 0 {
		r.err = errors.New("something comes after the list of traces")
	}
	return traces, r.err
}

// reader reads MessagePack, up to the first thing that is not of the type it must be.
type reader struct {
	rest []byte
	err  error
}

func read[T any](r *reader, next func([]byte) (T, []byte, error)) (value T) {
	if r.err == nil {
		value, r.rest, r.err = next(r.rest)
	}
	return value
}

func listOf[T any](r *reader, next func() T) (list []T) {
	for range read(r, msgp.ReadArrayHeaderBytes) {
		value := next()
		if r.err != nil {
			return list
		}
		list = append(list, value)
	}
	return list
}

func mapOf[T any](r *reader, next func([]byte) (T, []byte, error)) map[string]T {
	m := map[string]T{}
	for range read(r, msgp.ReadMapHeaderBytes) {
		key := read(r, msgp.ReadStringBytes)
		value := read(r, next)
		if r.err != nil {
			return m
		}
		m[key] = value
	}
	return m
}

func (r *reader) span() (s Span) {
	for range read(r, msgp.ReadMapHeaderBytes) {
		key := read(r, msgp.ReadStringBytes)
		if r.err == nil {
			r.field(&s, key)
		}
		if r.err != nil {
			r.err = fmt.Errorf("a span's field %q: %w", key, r.err)
			return s
		}
	}
	return s
}

func (r *reader) field(s *Span, key string) {
	switch key {
	case "trace_id":
		s.TraceID = read(r, msgp.ReadUint64Bytes)
	case "span_id":
		s.SpanID = read(r, msgp.ReadUint64Bytes)
	case "parent_id":
		s.ParentID = read(r, msgp.ReadUint64Bytes)
	case "service":
		s.Service = read(r, msgp.ReadStringBytes)
	case "name":
		s.Name = read(r, msgp.ReadStringBytes)
	case "resource":
		s.Resource = read(r, msgp.ReadStringBytes)
	case "type":
		s.Type = read(r, msgp.ReadStringBytes)
	case "start":
		s.Start = time.Unix(0, read(r, msgp.ReadInt64Bytes))
	case "duration":
		s.Duration = time.Duration(read(r, msgp.ReadInt64Bytes))
	case "error":
		s.Error = read(r, msgp.ReadInt32Bytes) == 1
	case "meta":
		s.Meta = mapOf(r, msgp.ReadStringBytes)
	case "metrics":
		s.Metrics = mapOf(r, msgp.ReadFloat64Bytes)
	default:
		r.err = errors.New("nobody reads it")
	}
}
