// Package telemetrytest is a double of the Datadog Lambda Extension for tests: it
// listens where it says, checks what it is told as the real one does, and keeps it in
// the order in which it came.
package telemetrytest

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"boomerang/shared/telemetry"
)

// Kind says what a call told the extension.
type Kind string

// What the extension is told, and by which way.
const (
	Start   Kind = "start-invocation"
	End     Kind = "end-invocation"
	Traces  Kind = "traces"
	Metrics Kind = "metrics"
)

// Misbehaviour is a way in which the extension fails.
type Misbehaviour string

// The ways. An extension that refuses listens nowhere, as one does that crashed or is
// not ready yet.
const (
	Slow    Misbehaviour = "answers after 100 ms"
	Hangs   Misbehaviour = "takes the request and never answers"
	Broken  Misbehaviour = "answers 500"
	Garbled Misbehaviour = "answers with ids that are none"
	Refuses Misbehaviour = "refuses connections"
)

// Misbehaviours are all of them.
var Misbehaviours = []Misbehaviour{Slow, Hangs, Broken, Garbled, Refuses}

const slow = 100 * time.Millisecond

// Call is one request, or one packet of metrics.
type Call struct {
	Kind   Kind
	Header http.Header
	Body   []byte
	Spans  []Span   // of Traces
	Lines  []string // of Metrics
	// Problem says why the real extension would have dropped it.
	Problem string
}

// Extension is a running double.
type Extension struct {
	where telemetry.Extension

	mu    sync.Mutex
	calls []Call
	bad   Misbehaviour
	// over ends the requests that hang.
	over context.Context
}

// New starts an extension, which is there until the test ends. It misbehaves as it is
// told, if it is told so.
func New(t testing.TB, bad ...Misbehaviour) *Extension {
	t.Helper()
	over, end := context.WithCancel(context.Background())
	e := &Extension{over: over, where: telemetry.Extension{Path: filepath.Join(t.TempDir(), "datadog-agent")}}
	t.Cleanup(end)
	if err := os.WriteFile(e.where.Path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if len(bad) > 0 {
		e.bad = bad[0]
	}
	lifecycle := http.NewServeMux()
	lifecycle.HandleFunc("POST /lambda/start-invocation", e.take(Start, e.started))
	lifecycle.HandleFunc("POST /lambda/end-invocation", e.take(End, e.ended))
	agent := http.NewServeMux()
	agent.HandleFunc("/v0.4/traces", e.take(Traces, e.traced))
	e.where.Lifecycle, e.where.Traces = e.serve(t, lifecycle), e.serve(t, agent)
	e.where.Metrics = e.listen(t)
	return e
}

// Where is what telemetry.WrapFor needs.
func (e *Extension) Where() telemetry.Extension { return e.where }

// LDFlags are what makes the linker build functions that look for this extension.
func (e *Extension) LDFlags() string {
	const variable = " -X boomerang/shared/telemetry."
	return variable + "atPath=" + e.where.Path + variable + "atLifecycle=" + e.where.Lifecycle +
		variable + "atTraces=" + e.where.Traces + variable + "atMetrics=" + e.where.Metrics
}

// serve returns the address at which handler answers, or nobody does.
func (e *Extension) serve(t testing.TB, handler http.Handler) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if e.bad == Refuses {
		_ = listener.Close()
		return listener.Addr().String()
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return listener.Addr().String()
}

// listen takes packets at the address that it returns.
func (e *Extension) listen(t testing.TB) string {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	if e.bad == Refuses {
		_ = conn.Close()
		return conn.LocalAddr().String()
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		packet := make([]byte, 64<<10)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(packet)
			switch {
			case errors.Is(err, net.ErrClosed):
				return
			case err != nil:
			case string(packet[:n]) == marker:
				_, _ = conn.WriteToUDPAddrPort(packet[:n], from)
			default:
				e.keep(measured(slices.Clone(packet[:n])))
			}
		}
	}()
	return conn.LocalAddr().String()
}

// marker is a packet that is no metric, and that comes back when all before it were read.
const marker = "marker"

// settle waits until all packets are read that were sent before: none overtakes
// another on its way to this machine itself.
func (e *Extension) settle(t testing.TB) {
	t.Helper()
	if e.bad == Refuses {
		return
	}
	conn, err := net.Dial("udp", e.where.Metrics)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second)) // Only a closed connection refuses.
	if _, err := conn.Write([]byte(marker)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, len(marker))); err != nil {
		t.Fatalf("the extension reads no packets: %v", err)
	}
}

// maxPacket is what the real extension reads of one packet; the rest of it is lost.
const maxPacket = 8192

func measured(packet []byte) Call {
	c := Call{Kind: Metrics, Body: packet, Lines: strings.Split(string(packet), "\n")}
	if len(packet) > maxPacket {
		c.Problem = "the packet is larger than 8 KiB"
	}
	for _, line := range c.Lines {
		if name, rest, ok := strings.Cut(line, ":"); !ok || name == "" || !strings.Contains(rest, "|d") {
			c.Problem = "no distribution: " + line
		}
	}
	return c
}

// take keeps a request, and answers it as the real extension does, or misbehaves.
func (e *Extension) take(kind Kind, read func(*Call, http.Header)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		call := Call{Kind: kind, Header: r.Header, Body: body}
		if err != nil {
			call.Problem = err.Error()
		}
		read(&call, w.Header())
		e.keep(call)
		switch {
		case e.bad == Hangs:
			select {
			case <-r.Context().Done():
			case <-e.over.Done():
			}
		case e.bad == Slow:
			time.Sleep(slow)
		case e.bad == Garbled:
			w.Header().Set("x-datadog-trace-id", "no number")
			w.Header().Set("x-datadog-sampling-priority", "high")
			w.Header().Set("x-datadog-tags", "_dd.p.tid=none,,=")
		case e.bad == Broken:
			http.Error(w, "broken", http.StatusInternalServerError)
		case call.Problem != "":
			http.Error(w, call.Problem, http.StatusBadRequest)
		}
	}
}

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

func (e *Extension) ended(c *Call, _ http.Header) { c.Problem = withoutRequest(c.Header) }

func withoutRequest(h http.Header) string {
	if h.Get("lambda-runtime-aws-request-id") == "" {
		return "the request's id is missing: the invocation cannot be told from others"
	}
	return ""
}

func (e *Extension) traced(c *Call, _ http.Header) {
	spans, err := decodeSpans(c.Body)
	c.Spans = spans
	if err != nil {
		c.Problem = err.Error()
	}
}

func (e *Extension) keep(c Call) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls = append(e.calls, c)
}
