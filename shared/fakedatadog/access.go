package fakedatadog

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

type access int

const (
	bothKeys access = iota
	apiKeyOnly
	public
)

type keys struct{ api, app string }

// SetKeys changes the pair of keys that Datadog accepts, as if the old pair was
// revoked.
func (s *Server) SetKeys(apiKey, appKey string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = keys{api: apiKey, app: appKey}
}

// refusal answers a call without the right keys
// (https://docs.datadoghq.com/api/latest/authentication/). A wrong key and a missing API
// key are 403, a missing application key is 401.
func (k keys) refusal(c *call, required access) *answer {
	api, app := c.Header.Get("DD-API-KEY"), c.Header.Get("DD-APPLICATION-KEY")
	switch {
	case required == public:
	case api == "":
		return new(failure(http.StatusForbidden, "API key required"))
	case api != k.api, required == bothKeys && app != "" && app != k.app:
		return new(gatewayFailure(http.StatusForbidden))
	case required == bothKeys && app == "":
		return new(failure(http.StatusUnauthorized, "Unauthorized"))
	}
	return nil
}

// limit is how many calls Datadog takes in each period of the calendar. Routes
// whose limit has the same name draw on the same budget
// (https://docs.datadoghq.com/api/latest/rate-limits/).
type limit struct {
	name   string
	calls  int
	period time.Duration
}

// globalLimit is what Datadog applies where a route has no limit of its own.
var globalLimit = limit{name: "global_org", calls: 12_000, period: time.Minute}

func (l limit) reset(now time.Time) time.Duration {
	return now.Truncate(l.period).Add(l.period).Sub(now)
}

// headers rounds the reset up, because a caller that waits less is refused again.
func (l limit) headers(remaining int, reset time.Duration) http.Header {
	header := http.Header{}
	header.Set("X-RateLimit-Name", l.name)
	for name, n := range map[string]int{
		"Limit": l.calls, "Period": int(l.period.Seconds()), "Remaining": remaining, "Reset": int((reset + time.Second - 1) / time.Second),
	} {
		header.Set("X-RateLimit-"+name, strconv.Itoa(n))
	}
	return header
}

// tooMany answers that the limit is used up for some time.
func (l limit) tooMany(reset time.Duration) answer {
	a := failure(http.StatusTooManyRequests, fmt.Sprintf("Rate limit of %d requests in %d seconds reached. Please try again later.", l.calls, int(l.period.Seconds())))
	a.header = l.headers(0, reset)
	return a
}

// limits counts the calls of the running period.
type limits struct {
	of   map[Route]limit
	used map[string]usage
}

type usage struct {
	since time.Time
	calls int
}

// spend counts one call and returns the headers of its answer, or a refusal if the
// period's calls are used up.
func (l *limits) spend(name Route, now time.Time) (headers http.Header, refusal *answer) {
	of := l.of[name]
	if of.period == 0 {
		return nil, nil
	}
	since, used := now.Truncate(of.period), l.used[of.name]
	if !used.since.Equal(since) {
		used = usage{since: since}
	}
	if used.calls >= of.calls {
		return nil, new(of.tooMany(of.reset(now)))
	}
	used.calls++
	l.used[of.name] = used
	return of.headers(of.calls-used.calls, of.reset(now)), nil
}

// Limit gives a route a limit of its own: so many calls in each period, which
// is a whole number of seconds. The call after that is answered 429 until the
// period ends by the server's clock.
func (s *Server) Limit(name Route, calls int, period time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.limits.of[name]; !known || calls < 0 || period%time.Second != 0 || period < time.Second {
		return fmt.Errorf("invalid limit of %d calls in %v of route %q: want a route, calls and a period in whole seconds", calls, period, name)
	}
	s.limits.of[name] = limit{name: string(name), calls: calls, period: period}
	delete(s.limits.used, string(name))
	return nil
}
