package datadog

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"boomerang/shared/telemetry"
)

// maxBodyBytes holds the largest answer there is: 1,000 events of 4,000 characters.
const maxBodyBytes = 8 << 20

var (
	errTooLarge   = errors.New("the body is larger than 8 MiB")
	errIncomplete = errors.New("the body is JSON, but not what was asked for")
)

// answer is an HTTP answer that was read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
	cut    error // Why body ends early; nil when it is whole.
	events *memo // What a list of events was decoded into, when it is kept.
}

func readAnswer(resp *http.Response) answer {
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBodyBytes+1))
	if len(body) > maxBodyBytes {
		body, err = nil, errTooLarge
	}
	return answer{status: resp.StatusCode, header: resp.Header, body: body, cut: err}
}

func (a answer) ok() bool { return a.status >= 200 && a.status < 300 }

// refusesKeys reports whether the keys may be the reason. Datadog answers 403
// to a key that it does not know, and 401 is what HTTP has for it.
func (a answer) refusesKeys() bool {
	return a.status == http.StatusUnauthorized || a.status == http.StatusForbidden
}

// temporary reports whether the same call may succeed later.
func (a answer) temporary() bool {
	switch a.status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return a.status >= 500
}

// maxReset is longer than any of Datadog's rate limit periods.
const maxReset = 24 * time.Hour

// reset returns how long the rate limit that refused the call still lasts, from
// X-RateLimit-Reset in seconds (https://docs.datadoghq.com/api/latest/rate-limits/).
// Other answers carry the header too, of a limit that was not reached.
func (a answer) reset() time.Duration {
	if a.status != http.StatusTooManyRequests {
		return 0
	}
	seconds, err := strconv.ParseUint(a.header.Get("X-RateLimit-Reset"), 10, 32)
	if err != nil {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, maxReset)
}

// measureLimit tells the metrics what the call's rate limit leaves, by the limit's
// name. Datadog has a few dozen of them.
func (a answer) measureLimit(ctx context.Context) {
	if left, err := strconv.ParseUint(a.header.Get("X-RateLimit-Remaining"), 10, 32); err == nil {
		telemetry.RateLimitRemaining.Record(ctx, float64(left), a.header.Get("X-RateLimit-Name"))
	}
}

// wire is what an answer is decoded into.
type wire interface {
	// complete reports whether what was asked for is there.
	complete() bool
}

// read carries out call and decodes the answer into out.
func (c *Client) read(ctx context.Context, call call, out wire) error {
	a, err := c.ask(ctx, call)
	if err != nil {
		return err
	}
	return a.decode(ctx, call, out)
}

func (a answer) decode(ctx context.Context, call call, out wire) error {
	if a.cut != nil {
		return call.unreadable(ctx, a, a.cut)
	}
	if err := decode(a.body, out); err != nil {
		return call.unreadable(ctx, a, err)
	}
	if !out.complete() {
		return call.unreadable(ctx, a, errIncomplete)
	}
	return nil
}

// decode fills out with all that body holds of it. A value of another type than
// out's is left out, since the rest is still worth having; package json reports
// the first such value only after it decoded all others.
func decode(body []byte, out any) error {
	err := json.Unmarshal(body, out)
	if _, mismatch := errors.AsType[*json.UnmarshalTypeError](err); mismatch {
		return nil
	}
	return err
}

// epoch returns the time of a POSIX timestamp in seconds; 0 stands for never.
func epoch(seconds int64) time.Time {
	if seconds <= 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// instant returns the time that s names, or the zero time.
func instant(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
