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

// Misbehaviour names one way to go wrong, some with an argument after a colon:
// "slow:2s", "status:503". See the constants for what each does to the call, and
// whether the call takes effect all the same.
type Misbehaviour string

// The misbehaviours.
const (
	// Slow waits, two seconds or as long as its argument says ("slow:300ms"), and
	// then does everything right. A call whose caller leaves before that has no effect.
	Slow Misbehaviour = "slow"
	// Drip takes effect and sends the right answer in pieces, over two seconds or
	// as long as its argument says.
	Drip Misbehaviour = "drip"
	// Hang never answers and has no effect; it ends when the caller leaves.
	Hang Misbehaviour = "hang"
	// Reset resets the TCP connection instead of answering; no effect.
	Reset Misbehaviour = "reset"
	// Lost takes effect and resets the TCP connection instead of answering, so that
	// the caller cannot know.
	Lost Misbehaviour = "lost"
	// Cut takes effect, promises the whole answer and closes the connection halfway.
	Cut Misbehaviour = "cut"
	// Garbage takes effect and answers with the right status and media type, and a
	// body that is not JSON.
	Garbage Misbehaviour = "garbage"
	// Empty takes effect and answers with the right status and no body.
	Empty Misbehaviour = "empty"
	// Forbidden refuses as the service does whose keys were revoked, without effect:
	// Datadog's 403, or AWS's AccessDeniedException.
	Forbidden Misbehaviour = "forbidden"
	// RateLimited refuses as the service does that was called too often, without
	// effect: Datadog's 429 with its X-RateLimit headers, or AWS's
	// ThrottlingException. The argument says when Datadog's period ends
	// ("rate-limited:7s"); without it, at the end of the route's own period.
	RateLimited Misbehaviour = "rate-limited"
)

// Status is the misbehaviour that refuses with any status from 200 to 599 and the
// body that the service sends with it, without effect: "status:503".
func Status(code int) Misbehaviour {
	return Misbehaviour("status:" + strconv.Itoa(code))
}

const defaultDelay = 2 * time.Second

// misdeed answers one call, or does not.
type misdeed func(turn)

// turn is one call at the moment at which it may go wrong.
type turn struct {
	w     http.ResponseWriter
	r     *http.Request
	route route
	now   func() time.Time
	// honest handles the call and returns the right answer.
	honest func() answer
}

// misdeeds make each misbehaviour from its argument, which is empty where none was given.
var misdeeds = map[Misbehaviour]func(arg string) (misdeed, error){
	Slow:        delayed(slowly),
	Drip:        delayed(inDrips),
	Hang:        plain(func(t turn) { <-t.r.Context().Done() }),
	Reset:       plain(reset),
	Lost:        plain(lose),
	Cut:         plain(cut),
	Garbage:     plain(garble),
	Empty:       plain(empty),
	Forbidden:   plain(func(t turn) { t.route.forbid().write(t.w) }),
	RateLimited: rateLimited,
	"status":    withStatus,
}

func (m Misbehaviour) parse() (misdeed, error) {
	name, arg, _ := strings.Cut(string(m), ":")
	build, known := misdeeds[Misbehaviour(name)]
	if !known {
		return nil, fmt.Errorf("there is no misbehaviour %q; there are %q", name, slices.Sorted(maps.Keys(misdeeds)))
	}
	act, err := build(arg)
	if err != nil {
		return nil, fmt.Errorf("misbehaviour %q: %w", m, err)
	}
	return act, nil
}

func plain(act misdeed) func(string) (misdeed, error) {
	return func(arg string) (misdeed, error) {
		if arg != "" {
			return nil, errors.New("it takes no argument")
		}
		return act, nil
	}
}

func delayed(act func(turn, time.Duration)) func(string) (misdeed, error) {
	return func(arg string) (misdeed, error) {
		d, err := duration(arg, defaultDelay)
		return func(t turn) { act(t, d) }, err
	}
}

func duration(arg string, otherwise time.Duration) (time.Duration, error) {
	if arg == "" {
		return otherwise, nil
	}
	d, err := time.ParseDuration(arg)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%q is no duration above zero, such as 300ms or 2s", arg)
	}
	return d, nil
}

func slowly(t turn, d time.Duration) {
	if t.wait(d) {
		t.honest().write(t.w)
	}
}

func inDrips(t turn, d time.Duration) {
	const drops = 10
	a := t.honest()
	a.writeHeader(t.w)
	for i := range drops {
		if !t.wait(d / drops) {
			return
		}
		_, _ = t.w.Write(a.body[len(a.body)*i/drops : len(a.body)*(i+1)/drops])
		_ = http.NewResponseController(t.w).Flush()
	}
}

// wait reports whether the caller is still there after d.
func (t turn) wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-t.r.Context().Done():
		return false
	}
}

func reset(t turn) {
	conn, _, err := http.NewResponseController(t.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // The nearest thing on a connection that cannot be taken over.
	}
	if tcp, isTCP := conn.(*net.TCPConn); isTCP {
		_ = tcp.SetLinger(0) // Closing sends RST and not FIN.
	}
	_ = conn.Close()
}

func lose(t turn) {
	t.honest()
	reset(t)
}

// cut relies on net/http, which closes a connection that got less than was promised.
func cut(t turn) {
	a := t.honest()
	a.writeHeader(t.w)
	_, _ = t.w.Write(a.body[:len(a.body)/2])
}

func garble(t turn) {
	a := t.honest()
	a.body = []byte("{\"event\": \x00\xff\xfe <!doctype")
	a.write(t.w)
}

func empty(t turn) {
	a := t.honest()
	a.body = nil
	a.write(t.w)
}

func withStatus(arg string) (misdeed, error) {
	code, err := strconv.Atoi(arg)
	if err != nil || code < 200 || code > 599 {
		return nil, fmt.Errorf("%q is no status from 200 to 599", arg)
	}
	return func(t turn) { t.route.fail(code, t.now()).write(t.w) }, nil
}

func rateLimited(arg string) (misdeed, error) {
	wait, err := duration(arg, 0)
	return func(t turn) {
		a := t.route.tooMany(t.route.limit, t.now())
		if wait > 0 && !t.route.isAWS() {
			a = a.with(map[string]string{"X-RateLimit-Reset": strconv.Itoa(int((wait + time.Second - 1) / time.Second))})
		}
		a.write(t.w)
	}, err
}
