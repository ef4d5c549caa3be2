package httpapi

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"code.dny.dev/ssrf"

	"boomerang/shared/enrich"
	"boomerang/shared/fault"
)

// unanswered is the failure of a call that got no status.
func (c call) unanswered(ctx context.Context, err error) error {
	err = because(ctx, fault.StripURL(err))
	kind, words := fault.Permanent, ""
	switch dns, timeout := asDNS(err), isTimeout(err); {
	case timeout:
		kind, words = fault.Temporary, c.host+" took too long"
	case errors.Is(err, ssrf.ErrProhibitedIP) || errors.Is(err, ssrf.ErrProhibitedNetwork):
		words = c.host + " was not asked: its address is not one of the public Internet, and this step reaches no other"
	case errors.Is(err, errElsewhere):
		words = c.host + " redirects to another address, which is not followed; write that address as the url if it is the right one"
	case errors.Is(err, errManyRedirects):
		words = fmt.Sprintf("%s redirects more than %d times", c.host, maxRedirects)
	case isMistrust(err):
		words = c.host + " has a certificate that cannot be trusted"
	case dns != nil && dns.IsNotFound:
		words = "there is no host " + c.request.URL.Hostname() + "; check the url"
	default:
		kind, words = fault.Temporary, c.host+" could not be reached"
	}
	return fault.New(kind, words, c.withoutSecret(err))
}

func asDNS(err error) *net.DNSError {
	dns, _ := errors.AsType[*net.DNSError](err)
	return dns
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return errors.Is(err, context.DeadlineExceeded) || ok && timeout.Timeout()
}

func isMistrust(err error) bool {
	_, ok := errors.AsType[*tls.CertificateVerificationError](err)
	return ok
}

// because returns err with the reason for which ctx ended, which the HTTP client
// does not always keep.
func because(ctx context.Context, err error) error {
	if ended := ctx.Err(); ended != nil && !errors.Is(err, ended) {
		return fmt.Errorf("%w: %w", ended, err)
	}
	return err
}

// withoutSecret hides the secret in the text of err: what a server sends in place
// of HTTP ends up in Go's error texts.
func (c call) withoutSecret(err error) error {
	if text := err.Error(); c.hide(text) != text {
		return redacted{text: c.hide(text), err: err}
	}
	return err
}

type redacted struct {
	text string
	err  error
}

func (r redacted) Error() string        { return r.text }
func (r redacted) Is(target error) bool { return errors.Is(r.err, target) }

// refused is the failure of a call whose status is no answer to the question.
func (c call) refused(a answer) error {
	kind, verb := fault.Permanent, "refused"
	if temporary(a.status) {
		kind, verb = fault.Temporary, "could not answer"
	}
	what, todo := fmt.Sprintf("%s %s (%s)", c.host, verb, statusLine(a.status)), ""
	after := a.retryAfter(time.Now())
	switch {
	case a.status == http.StatusUnauthorized || a.status == http.StatusForbidden:
		todo = "; " + c.hint()
	case after > 0:
		todo = fmt.Sprintf("; it asks to be left alone for %s", after.Round(time.Second))
	}
	e := &fault.Error{Kind: kind, Public: what + todo, RetryAfter: after}
	if words := wordsOf(a.body); words != "" {
		e.Public, e.Log = what+": "+words+todo, what+todo
	}
	return e
}

func (c call) hint() string {
	if c.named == "" {
		return "it may want a secret, which the step's configuration does not name"
	}
	return fmt.Sprintf("check that the secret %q is valid there and may do this", c.named)
}

func temporary(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return status >= 500
}

// unread is the failure of a call whose answer is of no use.
func (c call) unread(ctx context.Context, err error) error {
	err = because(ctx, err)
	switch {
	case errors.Is(err, errTooLarge):
		return fault.New(fault.Permanent, fmt.Sprintf("the answer of %s is larger than %d KiB; ask for less", c.host, maxAnswerBytes>>10), err)
	case isTimeout(err):
		return fault.New(fault.Temporary, c.host+" took too long", err)
	}
	return fault.New(fault.Temporary, "the answer of "+c.host+" could not be read", c.withoutSecret(err))
}

func statusLine(status int) string {
	return strings.TrimSpace(strconv.Itoa(status) + " " + http.StatusText(status))
}

// wordsOf returns what a refusal says for people, where APIs commonly say it.
func wordsOf(body any) string {
	object, _ := body.(map[string]any)
	for _, key := range []string{"message", "error", "detail", "title", "error_description"} {
		switch value := object[key].(type) {
		case string:
			return enrich.Line(value, maxValueRunes)
		case map[string]any:
			if words := wordsOf(value); words != "" {
				return words
			}
		}
	}
	if text, ok := body.(string); ok && !strings.HasPrefix(strings.TrimSpace(text), "<") {
		return enrich.Line(text, maxValueRunes)
	}
	return ""
}
