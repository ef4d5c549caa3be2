// Package functionurl serves a Lambda handler over HTTP as a Function URL does:
// the same event, the same treatment of headers, bodies and failures.
// https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
package functionurl

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
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

// timeLayout is how requestContext.time is written.
const timeLayout = "02/Jan/2006:15:04:05 -0700"

// Server is one function behind its URL.
type Server struct {
	Function lambda.Handler
	Timeout  time.Duration
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	event, err := NewEvent(r, time.Now())
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		http.Error(w, tooLarge.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	payload, err := json.Marshal(event)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	response, err := s.Invoke(r.Context(), event.RequestContext.RequestID, payload)
	if err != nil {
		// What the caller of a function that failed sees, and no more.
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadGateway)
		_, _ = io.WriteString(w, `{"Message":"Internal Server Error"}`)
		return
	}
	write(w, response)
}

// Invoke runs the function once on the JSON of a Function URL event.
func (s *Server) Invoke(ctx context.Context, requestID string, payload []byte) (events.LambdaFunctionURLResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	ctx = lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{AwsRequestID: requestID})
	raw, err := s.Function.Invoke(ctx, payload)
	if err != nil {
		return events.LambdaFunctionURLResponse{}, err
	}
	var response events.LambdaFunctionURLResponse
	err = json.Unmarshal(raw, &response)
	return response, err
}

// NewEvent makes of an HTTP request the event, payload format 2.0, that the
// function gets.
func NewEvent(r *http.Request, now time.Time) (events.LambdaFunctionURLRequest, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxPayloadBytes))
	if err != nil {
		return events.LambdaFunctionURLRequest{}, err
	}
	body, encoded := string(raw), false
	if len(raw) > 0 && isBinary(r.Header.Get("Content-Type")) {
		body, encoded = base64.StdEncoding.EncodeToString(raw), true
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	headers := headers(r)
	return events.LambdaFunctionURLRequest{
		Version:               "2.0",
		RawPath:               r.URL.EscapedPath(),
		RawQueryString:        r.URL.RawQuery,
		Cookies:               cookies(r),
		Headers:               headers,
		QueryStringParameters: joined(r.URL.Query()),
		Body:                  body,
		IsBase64Encoded:       encoded,
		RequestContext: events.LambdaFunctionURLRequestContext{
			AccountID:    "anonymous",
			RequestID:    rand.Text(),
			APIID:        "local",
			DomainName:   r.Host,
			DomainPrefix: "local",
			Time:         now.UTC().Format(timeLayout),
			TimeEpoch:    now.UnixMilli(),
			HTTP: events.LambdaFunctionURLRequestContextHTTPDescription{
				Method:    r.Method,
				Path:      r.URL.Path,
				Protocol:  r.Proto,
				SourceIP:  host,
				UserAgent: r.UserAgent(),
			},
		},
	}, nil
}

// headers returns the headers with their names in lower case. Cookies travel
// apart from them.
func headers(r *http.Request) map[string]string {
	out := map[string]string{"host": r.Host}
	for name, value := range joined(r.Header) {
		if name = strings.ToLower(name); name != "cookie" {
			out[name] = value
		}
	}
	return out
}

// joined writes the values of each name as one.
func joined(values map[string][]string) map[string]string {
	out := make(map[string]string, len(values))
	for name, all := range values {
		out[name] = strings.Join(all, ",")
	}
	return out
}

func cookies(r *http.Request) []string {
	var out []string
	for _, c := range r.Cookies() {
		out = append(out, c.String())
	}
	return out
}

// isBinary reports whether Lambda hands a body of this type over as base64. A
// form counts as binary there.
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

func write(w http.ResponseWriter, response events.LambdaFunctionURLResponse) {
	w.Header().Set("Content-Type", "application/json")
	for name, value := range response.Headers {
		w.Header().Set(name, value)
	}
	for _, cookie := range response.Cookies {
		w.Header().Add("Set-Cookie", cookie)
	}
	body := []byte(response.Body)
	if response.IsBase64Encoded {
		decoded, err := base64.StdEncoding.DecodeString(response.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		body = decoded
	}
	if response.StatusCode == 0 {
		response.StatusCode = http.StatusOK
	}
	w.WriteHeader(response.StatusCode)
	_, _ = w.Write(body)
}
