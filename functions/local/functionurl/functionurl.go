// Package functionurl serves a Lambda handler over HTTP as a Function URL does
// (https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html).
package functionurl

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

// maxPayloadBytes is Lambda's limit for a request and for a response.
const maxPayloadBytes = 6 << 20

var errTooLarge = fmt.Errorf("a Function URL takes at most %d MiB", maxPayloadBytes>>20)

// timeLayout is how requestContext.time is written.
const timeLayout = "02/Jan/2006:15:04:05 -0700"

// Server serves a function as its Function URL does: one request, one event.
type Server struct {
	Function lambda.Handler
	Timeout  time.Duration
}

// ServeHTTP answers one request with what the function returns.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { Serve(w, r, s.Invoke) }

// Invoke is how a function is run once.
type Invoke func(context.Context, events.LambdaFunctionURLRequest) (events.LambdaFunctionURLResponse, error)

// Serve answers one request. Neither Datadog nor our functions send cookies, and no answer is binary.
func Serve(w http.ResponseWriter, r *http.Request, invoke Invoke) {
	event, err := NewEvent(r, time.Now())
	if errors.Is(err, errTooLarge) {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	response, err := invoke(r.Context(), event)
	if err != nil {
		// The caller sees no more of a failed function.
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadGateway)
		_, _ = io.WriteString(w, `{"Message":"Internal Server Error"}`)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	for name, value := range response.Headers {
		w.Header().Set(name, value)
	}
	w.WriteHeader(response.StatusCode)
	_, _ = io.WriteString(w, response.Body)
}

// Invoke calls the function as Lambda does, with the deadline of its timeout.
func (s *Server) Invoke(ctx context.Context, event events.LambdaFunctionURLRequest) (response events.LambdaFunctionURLResponse, err error) {
	payload, err := json.Marshal(event)
	if err != nil {
		return response, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	ctx = lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{AwsRequestID: event.RequestContext.RequestID})
	raw, err := s.Function.Invoke(ctx, payload)
	if err != nil {
		return response, err
	}
	err = json.Unmarshal(raw, &response)
	return response, err
}

// NewEvent returns the event, in payload format 2.0, for an HTTP request.
func NewEvent(r *http.Request, now time.Time) (events.LambdaFunctionURLRequest, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxPayloadBytes))
	if _, isTooLarge := errors.AsType[*http.MaxBytesError](err); isTooLarge {
		err = errTooLarge
	}
	if err != nil {
		return events.LambdaFunctionURLRequest{}, err
	}
	body, encoded := string(raw), len(raw) > 0 && isBinary(r.Header.Get("Content-Type"))
	if encoded {
		body = base64.StdEncoding.EncodeToString(raw)
	}
	source, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		source = r.RemoteAddr
	}
	headers := map[string]string{"host": r.Host}
	for name, values := range r.Header {
		headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	query := map[string]string{}
	for name, values := range r.URL.Query() {
		query[name] = strings.Join(values, ",")
	}
	return events.LambdaFunctionURLRequest{
		Version: "2.0", RawPath: r.URL.EscapedPath(), RawQueryString: r.URL.RawQuery, QueryStringParameters: query,
		Headers: headers, Body: body, IsBase64Encoded: encoded,
		RequestContext: events.LambdaFunctionURLRequestContext{
			AccountID: "anonymous", RequestID: rand.Text(), APIID: "local", DomainName: r.Host, DomainPrefix: "local",
			Time: now.UTC().Format(timeLayout), TimeEpoch: now.UnixMilli(),
			HTTP: events.LambdaFunctionURLRequestContextHTTPDescription{
				Method: r.Method, Path: r.URL.Path, Protocol: r.Proto, SourceIP: source, UserAgent: r.UserAgent(),
			},
		},
	}, nil
}

// Body returns the body of an event as it was sent.
func Body(event events.LambdaFunctionURLRequest) (string, error) {
	if !event.IsBase64Encoded {
		return event.Body, nil
	}
	decoded, err := base64.StdEncoding.DecodeString(event.Body)
	if err != nil {
		return event.Body, fmt.Errorf("the body is marked as base64 and is not: %w", err)
	}
	return string(decoded), nil
}

// isBinary reports whether Lambda encodes a body of this type as base64, such as a form.
func isBinary(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return contentType != ""
	}
	switch media {
	case "application/json", "application/xml", "application/javascript":
		return false
	}
	return !strings.HasPrefix(media, "text/") && !strings.HasSuffix(media, "+json") && !strings.HasSuffix(media, "+xml")
}
