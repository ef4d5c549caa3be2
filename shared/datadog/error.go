package datadog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"

	"boomerang/shared/fault"
	"boomerang/shared/httpx"
	"boomerang/shared/site"
)

// Error is a failed call. It is the cause of a *fault.Error with one of these kinds:
//
//   - Temporary: there is no complete and readable response, or its status is 408,
//     425, 429 or 5xx;
//   - Permanent: any other status but 2xx, or a response that is too large;
//   - that of the credentials' error, when there are no keys.
//
// Creating an event is Temporary also where Datadog rejects the keys (401 or 403).
type Error struct {
	Op     string // Such as "create the event".
	Status int    // HTTP status, 0 when there is no response.
	// Text is what Datadog answered, without keys. It may quote an alert, so logs must
	// not have it.
	Text  string
	Reset time.Duration // How long the rate limit of a 429 lasts.
	Cause error         // Nil when Status says it all.
}

func (e *Error) Error() string {
	parts := []string{e.Op}
	if e.Status != 0 {
		parts = append(parts, httpx.StatusLine(e.Status))
	}
	if e.Cause != nil {
		parts = append(parts, e.Cause.Error())
	}
	return strings.Join(parts, ": ")
}

func (e *Error) Unwrap() error { return e.Cause }

// IsNotFound reports whether err is Datadog's 404.
func IsNotFound(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Status == http.StatusNotFound
}

// ExplainNotFound returns the explanation of Datadog's 404, and any other error as it is.
func ExplainNotFound(err error, explanation *fault.Error) error {
	if IsNotFound(err) {
		return explanation
	}
	return err
}

// invalid is the failure to build a request.
func (c call) invalid(err error) error {
	return fault.New(fault.Internal, "cannot build the request to "+c.op, &Error{Op: c.op, Cause: fault.StripURL(err)})
}

// authFailure is the failure to get valid keys, at first or after Datadog rejected the
// earlier ones with status.
func (c call) authFailure(status int, err error) error {
	f := fault.From(err)
	kind := f.Kind
	if c.retryOnAuthError && kind == fault.Permanent {
		kind = fault.Temporary
	}
	return &fault.Error{
		Kind:       kind,
		Public:     fmt.Sprintf("cannot %s without valid Datadog keys: %s", c.op, f.Public),
		RetryAfter: f.RetryAfter,
		Cause:      &Error{Op: c.op, Status: status, Cause: err},
	}
}

// unanswered is the failure of a call without a response.
func (c call) unanswered(ctx context.Context, err error, keys Keys) error {
	err = httpx.WithContextCause(ctx, fault.StripURL(err))
	public := "Datadog could not be reached to " + c.op
	if httpx.IsTimeout(err) {
		public = "Datadog took too long to " + c.op
	}
	// Go's errors quote a malformed response, which may echo the keys.
	return fault.New(fault.Temporary, public, &Error{Op: c.op, Cause: httpx.RedactError(err, c.redactor(keys))})
}

// rejected is the failure of a call whose status is not 2xx.
func (c call) rejected(r response, body []byte, keys Keys, s site.Site) error {
	e := &Error{Op: c.op, Status: r.status, Text: errorText(body, c.redactor(keys)), Reset: r.rateLimitReset()}
	kind, verb := fault.Permanent, "refused to"
	if httpx.IsTemporary(r.status) {
		kind, verb = fault.Temporary, "could not"
	}
	if r.isAuthError() && c.retryOnAuthError {
		kind = fault.Temporary
	}
	summary, hint := fmt.Sprintf("Datadog %s %s (%s)", verb, c.op, httpx.StatusLine(r.status)), c.hint(r, s)
	f := &fault.Error{Kind: kind, Public: summary + hint, RetryAfter: e.Reset, Cause: e}
	if e.Text != "" && !strings.EqualFold(e.Text, http.StatusText(r.status)) {
		f.Public, f.Log = summary+": "+e.Text+hint, summary+hint
	}
	return f
}

func (c call) hint(r response, s site.Site) string {
	switch {
	case r.isAuthError() && c.apiKeyOnly:
		return fmt.Sprintf("; check that the API key is one of an organization on %s", s)
	case r.isAuthError() && c.permission == "":
		return fmt.Sprintf("; check that both keys are of one organization on %s", s)
	case r.isAuthError():
		return fmt.Sprintf("; check that both keys are of one organization on %s, and that the application key has the permission %s", s, c.permission)
	case r.rateLimitReset() > 0:
		return fmt.Sprintf("; its rate limit ends in %s", r.rateLimitReset())
	}
	return ""
}

// unreadable is the failure to read a response whose status is 2xx.
func (c call) unreadable(ctx context.Context, r response, err error) error {
	e := &Error{Op: c.op, Status: r.status, Cause: httpx.WithContextCause(ctx, err)}
	switch {
	case errors.Is(err, errTooLarge):
		return fault.New(fault.Permanent, "Datadog sent too much to "+c.op+"; ask for less at a time", e)
	case errors.Is(e.Cause, context.DeadlineExceeded):
		return fault.New(fault.Temporary, "Datadog took too long to "+c.op, e)
	}
	return fault.New(fault.Temporary, "Datadog sent an unreadable response to "+c.op, e)
}

// redactor returns a function that removes the keys and the secret from a text.
func (c call) redactor(keys Keys) func(string) string {
	var pairs []string
	for _, key := range []string{keys.API, keys.App} {
		if key != "" {
			pairs = append(pairs, key, redactedKeys)
		}
	}
	if c.secret != "" {
		pairs = append(pairs, c.secret, "<secret>")
	}
	return strings.NewReplacer(pairs...).Replace
}

const (
	maxErrorBytes = 64 << 10 // Of the body of a rejection.
	// maxErrorRunes keeps an error text fit for a line of a log or an event.
	maxErrorRunes = 300
)

// errorText returns what a rejection says, on one line and redacted. It reads
// {"errors":["…"]} of the v1 API, {"errors":[{"title":"…","detail":"…"}]} of the v2
// API and the plain text of proxies. An HTML page says no more than its status.
func errorText(body []byte, redact func(string) string) string {
	text := strings.Join(listedErrors(body), "; ")
	if text == "" {
		text = string(body)
	}
	text = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, ""), isInvisible), " ")
	if strings.HasPrefix(text, "<") {
		return ""
	}
	runes := []rune(redact(text))
	if len(runes) > maxErrorRunes {
		return string(runes[:maxErrorRunes-1]) + "…"
	}
	return string(runes)
}

func listedErrors(body []byte) []string {
	var list struct{ Errors []json.RawMessage }
	if decode(body, &list) != nil {
		return nil
	}
	var texts []string
	for _, raw := range list.Errors {
		var text string
		var object struct{ Title, Detail string }
		if json.Unmarshal(raw, &text) != nil && decode(raw, &object) == nil {
			text = strings.TrimPrefix(strings.TrimSuffix(object.Title+": "+object.Detail, ": "), ": ")
		}
		if text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

// isInvisible is true of white space and of characters that only change how a
// terminal or a page shows others.
func isInvisible(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
}
