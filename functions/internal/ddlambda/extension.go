package ddlambda

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"gopkg.in/DataDog/dd-trace-go.v1/ddtrace/tracer"
)

// extensionHost is where the extension listens.
var extensionHost = "127.0.0.1" // A test build sets another one with -X.

const (
	// lifecycleTimeout bounds each of the two reports of an invocation, at its start and
	// at its end. By itself the library waits 3 s for each.
	lifecycleTimeout = 500 * time.Millisecond
	// tracesTimeout bounds the wait for the traces.
	tracesTimeout = 500 * time.Millisecond
)

// boundLifecycle bounds the library's calls to the extension. The library uses the
// default transport, as nothing else in a function does, and has no option for it.
func boundLifecycle(t *http.Transport) {
	var dialer net.Dialer
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if address != "localhost:8124" {
			return dialer.DialContext(ctx, network, address)
		}
		conn, err := dialer.DialContext(ctx, network, extensionHost+":8124")
		return boundedConn{conn}, err
	}
}

// boundedConn lets each request take lifecycleTimeout.
type boundedConn struct{ net.Conn }

func (c boundedConn) Write(b []byte) (int, error) {
	if err := c.SetDeadline(time.Now().Add(lifecycleTimeout)); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

// tracerOptions are those that the library does not set. Each span is sent when it has
// ended, so that a step which outlives its invocation holds back no other span.
func tracerOptions(traces *traceTransport, logger *slog.Logger) []tracer.StartOption {
	return []tracer.StartOption{
		tracer.WithAgentAddr(extensionHost + ":8126"),
		tracer.WithHTTPClient(&http.Client{Transport: traces, Timeout: tracesTimeout}),
		tracer.WithSendRetries(0), // A payload is one request, which wait counts on.
		tracer.WithPartialFlushing(1),
		tracer.WithLogStartup(false),
		tracer.WithDebugStack(false),
		tracer.WithLogger(tracerLogger{logger}),
	}
}

// tracerLogger turns the tracer's lines into records.
type tracerLogger struct{ *slog.Logger }

func (l tracerLogger) Log(message string) { l.Warn("Datadog tracer: " + strings.TrimSpace(message)) }

// traceTransport carries the tracer's payloads and knows when all are answered.
type traceTransport struct {
	http.RoundTripper
	used     bool // Without the extension the tracer writes to the log.
	answered chan struct{}

	mu      sync.Mutex
	pending int // spans that have ended and are not sent
	gaveUp  int // waits that ended before all were sent
}

// newTraceTransport uses a new connection for each payload, because the extension may
// close an idle one at any time.
func newTraceTransport(used bool) *traceTransport {
	return &traceTransport{
		RoundTripper: &http.Transport{DisableKeepAlives: true, DisableCompression: true},
		used:         used, answered: make(chan struct{}, 1),
	}
}

// RoundTrip answers all but traces itself. At the start, when the tracer asks what the
// extension can do, the extension need not be ready, and the tracer's reports about
// itself would go to Datadog.
func (t *traceTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	count, err := strconv.Atoi(r.Header.Get("X-Datadog-Trace-Count"))
	if err != nil {
		status := http.StatusAccepted
		if strings.HasSuffix(r.URL.Path, "/info") {
			status = http.StatusNotFound
		}
		return &http.Response{StatusCode: status, Status: http.StatusText(status), Body: http.NoBody, Request: r}, nil
	}
	t.mu.Lock()
	gaveUp := t.gaveUp
	t.mu.Unlock()
	response, err := t.send(r)
	t.mu.Lock()
	if t.gaveUp == gaveUp { // The spans of an earlier wait are not pending any more.
		t.pending -= count
	}
	t.mu.Unlock()
	select {
	case t.answered <- struct{}{}:
	default:
	}
	return response, err
}

// send copies the payload, because the tracer clears it as soon as there is an answer,
// while net/http may still read it.
func (t *traceTransport) send(r *http.Request) (*http.Response, error) {
	payload, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(payload))
	return t.RoundTripper.RoundTrip(r)
}

// expect counts a span that ends.
func (t *traceTransport) expect() {
	if t.used {
		t.mu.Lock()
		t.pending++
		t.mu.Unlock()
	}
}

// wait returns when all spans are sent, or when the time for that is over. It flushes
// again and again, because the tracer's flush overtakes spans that ended just before.
func (t *traceTransport) wait(ctx context.Context) {
	end := time.Now().Add(tracesTimeout)
	if deadline, ok := ctx.Deadline(); ok && deadline.Add(-answerMargin).Before(end) {
		end = deadline.Add(-answerMargin)
	}
	for !t.allSent() {
		if !time.Now().Before(end) {
			t.giveUp()
			return
		}
		tracer.Flush()
		select {
		case <-t.answered:
		case <-time.After(time.Millisecond):
		}
	}
}

func (t *traceTransport) allSent() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pending = max(t.pending, 0)
	return t.pending == 0
}

func (t *traceTransport) giveUp() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pending = 0
	t.gaveUp++
}
