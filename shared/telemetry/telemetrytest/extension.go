// Package telemetrytest is a double of the Datadog Lambda Extension for tests: it
// listens where it says, checks what it is told as the real one does, and keeps it in
// the order in which it came, requests and packets each for themselves.
package telemetrytest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
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
	// Forgets is no fault of the extension's: it may close whatever is idle, at any time.
	Forgets Misbehaviour = "closes a connection as soon as it is used again"
)

// Misbehaviours are all of them.
var Misbehaviours = []Misbehaviour{Slow, Hangs, Broken, Garbled, Refuses, Forgets}

const slow = 100 * time.Millisecond

// Call is one request, or one packet of metrics.
type Call struct {
	Kind   Kind
	Header http.Header
	Body   []byte
	Spans  []Span   // of Traces
	Lines  []string // of Metrics
	// Problem says what the real extension would not have taken.
	Problem string
}

// Extension is a running double.
type Extension struct {
	where telemetry.Extension

	mu    sync.Mutex
	calls []Call
	spans map[spanID]bool // those that came
	bad   Misbehaviour
	// over ends the requests that hang.
	over context.Context
}

// New starts an extension, which is there until the test ends. It misbehaves as it is
// told, if it is told so.
func New(t testing.TB, bad ...Misbehaviour) *Extension {
	t.Helper()
	over, end := context.WithCancel(context.Background())
	e := &Extension{over: over, spans: map[spanID]bool{}, where: telemetry.Extension{Path: filepath.Join(t.TempDir(), "datadog-agent")}}
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
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ConnContext: func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, requestsKey{}, new(atomic.Int64))
	}}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return listener.Addr().String()
}

// requestsKey finds how many requests came over a connection.
type requestsKey struct{}

func reused(ctx context.Context) bool {
	n, _ := ctx.Value(requestsKey{}).(*atomic.Int64)
	return n.Add(1) > 1
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

// take keeps a request, and answers it as the real extension does, or misbehaves.
func (e *Extension) take(kind Kind, read func(*Call, http.Header)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if e.bad == Forgets && reused(r.Context()) {
			panic(http.ErrAbortHandler) // That closes the connection without a word.
		}
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

func (e *Extension) keep(c Call) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls = append(e.calls, c)
}
