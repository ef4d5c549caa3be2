// Package httpx holds the rules that every HTTP client of this module shares.
package httpx

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// IsLoopback reports whether host, without a port, is this machine.
// It resolves no names.
func IsLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback() || strings.EqualFold(host, "localhost")
}

// URLProblem says why requests with keys or tokens must not go to an address, or nothing. It does
// not quote the address, which may hold a password.
func URLProblem(address string) string {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		return "is not an http or https URL"
	case u.Scheme == "http" && !IsLoopback(u.Hostname()):
		return "is plain http to another machine"
	case u.User != nil:
		return "contains credentials"
	case strings.ContainsAny(address, "?#"):
		return "has a query or a fragment"
	}
	return ""
}

// StatusLine returns a status with its text: "404 Not Found".
func StatusLine(status int) string {
	return strings.TrimSpace(strconv.Itoa(status) + " " + http.StatusText(status))
}

// IsSuccess reports whether the status is one of 2xx.
func IsSuccess(status int) bool { return status >= 200 && status < 300 }

// IsTemporary reports whether the same request may succeed later.
func IsTemporary(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return status >= 500
}

// MaxRetryAfter bounds the delay that a server may ask for.
const MaxRetryAfter = 24 * time.Hour

// RetryAfter parses the Retry-After header, which holds seconds or a date; 0 means none
// (https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3).
func RetryAfter(header http.Header, now time.Time) time.Duration {
	value := header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		return min(time.Duration(seconds)*time.Second, MaxRetryAfter)
	}
	if until, err := http.ParseTime(value); err == nil {
		return min(max(0, until.Sub(now)), MaxRetryAfter)
	}
	return 0
}

// WithContextCause adds ctx's error to err, because the HTTP client does not always keep it.
func WithContextCause(ctx context.Context, err error) error {
	if ended := ctx.Err(); ended != nil && !errors.Is(err, ended) {
		return fmt.Errorf("%w: %w", ended, err)
	}
	return err
}

// IsTimeout reports whether a deadline or a network timeout caused err.
func IsTimeout(err error) bool {
	network, ok := errors.AsType[net.Error](err)
	return errors.Is(err, context.DeadlineExceeded) || ok && network.Timeout()
}

// RedactError returns err with redact applied to its text. The text of an error may
// hold a secret, because net/http quotes a response that is not HTTP.
func RedactError(err error, redact func(string) string) error {
	if text := redact(err.Error()); text != err.Error() {
		return redactedError{text, err}
	}
	return err
}

// redactedError has no Unwrap, so that no log reaches the text inside.
type redactedError struct {
	text string
	err  error
}

func (e redactedError) Error() string        { return e.text }
func (e redactedError) Is(target error) bool { return errors.Is(e.err, target) }
