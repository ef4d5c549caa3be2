package fakedatadog

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
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

// fault is a Fault with its argument.
type fault struct {
	text   Fault
	name   Fault
	delay  time.Duration
	status int
}

func (f Fault) parse() (parsed fault, err error) {
	name, arg, hasArg := strings.Cut(string(f), ":")
	parsed = fault{text: f, name: Fault(name)}
	switch parsed.name {
	case "status":
		if parsed.status, err = strconv.Atoi(arg); err != nil || parsed.status < 200 || parsed.status > 599 {
			err = fmt.Errorf("invalid status %q: want 200 to 599", arg)
		}
	case Slow, Drip, RateLimited:
		if parsed.delay, err = time.ParseDuration(arg); hasArg && (err != nil || parsed.delay <= 0) {
			err = fmt.Errorf("invalid duration %q: want 300ms or 2s", arg)
		} else if !hasArg {
			parsed.delay, err = 0, nil
		}
	case Hang, Reset, DropResponse, Truncate, Corrupt, Empty, Forbidden:
		if hasArg {
			err = errors.New("it takes no argument")
		}
	default:
		err = errors.New("unknown fault")
	}
	if err != nil {
		err = fmt.Errorf("fault %q: %w", f, err)
	}
	return parsed, err
}

// exchange is one call before it is answered.
type exchange struct {
	w     http.ResponseWriter
	r     *http.Request
	route route
	now   func() time.Time
	// next handles the call and returns the right answer.
	next func() answer
}

// inject answers a call with a fault, or does not answer.
func (x exchange) inject(f fault) {
	delay := cmp.Or(f.delay, defaultDelay)
	switch f.name {
	case Hang:
		<-x.r.Context().Done()
	case Reset:
		x.reset()
	case DropResponse:
		x.next()
		x.reset()
	case Truncate: // net/http closes a connection that got less than its Content-Length.
		a := x.next()
		a.writeHeader(x.w)
		_, _ = x.w.Write(a.body[:len(a.body)/2])
	case Corrupt:
		a := x.next()
		a.body = []byte("{\"event\": \x00\xff\xfe <!doctype")
		a.write(x.w)
	case Empty:
		a := x.next()
		a.body = nil
		a.write(x.w)
	case Drip:
		x.drip(delay)
	case Forbidden:
		datadogFailure(http.StatusForbidden).write(x.w)
	case RateLimited:
		a := x.route.tooMany(x.route.limit, x.now())
		if f.delay > 0 {
			a = a.with(map[string]string{"X-RateLimit-Reset": seconds(f.delay)})
		}
		a.write(x.w)
	case "status":
		if f.status == http.StatusTooManyRequests {
			x.route.tooMany(x.route.limit, x.now()).write(x.w)
			return
		}
		datadogFailure(f.status).write(x.w)
	case Slow:
		if x.wait(delay) {
			x.next().write(x.w)
		}
	default:
		x.next().write(x.w)
	}
}

func (x exchange) drip(d time.Duration) {
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

func (x exchange) reset() {
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // net/http closes the connection then.
	}
	if tcp, isTCP := conn.(*net.TCPConn); isTCP {
		_ = tcp.SetLinger(0) // Close sends RST instead of FIN.
	}
	_ = conn.Close()
}
