package awstest

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"

	"boomerang/shared/httpfault"
)

// Call is one call as it arrived.
type Call struct {
	Service, Operation string // such as DynamoDB and PutItem
	Body               []byte
	Faulted            bool // whether a fault broke it
}

// maxCalls is how many calls are kept. Later ones are if they met a fault.
const maxCalls = 20_000

// Calls returns the calls, oldest first. Empty strings select all.
func (a *AWS) Calls(service, operation string) []Call {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(a.calls), func(c Call) bool { return !matches(service, operation, c) })
}

func matches(service, operation string, c Call) bool {
	return (service == "" || service == c.Service) && (operation == "" || operation == c.Operation)
}

var services = map[string]string{"DynamoDB_20120810": "DynamoDB", "AmazonSQS": "SQS", "secretsmanager": "SecretsManager"}

// ServeHTTP records a call and forwards it to the emulator, or breaks it. Calls of the
// test itself are only forwarded.
func (a *AWS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // The caller left.
	}
	prefix, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	call := Call{Service: services[prefix], Operation: operation, Body: body}
	if strings.Contains(r.Header.Get("Authorization"), "Credential="+directKey+"/") {
		a.forward(r, call).Write(w)
		return
	}
	a.mu.Lock()
	effect := a.effect(call)
	call.Faulted = effect != nil
	if call.Faulted || len(a.calls) < maxCalls {
		a.calls = append(a.calls, call)
	}
	a.mu.Unlock()
	if effect == nil {
		a.forward(r, call).Write(w)
		return
	}
	effect(w, r, func() Response { return a.forward(r, call) })
}

// Response is what the emulator answered.
type Response = httpfault.Response

// transport does not reuse connections, because moto's server closes each after its answer.
var transport = &http.Transport{DisableKeepAlives: true}

// forward calls the emulator. Moto changes items and queues without a lock and loses
// changes made at the same time, so calls go one after the other.
func (a *AWS) forward(in *http.Request, call Call) Response {
	if call.Service == "DynamoDB" || call.Service == "SQS" {
		a.forwarding.Lock()
		defer a.forwarding.Unlock()
	}
	// Without the caller's context, for the call takes effect once it is here.
	out, err := http.NewRequest(in.Method, a.server+in.URL.RequestURI(), bytes.NewReader(call.Body))
	if err != nil {
		return gatewayError(err)
	}
	out.Host, out.Header = in.Host, in.Header.Clone()
	response, err := transport.RoundTrip(out)
	if err != nil {
		return gatewayError(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return gatewayError(err)
	}
	response.Header.Del("Connection")
	return Response{Status: response.StatusCode, Header: response.Header, Body: body}
}

func gatewayError(err error) Response {
	return Response{Status: http.StatusBadGateway, Body: []byte("moto: " + err.Error())}
}
