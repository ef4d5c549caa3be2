package telemetry

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
)

// client talks to the extension. Whatever goes wrong there costs what was to be told,
// and nothing else.
type client struct {
	http *http.Client
	// The addresses that take the start, the end and the spans of an invocation.
	startURL, endURL, tracesURL string

	service string
	udp     func() (net.Conn, error)
}

func newClient(e Extension) *client {
	return &client{
		// There is nobody to compress for, and no proxy between here and here.
		http:      &http.Client{Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 2}},
		startURL:  "http://" + e.Lifecycle + "/lambda/start-invocation",
		endURL:    "http://" + e.Lifecycle + "/lambda/end-invocation",
		tracesURL: "http://" + e.Traces + "/v0.4/traces",
		service:   service(),
		udp:       sync.OnceValues(func() (net.Conn, error) { return net.Dial("udp", e.Metrics) }),
	}
}

// headerRequest pairs what we say with what Lambda says of the same invocation.
const headerRequest = "lambda-runtime-aws-request-id"

// start tells that an invocation began, and returns the trace that it is part of: the
// one that the extension found in the event, or a new one.
func (c *client) start(ctx context.Context, requestID string, event []byte) trace {
	answered := c.post(ctx, c.startURL, event, map[string]string{headerRequest: requestID})
	headers := map[string]string{}
	for _, name := range []string{headerTrace, headerParent, headerPriority, headerTags} {
		headers[name] = answered.Get(name)
	}
	if t, ok := parseTrace(headers); ok {
		return t
	}
	return newTrace()
}

// end tells how an invocation ended. Of the answer the extension is told the status
// alone: the rest would cost its memory, and show the alert where it does not belong.
func (c *client) end(ctx context.Context, requestID string, t trace, span uint64, status int, err error) {
	headers := t.headers(span)
	delete(headers, headerParent) // The extension knows the span above.
	headers[headerRequest] = requestID
	headers["x-datadog-span-id"] = strconv.FormatUint(span, 10)
	if err != nil {
		f := failureOf(err)
		headers["x-datadog-invocation-error"] = "true"
		headers["x-datadog-invocation-error-msg"] = base64.StdEncoding.EncodeToString([]byte(f.message))
		headers["x-datadog-invocation-error-type"] = base64.StdEncoding.EncodeToString([]byte(f.kind))
		headers["x-datadog-invocation-error-stack"] = base64.StdEncoding.EncodeToString([]byte(f.stack))
	}
	body := "{}"
	if status != 0 {
		body = `{"statusCode":` + strconv.Itoa(status) + `}`
	}
	c.post(ctx, c.endURL, []byte(body), headers)
}

// trace sends spans.
func (c *client) trace(ctx context.Context, spans []*Span) {
	if len(spans) == 0 {
		return
	}
	chunks := chunksOf(spans)
	c.post(ctx, c.tracesURL, encodeTraces(chunks, c.service), map[string]string{
		"Content-Type":          "application/msgpack",
		"X-Datadog-Trace-Count": strconv.Itoa(len(chunks)),
		"Datadog-Meta-Lang":     "go",
	})
}

// measure sends lines of DogStatsD. A packet that nobody takes is lost, as always with UDP.
func (c *client) measure(lines [][]byte) {
	if len(lines) == 0 {
		return
	}
	conn, err := c.udp()
	if err != nil {
		return
	}
	for _, packet := range packets(lines) {
		if _, err := conn.Write(packet); err != nil {
			// That is word of an earlier packet, which nobody took; this one was not sent.
			_, _ = conn.Write(packet)
		}
	}
}

// maxAnswer is more than the extension ever says.
const maxAnswer = 64 << 10

// post returns the headers of the answer, and none where there is no good one.
func (c *client) post(ctx context.Context, url string, body []byte, headers map[string]string) http.Header {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	// The extension may close a kept connection just as it is used again. Only with this,
	// which is not sent, is a POST then repeated (https://pkg.go.dev/net/http#Transport).
	// Nothing comes of it where the first one was heard: the extension tells invocations
	// apart by the request's id, and drops a span that it has.
	request.Header["Idempotency-Key"] = []string{}
	answer, err := c.http.Do(request)
	if err != nil {
		return nil
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, maxAnswer)) // A body that is not read costs the connection.
	if answer.StatusCode/100 != 2 {
		return nil
	}
	return answer.Header
}
