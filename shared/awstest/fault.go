package awstest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Fault breaks calls. Later faults go first.
type Fault struct {
	// Service and Operation select calls, such as DynamoDB and PutItem. Empty: all.
	Service, Operation string
	// Effect is what happens to a call. See the functions of this type.
	Effect Effect
	// Times is how many calls break. Zero: all until ClearFaults.
	Times int
	// Every breaks each n-th call only, and Rate a random share of them.
	Every int
	Rate  float64
}

// Effect answers a call, and calls the emulator by forward if it is to take effect.
type Effect func(w http.ResponseWriter, r *http.Request, forward func() Response)

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

// Error answers with an error code, such as ThrottlingException. The call has no effect.
func Error(status int, code string) Effect {
	return func(w http.ResponseWriter, _ *http.Request, _ func() Response) {
		Response{
			Status: status,
			Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}, "X-Amzn-Errortype": {code}},
			Body:   fmt.Appendf(nil, `{"__type":%q,"message":"injected by a test"}`, code),
		}.write(w)
	}
}

// Status answers with a status without a code that AWS documents.
func Status(status int) Effect { return Error(status, "Status"+strconv.Itoa(status)) }

// Delay waits, and drops the call if the caller leaves before.
func Delay(d time.Duration) Effect {
	return func(w http.ResponseWriter, r *http.Request, forward func() Response) {
		if wait(r, d) {
			forward().write(w)
		}
	}
}

// Drip makes the call and sends the response in pieces over the duration.
func Drip(d time.Duration) Effect {
	return func(w http.ResponseWriter, r *http.Request, forward func() Response) {
		const pieces = 10
		response := forward()
		response.writeHeader(w)
		for i, n := 0, len(response.Body); i < pieces && wait(r, d/pieces); i++ {
			_, _ = w.Write(response.Body[n*i/pieces : n*(i+1)/pieces])
			_ = http.NewResponseController(w).Flush()
		}
	}
}

// Hang never answers. The call has no effect.
func Hang(_ http.ResponseWriter, r *http.Request, _ func() Response) { <-r.Context().Done() }

// Reset resets the connection. The call has no effect.
func Reset(w http.ResponseWriter, _ *http.Request, _ func() Response) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // Close sends RST instead of FIN.
	}
	_ = conn.Close()
}

// DropResponse makes the call and resets the connection.
func DropResponse(w http.ResponseWriter, r *http.Request, forward func() Response) {
	forward()
	Reset(w, r, nil)
}

// Truncate makes the call and closes the connection in the middle of the response.
func Truncate(w http.ResponseWriter, _ *http.Request, forward func() Response) {
	response := forward()
	response.writeHeader(w)
	_, _ = w.Write(response.Body[:len(response.Body)/2])
}

// Corrupt makes the call and responds with a body that is not JSON, and Empty without a body.
var Corrupt, Empty = withBody("{\"Item\": \x00\xff <!doctype"), withBody("")

func withBody(body string) Effect {
	return func(w http.ResponseWriter, _ *http.Request, forward func() Response) {
		response := forward()
		Response{response.Status, response.Header, []byte(body)}.write(w)
	}
}

// wait reports whether the caller still waits after d.
func wait(r *http.Request, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-r.Context().Done():
		return false
	}
}
