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

// limit is how many calls Datadog takes in each period of the calendar
// (https://docs.datadoghq.com/api/latest/rate-limits/). Answers say it, but calls are not
// counted: RateLimited is the fault of a limit that is used up.
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
