package datadog

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"boomerang/shared/httpx"
	"boomerang/shared/telemetry"
)

const (
	maxBodyBytes = 8 << 20
	// maxListBytes holds the largest list: 1,000 events of 4,000 characters.
	maxListBytes = 32 << 20
)

var (
	errTooLarge   = errors.New("the body is too large")
	errIncomplete = errors.New("the body is JSON without the requested data")
)

// response is an HTTP response whose body was read.
type response struct {
	status int
	header http.Header
	bytes  int // Of the body.
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

// decoder returns what is kept of a body.
type decoder[T any] func(io.Reader) (T, error)

// into returns a decoder that stores what decode returns.
func into[T any](out *T, decode decoder[T]) func(io.Reader) error {
	return func(body io.Reader) (err error) {
		*out, err = decode(body)
		return err
	}
}

// whole decodes a body and returns what convert makes of it. convert returns false if the
// body lacks the requested data.
func whole[W, T any](convert func(W) (T, bool)) decoder[T] {
	return func(body io.Reader) (none T, err error) {
		raw, err := io.ReadAll(body)
		var decoded W
		if err == nil {
			err = decode(raw, &decoded)
		}
		if err != nil {
			return none, err
		}
		value, complete := convert(decoded)
		if !complete {
			return none, errIncomplete
		}
		return value, nil
	}
}

// ifReadable decodes a body into out, and leaves out what it cannot.
func ifReadable(out any) func(io.Reader) error {
	return func(body io.Reader) error {
		raw, _ := io.ReadAll(body)
		_ = decode(raw, out) // The caller can do without it.
		return nil
	}
}

// elements decodes the list under a key of a body and converts each element as it
// arrives, because a body with a full list of events has megabytes. What follows the list
// must arrive, and is not decoded.
func elements[E, T any](key string, convert func(E) T) decoder[[]T] {
	return func(body io.Reader) ([]T, error) {
		d := json.NewDecoder(body)
		err := expect(d, '{')
		for err == nil && d.More() {
			var name json.Token
			if name, err = d.Token(); err == nil && strings.EqualFold(name.(string), key) {
				return convertEach(d, body, convert)
			}
			if err == nil {
				err = d.Decode(new(json.RawMessage))
			}
		}
		return nil, cmp.Or(err, errIncomplete)
	}
}

func convertEach[E, T any](d *json.Decoder, body io.Reader, convert func(E) T) ([]T, error) {
	all, err := []T{}, expect(d, '[')
	for err == nil && d.More() {
		var element E
		err = lenient(d.Decode(&element))
		all = append(all, convert(element))
	}
	if err == nil {
		err = expect(d, ']')
	}
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(io.Discard, body)
	return all, err
}

func expect(d *json.Decoder, want json.Delim) error {
	got, err := d.Token()
	if err == nil && got != want {
		return errIncomplete
	}
	return err
}

// decode fills out and skips values of unexpected types.
func decode(body []byte, out any) error { return lenient(json.Unmarshal(body, out)) }

// lenient accepts values of unexpected types: package json reports the first one only
// after it has decoded all others.
func lenient(err error) error {
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
	if f, err := strconv.ParseFloat(string(raw), 64); err == nil {
		n.value = &f
	}
	return nil
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

// resource is one object of the v2 API (https://jsonapi.org). Package json ignores the case of keys, so
// only those with underscores and hyphens need tags.
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
func included[A any](all []resource[A], refs references) (found []resource[A]) {
	for _, ref := range refs {
		if i := slices.IndexFunc(all, func(r resource[A]) bool { return r.reference == ref }); i >= 0 {
			found = append(found, all[i])
		}
	}
	return found
}
