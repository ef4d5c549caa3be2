package awstest

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"

	"boomerang/shared/httpfault"
)

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
