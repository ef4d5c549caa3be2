package fakedatadog

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"boomerang/shared/httpfault"
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

const defaultDelay = "2s"

var withoutArgument = map[Fault]httpfault.Effect{
	DropResponse: httpfault.DropResponse, Truncate: httpfault.Truncate, Corrupt: httpfault.Corrupt, Empty: httpfault.Empty,
	Hang: httpfault.Hang, Reset: httpfault.Reset, Forbidden: httpfault.Answer(datadogFailure(http.StatusForbidden).response()),
}

// effect returns what the fault does to a call of a route with the limit.
func (f Fault) effect(l limit, now time.Time) (httpfault.Effect, error) {
	l = cmp.Or(l, globalLimit)
	name, arg, _ := strings.Cut(string(f), ":")
	switch name := Fault(name); name {
	case Slow, Drip, RateLimited:
		delay, err := time.ParseDuration(cmp.Or(arg, defaultDelay))
		switch {
		case err != nil || delay <= 0:
			return nil, fmt.Errorf("fault %q: invalid duration %q: want 300ms or 2s", f, arg)
		case name == Slow:
			return httpfault.Delay(delay), nil
		case name == Drip:
			return httpfault.Drip(delay), nil
		case arg == "":
			delay = l.reset(now)
		}
		return httpfault.Answer(l.tooMany(delay).response()), nil
	case "status":
		status, _ := strconv.Atoi(arg)
		switch {
		case status < 200 || status > 599:
			return nil, fmt.Errorf("fault %q: invalid status %q: want 200 to 599", f, arg)
		case status == http.StatusTooManyRequests:
			return RateLimited.effect(l, now)
		}
		return httpfault.Answer(datadogFailure(status).response()), nil
	}
	effect, known := withoutArgument[Fault(name)]
	switch {
	case !known:
		return nil, fmt.Errorf("fault %q: unknown fault", f)
	case arg != "":
		return nil, fmt.Errorf("fault %q: it takes no argument", f)
	}
	return effect, nil
}
