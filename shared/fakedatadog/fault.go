package fakedatadog

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
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

type faults struct {
	queued map[Route][]queuedFault
	// rate is the share of calls that meet one of random.
	rate   float64
	random []Fault
	rand   *rand.Rand
}

type queuedFault struct {
	Fault
	calls int // How many calls it has left. 0: all.
}

// next returns what the next call of a route meets. A fault of the route goes before
// one of all routes, and that before a random one.
func (f *faults) next(name Route) Fault {
	for _, key := range []Route{name, AnyRoute} {
		if queue := f.queued[key]; len(queue) > 0 {
			first := queue[0]
			if first.calls == 1 {
				f.queued[key] = queue[1:]
			}
			queue[0].calls = max(0, first.calls-1)
			return first.Fault
		}
	}
	if f.rand == nil || f.rand.Float64() >= f.rate {
		return ""
	}
	return f.random[f.rand.IntN(len(f.random))]
}

// Inject makes the next calls of a route fail; 0 calls means all until ClearFaults.
// Faults queue: three of them for one call each are a script for the next three
// calls. An unknown route or fault is an error, because a test that breaks nothing
// proves nothing.
func (s *Server) Inject(name Route, f Fault, calls int) error {
	if _, err := f.effect(globalLimit, time.Time{}); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if name != AnyRoute && !slices.Contains(s.Routes(), name) {
		return fmt.Errorf("unknown route %q", name)
	}
	if calls < 0 {
		return fmt.Errorf("invalid number of calls %d: want 0 for all, or more", calls)
	}
	if s.faults.queued == nil {
		s.faults.queued = map[Route][]queuedFault{}
	}
	s.faults.queued[name] = append(s.faults.queued[name], queuedFault{f, calls})
	return nil
}

// InjectRandom makes a share of all calls fail, rate between 0 and 1, each in one of
// the given ways. The same seed breaks the same calls of a sequence.
func (s *Server) InjectRandom(rate float64, seed uint64, ways ...Fault) error {
	if !(rate >= 0 && rate <= 1) || len(ways) == 0 {
		return fmt.Errorf("random faults need a rate from 0 to 1 (not %v) and at least one fault", rate)
	}
	for _, f := range ways {
		if _, err := f.effect(globalLimit, time.Time{}); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.rate, s.faults.random = rate, ways
	s.faults.rand = rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // It must be repeatable, not secure.
	return nil
}

// ClearFaults removes all faults.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = faults{}
}
