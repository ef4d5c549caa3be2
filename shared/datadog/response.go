package datadog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"boomerang/shared/httpx"
	"boomerang/shared/telemetry"
)

// maxBodyBytes holds the largest response: 1,000 events of 4,000 characters.
const maxBodyBytes = 8 << 20

var (
	errTooLarge   = errors.New("the body is larger than 8 MiB")
	errIncomplete = errors.New("the body is JSON without the requested data")
)

// response is an HTTP response with its body.
type response struct {
	status  int
	header  http.Header
	body    []byte
	readErr error // Why body is not complete.
}

func readResponse(resp *http.Response) response {
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBodyBytes+1))
	if len(body) > maxBodyBytes {
		body, err = nil, errTooLarge
	}
	return response{status: resp.StatusCode, header: resp.Header, body: body, readErr: err}
}

func (r response) ok() bool { return httpx.IsSuccess(r.status) }

// isAuthError reports whether Datadog may have rejected the keys. It answers 403 to
// a key that it does not know.
func (r response) isAuthError() bool {
	return r.status == http.StatusUnauthorized || r.status == http.StatusForbidden
}

// rateLimitReset returns how long a rate limit lasts that rejects calls now
// (https://docs.datadoghq.com/api/latest/rate-limits/). A success may have the
// headers too, of a limit that is not reached.
func (r response) rateLimitReset() time.Duration {
	usedUp := r.ok() && r.header.Get("X-RateLimit-Remaining") == "0"
	if r.status != http.StatusTooManyRequests && !usedUp {
		return 0
	}
	seconds, err := strconv.ParseUint(r.header.Get("X-RateLimit-Reset"), 10, 32)
	if err != nil {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, httpx.MaxRetryAfter)
}

// recordRateLimit records what is left of the call's rate limit. Datadog has a few
// dozen limits.
func (r response) recordRateLimit(ctx context.Context) {
	if left, err := strconv.ParseUint(r.header.Get("X-RateLimit-Remaining"), 10, 32); err == nil {
		telemetry.RateLimitRemaining.Record(ctx, float64(left), r.header.Get("X-RateLimit-Name"))
	}
}

// decodeAs decodes a response and returns what convert makes of it. See read.
func decodeAs[W, T any](ctx context.Context, call call, r response, convert func(W) (T, bool)) (none T, err error) {
	var decoded W
	if err = r.readErr; err == nil {
		err = decode(r.body, &decoded)
	}
	if err == nil {
		if value, complete := convert(decoded); complete {
			return value, nil
		}
		err = errIncomplete
	}
	return none, call.unreadable(ctx, r, err)
}

// decode fills out and skips values of unexpected types: package json reports the
// first one only after it has decoded all others.
func decode(body []byte, out any) error {
	err := json.Unmarshal(body, out)
	if _, mismatch := errors.AsType[*json.UnmarshalTypeError](err); mismatch {
		return nil
	}
	return err
}

// unixTime returns the time of a POSIX timestamp in seconds, or the zero time.
func unixTime(seconds int64) time.Time {
	if seconds <= 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// parseTime returns the time of an RFC 3339 timestamp, or the zero time.
func parseTime(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// optionalNumber is nil where the response has anything but a number.
type optionalNumber struct{ value *float64 }

func (n *optionalNumber) UnmarshalJSON(raw []byte) error {
	n.value = parseNumber(raw)
	return nil
}

func parseNumber(raw []byte) *float64 {
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		return nil
	}
	return &f
}

// list is a response of the v2 API with several resources. Package json ignores the case of keys, so only
// those with underscores and hyphens need tags.
type list[A any] struct{ Data []resource[A] }

func (l list[A]) whole() (list[A], bool) { return l, l.Data != nil }

// listOf converts each resource of a list.
func listOf[A, T any](convert func(resource[A]) T) func(list[A]) ([]T, bool) {
	return func(l list[A]) ([]T, bool) { return each(l.Data, convert), l.Data != nil }
}

func each[A, T any](all []A, convert func(A) T) []T {
	converted := make([]T, len(all))
	for i, a := range all {
		converted[i] = convert(a)
	}
	return converted
}

// document is a response that is kept as it is beside the fields that are read of it.
type document[T any] struct {
	fields T
	raw    json.RawMessage
}

func (d *document[T]) UnmarshalJSON(body []byte) error {
	d.raw = bytes.Clone(body)
	return decode(body, &d.fields)
}

// resource is one object of the v2 API (https://jsonapi.org).
type resource[A any] struct {
	reference
	Attributes    A
	Relationships map[string]struct{ Data references }
}

type reference struct{ Type, ID string }

// references decodes one reference, a list of them, or null.
type references []reference

func (r *references) UnmarshalJSON(raw []byte) error {
	if decode(raw, (*[]reference)(r)) == nil && len(*r) > 0 {
		return nil
	}
	var one reference
	if decode(raw, &one) == nil && one.ID != "" {
		*r = references{one}
	}
	return nil
}

// included returns the resources of a response that refs name, in their order.
func included[A any](all []resource[A], refs references) []resource[A] {
	var found []resource[A]
	for _, ref := range refs {
		for _, r := range all {
			if r.reference == ref {
				found = append(found, r)
				break
			}
		}
	}
	return found
}
