package awstest

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
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
// changes made at the same time, so the calls of a service go one after the other.
func (a *AWS) forward(in *http.Request, call Call) Response {
	if one := a.forwarding[call.Service]; one != nil {
		one.Lock()
		defer one.Unlock()
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

// Fault breaks calls. Later faults go first.
type Fault struct {
	// Service and Operation select calls, such as DynamoDB and PutItem. Empty: all.
	Service, Operation string
	// Effect is what happens to a call.
	Effect Effect
	// Times is how many calls break. Zero: all until ClearFaults.
	Times int
	// Every breaks each n-th call only, and Rate a random share of them.
	Every int
	Rate  float64
}

// Effect answers a call, and calls the emulator by forward if it is to take effect.
type Effect = httpfault.Effect

// The effects that do not depend on AWS, which package httpfault describes.
var (
	Corrupt, Empty                      = httpfault.Corrupt, httpfault.Empty
	Hang, Reset, DropResponse, Truncate = httpfault.Hang, httpfault.Reset, httpfault.DropResponse, httpfault.Truncate
	Delay, Drip                         = httpfault.Delay, httpfault.Drip
)

// Error answers with an error code, such as ThrottlingException. The call has no effect.
func Error(status int, code string) Effect {
	return httpfault.Answer(Response{
		Status: status,
		Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}, "X-Amzn-Errortype": {code}},
		Body:   fmt.Appendf(nil, `{"__type":%q,"message":"injected by a test"}`, code),
	})
}

// Status answers with a status without a code that AWS documents.
func Status(status int) Effect { return Error(status, "Status"+strconv.Itoa(status)) }

type fault struct {
	Fault
	seen, done int
}

// Break adds a fault.
func (a *AWS) Break(f Fault) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.faults = append([]*fault{{Fault: f}}, a.faults...)
}

// ClearFaults removes all faults.
func (a *AWS) ClearFaults() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.faults = nil
}

// effect returns what happens to a call, or nil. The caller holds the lock.
func (a *AWS) effect(c Call) Effect {
	for _, f := range a.faults {
		if !matches(f.Service, f.Operation, c) || f.Times > 0 && f.done == f.Times {
			continue
		}
		f.seen++
		if f.Every > 0 && f.seen%f.Every != 0 || f.Rate > 0 && rand.Float64() >= f.Rate { //nolint:gosec // Chance is enough.
			continue
		}
		f.done++
		return f.Effect
	}
	return nil
}
