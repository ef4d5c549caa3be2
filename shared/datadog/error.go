package datadog

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"boomerang/shared/fault"
	"boomerang/shared/site"
)

// Error is a call that failed. It is the cause of a *fault.Error, whose kind
// says whether trying again helps:
//
//   - Temporary: no answer came, it was cut off or made no sense, or its status
//     is 408, 425, 429 or 5xx;
//   - Refused: any other status but 2xx, or an answer too large to read;
//   - as the credentials said, when they had no keys.
//
// To create an event is Temporary also where the keys alone are refused (401 or
// 403) or wrong: nothing is wrong with the event, and it waits for other keys.
type Error struct {
	Op     string // What was tried: "create the event".
	Status int    // HTTP status, 0 when no answer came.
	// Words are what Datadog said about it, if anything; never a key. They may quote what
	// it was asked, and so an alert: people are told, and logs are not.
	Words string
	Reset time.Duration // How long the rate limit lasts that a 429 speaks of.
	Cause error         // What went wrong, unless Status says it all.
}

func (e *Error) Error() string {
	parts := []string{e.Op}
	if e.Status != 0 {
		parts = append(parts, statusLine(e.Status))
	}
	if e.Cause != nil {
		parts = append(parts, e.Cause.Error())
	}
	return strings.Join(parts, ": ")
}

func (e *Error) Unwrap() error { return e.Cause }

// withoutKeys is the failure of a call for which credentials had no keys, after
// Datadog refused earlier ones with status, or at the start (0).
func (c call) withoutKeys(status int, err error) error {
	f := fault.From(err)
	kind := f.Kind
	if c.outlastsKeys && kind == fault.Permanent {
		kind = fault.Temporary
	}
	return &fault.Error{
		Kind:       kind,
		Public:     fmt.Sprintf("could not %s for want of Datadog's keys: %s", c.op, f.Public),
		RetryAfter: f.RetryAfter,
		Cause:      &Error{Op: c.op, Status: status, Cause: err},
	}
}

// unanswered is the failure of a call that got no status.
func (c call) unanswered(ctx context.Context, err error, keys Keys) error {
	err = because(ctx, fault.StripURL(err))
	public := "Datadog could not be reached to " + c.op
	if timeout, ok := errors.AsType[net.Error](err); errors.Is(err, context.DeadlineExceeded) || ok && timeout.Timeout() {
		public = "Datadog took too long to " + c.op
	}
	// What a server sends in place of HTTP ends up in Go's error texts.
	if text := err.Error(); keys.redact(text) != text {
		err = redacted{text: keys.redact(text), err: err}
	}
	return fault.New(fault.Temporary, public, &Error{Op: c.op, Cause: err})
}

// refused is the failure of a call whose answer has another status than 2xx.
func (c call) refused(a answer, keys Keys, s site.Site) error {
	e := &Error{Op: c.op, Status: a.status, Words: words(a.body, keys), Reset: a.reset()}
	kind, verb := fault.Permanent, "refused to"
	if a.temporary() {
		kind, verb = fault.Temporary, "could not"
	}
	if a.refusesKeys() && c.outlastsKeys {
		kind = fault.Temporary
	}
	what, todo := fmt.Sprintf("Datadog %s %s (%s)", verb, c.op, statusLine(a.status)), ""
	if hint := c.hint(a, s); hint != "" {
		todo = "; " + hint
	}
	f := &fault.Error{Kind: kind, Public: what + todo, RetryAfter: e.Reset, Cause: e}
	if e.Words != "" && !strings.EqualFold(e.Words, http.StatusText(a.status)) {
		f.Public, f.Log = what+": "+e.Words+todo, what+todo
	}
	return f
}

// hint says what to do about a refusal.
func (c call) hint(a answer, s site.Site) string {
	switch {
	case a.refusesKeys() && c.apiKeyOnly:
		return fmt.Sprintf("check that the API key is one of an organisation on %s", s)
	case a.refusesKeys() && c.permission == "":
		return fmt.Sprintf("check that both keys are of one organisation on %s", s)
	case a.refusesKeys():
		return fmt.Sprintf("check that both keys are of one organisation on %s, and that the application key has the permission %s", s, c.permission)
	case a.reset() > 0:
		return fmt.Sprintf("its rate limit ends in %s", a.reset())
	}
	return ""
}

// unreadable is the failure of a read whose answer is 2xx and of no use.
func (c call) unreadable(ctx context.Context, a answer, err error) error {
	e := &Error{Op: c.op, Status: a.status, Cause: because(ctx, err)}
	switch {
	case errors.Is(err, errTooLarge):
		return fault.New(fault.Permanent, "Datadog's answer is too large to "+c.op+"; ask for less at a time", e)
	case errors.Is(e.Cause, context.DeadlineExceeded):
		return fault.New(fault.Temporary, "Datadog took too long to "+c.op, e)
	}
	return fault.New(fault.Temporary, "Datadog's answer could not be read to "+c.op, e)
}

// because returns err with the reason for which ctx ended, which the HTTP client
// does not always keep.
func because(ctx context.Context, err error) error {
	if ended := ctx.Err(); ended != nil && !errors.Is(err, ended) {
		return fmt.Errorf("%w: %w", ended, err)
	}
	return err
}

// redacted is an error whose text had a key in it.
type redacted struct {
	text string
	err  error
}

func (r redacted) Error() string { return r.text }
func (r redacted) Unwrap() error { return r.err }

func statusLine(status int) string {
	return strings.TrimSpace(strconv.Itoa(status) + " " + http.StatusText(status))
}
