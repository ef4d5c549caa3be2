// Package fault says what went wrong: its kind, a text that may be shown to
// anyone, the private cause, and whether trying again helps.
package fault

import (
	"cmp"
	"context"
	"errors"
	"net"
	"time"
)

// Kind decides what the caller is told and what happens to the alert.
type Kind int

const (
	// Internal is a mistake of ours. Its cause is for the log only.
	Internal Kind = iota
	// Malformed input could not be decoded at all.
	Malformed
	// Invalid input was decoded and breaks a rule; Fields names each.
	Invalid
	// Unauthenticated callers carry no token, or a wrong one.
	Unauthenticated
	// MethodNotAllowed is any request that is neither a delivery nor a health check.
	MethodNotAllowed
	// TooLarge input exceeds a stated limit.
	TooLarge
	// UnsupportedMedia is a body of a type we do not read.
	UnsupportedMedia
	// Temporary trouble passes: the same call may succeed later.
	Temporary
	// Refused means the other side understood and said no; the same call will be refused again.
	Refused
)

// Field names one bad part of an input and what is wrong with it.
type Field struct {
	Name    string `json:"field"`
	Problem string `json:"problem"`
}

// Error carries everything that anyone needs to know about a failure. Public is
// written for people and never holds a secret; Cause is for the log.
type Error struct {
	Kind   Kind
	Public string
	// Log says the same for logs and traces, where Public quotes an alert, or what
	// somebody answered about one: their words are not for keeping. It is empty where
	// Public quotes nobody.
	Log        string
	Fields     []Field
	RetryAfter time.Duration
	Cause      error
}

// New returns an error whose public text says what happened, to what, and what to do.
func New(kind Kind, public string, cause error) *Error {
	return &Error{Kind: kind, Public: public, Cause: cause}
}

// Quoting returns an error like New's, whose public text has the words of others
// between ours. Logs have an ellipsis in their place.
func Quoting(kind Kind, before, words, after string, cause error) *Error {
	return &Error{Kind: kind, Public: before + words + after, Log: before + "…" + after, Cause: cause}
}

// About returns err as a fault whose texts begin with what it is about.
func About(what string, err error) *Error {
	e := *Of(err)
	e.Public = what + ": " + e.Public
	if e.Log != "" {
		e.Log = what + ": " + e.Log
	}
	return &e
}

// Error returns what logs may hold.
func (e *Error) Error() string {
	if e.Cause == nil {
		return e.logged()
	}
	return e.logged() + ": " + e.Cause.Error()
}

func (e *Error) logged() string { return cmp.Or(e.Log, e.Public) }

func (e *Error) Unwrap() error { return e.Cause }

// Of returns the Error inside err. Any other error becomes one whose text is not
// shown: a time-out or a network failure is temporary, the rest is ours.
func Of(err error) *Error {
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

// IsTemporary reports whether trying again later may help.
func IsTemporary(err error) bool {
	return err != nil && Of(err).Kind == Temporary
}

// Public returns the text of err that may be shown to anyone.
func Public(err error) string {
	if err == nil {
		return ""
	}
	return Of(err).Public
}

// Logged returns the text of err that logs and traces may hold, without its cause.
func Logged(err error) string {
	if err == nil {
		return ""
	}
	return Of(err).logged()
}

// String names the kind as log records do.
func (k Kind) String() string {
	switch k {
	case Malformed:
		return "malformed"
	case Invalid:
		return "invalid"
	case Unauthenticated:
		return "unauthenticated"
	case MethodNotAllowed:
		return "method_not_allowed"
	case TooLarge:
		return "too_large"
	case UnsupportedMedia:
		return "unsupported_media"
	case Temporary:
		return "temporary"
	case Refused:
		return "refused"
	}
	return "internal"
}
