// Package agenttest plays the Datadog Lambda Extension for tests of the real library:
// it records the reports of invocations, the traces and the metrics.
package agenttest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tinylib/msgp/msgp"
)

// Host is a loopback address of this process alone, because the extension's ports are fixed.
var Host = fmt.Sprintf("127.%d.%d.%d", 2+rand.N(200), rand.N(256), 2+rand.N(200))

// LDFlags make a built function look for the extension at Host.
func LDFlags() string { return " -X boomerang/functions/internal/ddlambda.extensionHost=" + Host }

// Fault is a way in which the extension fails.
type Fault string

// The faults.
const (
	Slow    Fault = "answers after 100 ms"
	Hangs   Fault = "never answers"
	Broken  Fault = "answers 500"
	Garbled Fault = "answers with invalid ids"
	Refuses Fault = "refuses connections"
	Forgets Fault = "closes idle connections"
)

// Faults are all of them.
var Faults = []Fault{Slow, Hangs, Broken, Garbled, Refuses, Forgets}

// Call is a request.
type Call struct {
	Path   string
	Header http.Header
	Body   []byte
}

// The paths of calls.
const (
	Start  = "/lambda/start-invocation"
	End    = "/lambda/end-invocation"
	Traces = "/v0.4/traces"
)

// Span is a span as it arrived.
type Span struct {
	TraceID  uint64             `json:"trace_id"`
	SpanID   uint64             `json:"span_id"`
	ParentID uint64             `json:"parent_id"`
	Service  string             `json:"service"`
	Name     string             `json:"name"`
	Resource string             `json:"resource"`
	Error    int                `json:"error"`
	Meta     map[string]string  `json:"meta"`
	Metrics  map[string]float64 `json:"metrics"`
}

// Root is the resource of the invocation's span, which the extension replaces by its own.
const Root = "dd-tracer-serverless-span"

// Agent is a running extension.
type Agent struct {
	mu    sync.Mutex
	calls []Call
	lines []string
	fault Fault
}

// turn is held by the agent that uses Host.
var turn sync.Mutex

// New starts an agent that runs until the test ends.
func New(t testing.TB, fault ...Fault) *Agent {
	t.Helper()
	turn.Lock()
	t.Cleanup(turn.Unlock)
	a := &Agent{fault: cmp.Or(fault...)}
	if a.fault == Refuses {
		return a
	}
	for _, port := range []string{":8124", ":8126"} {
		listener, err := net.Listen("tcp", Host+port)
		if err != nil {
			t.Fatal(err)
		}
		server := &http.Server{Handler: a, ReadHeaderTimeout: 5 * time.Second}
		if a.fault == Forgets {
			server.IdleTimeout = time.Nanosecond
		}
		go func() { _ = server.Serve(listener) }()
		t.Cleanup(func() { _ = server.Close() })
	}
	conn, err := net.ListenPacket("udp", Host+":8125")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go a.readMetrics(conn)
	return a
}

// ServeHTTP records a request and answers it as the extension does.
func (a *Agent) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	a.mu.Lock()
	a.calls = append(a.calls, Call{r.URL.Path, r.Header, body})
	a.mu.Unlock()
	switch a.fault {
	case Slow:
		time.Sleep(100 * time.Millisecond)
	case Hangs:
		<-r.Context().Done()
	case Broken:
		http.Error(w, "broken", http.StatusInternalServerError)
	case Garbled:
		w.Header().Set("x-datadog-trace-id", "no number")
		w.Header().Set("x-datadog-sampling-priority", "high")
	default:
		if r.URL.Path == Start {
			continueTrace(w.Header(), body)
		}
	}
}

// continueTrace answers with the trace in a request's headers or in a batch's first message.
func continueTrace(answer http.Header, body []byte) {
	var event struct {
		Headers map[string]string
		Records []struct {
			MessageAttributes map[string]struct{ StringValue string }
		}
	}
	if json.Unmarshal(body, &event) != nil {
		return
	}
	carrier := event.Headers
	if len(event.Records) > 0 {
		_ = json.Unmarshal([]byte(event.Records[0].MessageAttributes["_datadog"].StringValue), &carrier)
	}
	for _, name := range []string{"x-datadog-trace-id", "x-datadog-sampling-priority", "x-datadog-tags"} {
		if carrier[name] != "" {
			answer.Set(name, carrier[name])
		}
	}
}

// marker is a packet that comes back when all packets before it have been read.
const marker = "marker"

func (a *Agent) readMetrics(conn net.PacketConn) {
	packet := make([]byte, 64<<10)
	for {
		n, from, err := conn.ReadFrom(packet)
		if err != nil {
			return
		}
		if string(packet[:n]) == marker {
			_, _ = conn.WriteTo(packet[:n], from)
			continue
		}
		a.mu.Lock()
		a.lines = append(a.lines, strings.Split(strings.TrimSpace(string(packet[:n])), "\n")...)
		a.mu.Unlock()
	}
}

// Lines returns the metrics in DogStatsD's format, sorted, without the tags of the service.
func (a *Agent) Lines(t testing.TB) []string {
	t.Helper()
	conn, err := net.Dial("udp", Host+":8125")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second)) // Only a closed connection refuses.
	if _, err := conn.Write([]byte(marker)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, len(marker))); err != nil {
		t.Fatalf("the agent reads no packets: %v", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Sorted(slices.Values(a.lines))
}

// Calls returns the requests to a path.
func (a *Agent) Calls(path string) []Call {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(a.calls), func(c Call) bool { return c.Path != path })
}

// All returns the spans in the order in which they arrived.
func (a *Agent) All(t testing.TB) []Span {
	t.Helper()
	var all []Span
	for _, c := range a.Calls(Traces) {
		var text bytes.Buffer
		if _, err := msgp.UnmarshalAsJSON(&text, c.Body); err != nil {
			t.Fatal(err)
		}
		var traces [][]Span
		if err := json.Unmarshal(text.Bytes(), &traces); err != nil {
			t.Fatal(err)
		}
		all = append(all, slices.Concat(traces...)...)
	}
	return all
}

// Spans returns the spans by resource. The last span of a resource counts.
func (a *Agent) Spans(t testing.TB) map[string]Span {
	t.Helper()
	spans := map[string]Span{}
	for _, s := range a.All(t) {
		spans[s.Resource] = s
	}
	return spans
}

// Said returns all that arrived as one text.
func (a *Agent) Said(t testing.TB) string {
	t.Helper()
	var all bytes.Buffer
	for _, path := range []string{Start, End} {
		for _, c := range a.Calls(path) {
			fmt.Fprintf(&all, "%s %v %s\n", path, c.Header, c.Body)
		}
	}
	fmt.Fprintf(&all, "%+v\n%s\n", a.All(t), strings.Join(a.Lines(t), "\n"))
	return all.String()
}

// install puts the extension's file where the library looks for it, in a file system
// that only the command sees.
const install = `mount -t tmpfs tmpfs /opt && mkdir /opt/extensions && : >/opt/extensions/datadog-agent && exec "$@"`

// Command runs a program beside an installed extension. It needs Linux and unshare.
func Command(program string, args ...string) *exec.Cmd {
	return exec.Command("unshare", append([]string{"--user", "--map-root-user", "--mount", "sh", "-c", install, "sh", program}, args...)...) //nolint:gosec // It is a test.
}

// Require skips a test where Command cannot work.
func Require(t testing.TB) {
	t.Helper()
	if out, err := Command("true").CombinedOutput(); err != nil {
		if os.Getenv("REQUIRE_ALL_TESTS") != "" {
			t.Fatalf("cannot mount a file system for the extension's file: %v: %s", err, out)
		}
		t.Skipf("cannot mount a file system for the extension's file: %v: %s", err, out)
	}
}
