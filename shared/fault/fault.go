// Package fault describes failures: the kind, a text for people, the private
// cause, and whether a retry helps.
package fault

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"runtime"
	"runtime/debug"
	"time"
)

// Kind decides the HTTP status of the answer and whether the alert is retried.
type Kind int

// The zero Kind is Internal: a bug in Boomerang.
const (
	Internal         Kind = iota
	Malformed             // The input cannot be decoded.
	Invalid               // The input is decoded and breaks a rule; Fields names each.
	Unauthenticated       // The token is missing or wrong.
	Unverified            // The token is unknown, and cannot be looked up now.
	MethodNotAllowed      // The request is neither a delivery nor a health check.
	TooLarge              // The input exceeds a limit.
	UnsupportedMedia      // The body has an unsupported media type.
	Temporary             // The same call may succeed later.
	Permanent             // The other side rejects the call, now and later.
)

// Field names one invalid part of an input.
type Field struct {
	Name    string `json:"field"`
	Problem string `json:"problem"`
}

// Error is a failure. Public is for people and never holds a secret; Cause is
// for the log.
type Error struct {
	Kind   Kind
	Public string
	// Log replaces Public in logs and traces where Public quotes an alert or a
	// response. It is empty where Public quotes nothing.
	Log        string
	Fields     []Field
	RetryAfter time.Duration
	Cause      error
}

// New returns an error whose public text says what happened and what to do.
func New(kind Kind, public string, cause error) *Error {
	return &Error{Kind: kind, Public: public, Cause: cause}
}

// NewRedacted is New for a text that quotes others. Logs have an ellipsis in place
// of the quote.
func NewRedacted(kind Kind, before, quote, after string, cause error) *Error {
	return &Error{Kind: kind, Public: before + quote + after, Log: before + "…" + after, Cause: cause}
}

// Wrap returns err as a fault whose texts start with its subject.
func Wrap(subject string, err error) *Error {
	e := *From(err)
	e.Public = subject + ": " + e.Public
	if e.Log != "" {
		e.Log = subject + ": " + e.Log
	}
	return &e
}

// Error returns the text for logs, with the cause.
func (e *Error) Error() string {
	if e.Cause == nil {
		return e.logText()
	}
	return e.logText() + ": " + e.Cause.Error()
}

func (e *Error) logText() string { return cmp.Or(e.Log, e.Public) }

func (e *Error) Unwrap() error { return e.Cause }

// From returns the Error inside err. Any other error becomes one with a generic
// text: a timeout or a network failure is Temporary, the rest is Internal.
func From(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return New(Temporary, "it took too long", err)
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return New(Temporary, "the network failed", err)
	}
	return New(Internal, "something went wrong inside Boomerang", err)
}

// IsTemporary reports whether a retry may help.
func IsTemporary(err error) bool { return err != nil && From(err).Kind == Temporary }

// Public returns the text of err for people.
func Public(err error) string {
	if err == nil {
		return ""
	}
	return From(err).Public
}

// LogText returns the text of err for logs and traces, without its cause.
func LogText(err error) string {
	if err == nil {
		return ""
	}
	return From(err).logText()
}

var kindNames = [...]string{
	Internal: "internal", Malformed: "malformed", Invalid: "invalid", Unauthenticated: "unauthenticated", Unverified: "unverified",
	MethodNotAllowed: "method_not_allowed", TooLarge: "too_large", UnsupportedMedia: "unsupported_media",
	Temporary: "temporary", Permanent: "refused",
}

// String returns the name of the kind in log records. Permanent keeps the name
// "refused", which saved log queries use.
func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return kindNames[Internal]
	}
	return kindNames[k]
}

// StripURL returns the cause of a failed request without the URL that net/http
// adds, because a URL may hold an alert's text or a secret.
func StripURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// Panic is a recovered panic.
type Panic struct {
	// Text is the runtime's message, or the type of any other value: the value may
	// hold an alert's text.
	Text  string
	Stack []byte
}

func (p *Panic) Error() string { return p.Text + "\n" + string(p.Stack) }

// FromPanic returns a recovered panic with its stack. Call it in the deferred
// function that recovers.
func FromPanic(value any) *Panic {
	text := fmt.Sprintf("panic with a %T", value)
	if err, ok := value.(runtime.Error); ok {
		text = "panic: " + err.Error()
	}
	return &Panic{Text: text, Stack: debug.Stack()}
}
