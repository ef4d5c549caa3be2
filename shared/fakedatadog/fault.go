package fakedatadog

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Fault names one way to fail, some with an argument after a colon: "slow:2s",
// "status:503".
type Fault string

// The faults. The first group has an effect and fails on the way back.
const (
	// DropResponse resets the connection, so that the caller cannot know of the effect.
	DropResponse Fault = "drop-response"
	// Truncate closes the connection in the middle of the body.
	Truncate Fault = "truncate"
	// Corrupt sends a body that is not JSON, with the right status and media type.
	Corrupt Fault = "corrupt"
	// Empty sends the right status and media type without a body.
	Empty Fault = "empty"
	// Drip sends the right answer in pieces over 2 s, or "drip:500ms".
	Drip Fault = "drip"

	// Slow waits 2 s, or "slow:300ms", before it answers. Without effect if the caller
	// leaves before.
	Slow Fault = "slow"
	// Hang never answers. Without effect.
	Hang Fault = "hang"
	// Reset resets the connection. Without effect.
	Reset Fault = "reset"
	// Forbidden answers 403, as after a key was revoked. Without effect.
	Forbidden Fault = "forbidden"
	// RateLimited answers 429 with the X-RateLimit headers. "rate-limited:7s" says when
	// the period ends. Without effect.
	RateLimited Fault = "rate-limited"
)

// Status answers with any status from 200 to 599 and the body that Datadog sends
// with it: "status:503". Without effect.
func Status(code int) Fault { return Fault("status:" + strconv.Itoa(code)) }

const defaultDelay = 2 * time.Second

// exchange is one call before it is answered.
type exchange struct {
	w     http.ResponseWriter
	r     *http.Request
	route route
	now   func() time.Time
	// next handles the call and returns the right answer.
	next func() answer
}

// faultFunc answers a call, or does not.
type faultFunc func(exchange)

// faultFuncs make each fault from its argument, which may be empty.
var faultFuncs = map[Fault]func(arg string) (faultFunc, error){
	Slow:         withDelay(respondLate),
	Drip:         withDelay(drip),
	Hang:         withoutArgument(func(x exchange) { <-x.r.Context().Done() }),
	Reset:        withoutArgument(resetConnection),
	DropResponse: withoutArgument(dropResponse),
	Truncate:     withoutArgument(truncateBody),
	Corrupt:      withoutArgument(corruptBody),
	Empty:        withoutArgument(emptyBody),
	Forbidden:    withoutArgument(func(x exchange) { x.route.fail(http.StatusForbidden, x.now()).write(x.w) }),
	RateLimited:  rateLimited,
	"status":     withStatus,
}

func (f Fault) parse() (faultFunc, error) {
	name, arg, _ := strings.Cut(string(f), ":")
	build, known := faultFuncs[Fault(name)]
	if !known {
		return nil, fmt.Errorf("unknown fault %q: want one of %q", name, slices.Sorted(maps.Keys(faultFuncs)))
	}
	inject, err := build(arg)
	if err != nil {
		return nil, fmt.Errorf("fault %q: %w", f, err)
	}
	return inject, nil
}

func withoutArgument(inject faultFunc) func(string) (faultFunc, error) {
	return func(arg string) (faultFunc, error) {
		if arg != "" {
			return nil, errors.New("it takes no argument")
		}
		return inject, nil
	}
}

func withDelay(inject func(exchange, time.Duration)) func(string) (faultFunc, error) {
	return func(arg string) (faultFunc, error) {
		d, err := duration(arg, defaultDelay)
		return func(x exchange) { inject(x, d) }, err
	}
}

func duration(arg string, defaultValue time.Duration) (time.Duration, error) {
	if arg == "" {
		return defaultValue, nil
	}
	d, err := time.ParseDuration(arg)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("invalid duration %q: want 300ms or 2s", arg)
	}
	return d, nil
}

func respondLate(x exchange, d time.Duration) {
	if x.wait(d) {
		x.next().write(x.w)
	}
}

func drip(x exchange, d time.Duration) {
	const pieces = 10
	a := x.next()
	a.writeHeader(x.w)
	for i := 0; i < pieces && x.wait(d/pieces); i++ {
		_, _ = x.w.Write(a.body[len(a.body)*i/pieces : len(a.body)*(i+1)/pieces])
		_ = http.NewResponseController(x.w).Flush()
	}
}

// wait reports whether the caller is still there after d.
func (x exchange) wait(d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-x.r.Context().Done():
		return false
	}
}

func resetConnection(x exchange) {
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // net/http closes the connection then.
	}
	if tcp, isTCP := conn.(*net.TCPConn); isTCP {
		_ = tcp.SetLinger(0) // Close sends RST instead of FIN.
	}
	_ = conn.Close()
}

func dropResponse(x exchange) {
	x.next()
	resetConnection(x)
}

// truncateBody relies on net/http, which closes a connection that got less than
// its Content-Length.
func truncateBody(x exchange) {
	a := x.next()
	a.writeHeader(x.w)
	_, _ = x.w.Write(a.body[:len(a.body)/2])
}

func corruptBody(x exchange) {
	a := x.next()
	a.body = []byte("{\"event\": \x00\xff\xfe <!doctype")
	a.write(x.w)
}

func emptyBody(x exchange) {
	a := x.next()
	a.body = nil
	a.write(x.w)
}

func withStatus(arg string) (faultFunc, error) {
	code, err := strconv.Atoi(arg)
	if err != nil || code < 200 || code > 599 {
		return nil, fmt.Errorf("invalid status %q: want 200 to 599", arg)
	}
	return func(x exchange) { x.route.fail(code, x.now()).write(x.w) }, nil
}

func rateLimited(arg string) (faultFunc, error) {
	wait, err := duration(arg, 0)
	return func(x exchange) {
		a := x.route.tooMany(x.route.limit, x.now())
		if wait > 0 {
			a = a.with(map[string]string{"X-RateLimit-Reset": seconds(wait)})
		}
		a.write(x.w)
	}, err
}
