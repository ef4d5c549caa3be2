package fakedatadog

import (
	"fmt"
	"strconv"
	"time"
)

// limit is how many calls Datadog takes in each period of the calendar. Routes
// whose limit has the same name draw on the same budget
// (https://docs.datadoghq.com/api/latest/rate-limits/).
type limit struct {
	name   string
	calls  int
	period time.Duration
	// silent limits show in a 429 only and not in the headers of other answers.
	silent bool
}

// globalLimit is what Datadog applies where a route has no limit of its own.
var globalLimit = limit{name: "global_org", calls: 12_000, period: time.Minute}

func (l limit) reset(now time.Time) time.Duration {
	return now.Truncate(l.period).Add(l.period).Sub(now)
}

func (l limit) text() string {
	return fmt.Sprintf("Rate limit of %d requests in %d seconds reached. Please try again later.",
		l.calls, int(l.period.Seconds()))
}

// headers rounds the reset up, because a caller that waits less is refused again.
func (l limit) headers(remaining int, reset time.Duration) map[string]string {
	return map[string]string{
		"X-RateLimit-Limit":     strconv.Itoa(l.calls),
		"X-RateLimit-Period":    strconv.Itoa(int(l.period.Seconds())),
		"X-RateLimit-Remaining": strconv.Itoa(remaining),
		"X-RateLimit-Reset":     seconds(reset),
		"X-RateLimit-Name":      l.name,
	}
}

func seconds(d time.Duration) string { return strconv.Itoa(int((d + time.Second - 1) / time.Second)) }

// limits counts the calls of the running period.
type limits struct {
	of   map[Route]limit
	used map[string]usage
}

type usage struct {
	since time.Time
	calls int
}

func newLimits(table []route) limits {
	l := limits{of: map[Route]limit{}, used: map[string]usage{}}
	for _, rt := range table {
		l.of[rt.name] = rt.limit
	}
	return l
}

// spend counts one call and returns the headers of its answer, or reports that
// the period's calls are used up.
func (l *limits) spend(name Route, now time.Time) (headers map[string]string, within bool) {
	of := l.of[name]
	if of.period == 0 {
		return nil, true
	}
	used := l.used[of.name]
	if since := now.Truncate(of.period); !used.since.Equal(since) {
		used = usage{since: since}
	}
	if used.calls >= of.calls {
		return nil, false
	}
	used.calls++
	l.used[of.name] = used
	if of.silent {
		return nil, true
	}
	return of.headers(of.calls-used.calls, of.reset(now)), true
}

// Limit gives a route a limit of its own: so many calls in each period, which
// is a whole number of seconds. The call after that is answered 429 until the
// period ends by the server's clock.
func (s *Server) Limit(name Route, calls int, period time.Duration) error {
	switch {
	case !s.knows(name):
		return fmt.Errorf("unknown route %q", name)
	case calls < 0 || period < time.Second || period%time.Second != 0:
		return fmt.Errorf("invalid limit of %d calls in %v: want calls and a period in whole seconds", calls, period)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits.of[name] = limit{name: string(name), calls: calls, period: period}
	delete(s.limits.used, string(name))
	return nil
}
