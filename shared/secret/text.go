// Package secret keeps secrets: a string that cannot be printed, and a cache
// over Secrets Manager that follows a rotation.
package secret

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

// redacted is what a Text looks like to whoever prints it.
const redacted = "<secret>"

// Text is a string that prints as "<secret>": through every verb of fmt, as
// JSON, as text and through slog. Only Reveal gives the string. The zero Text
// is empty. Texts cannot be compared with ==, which would take longer the more
// of a guess is right.
type Text struct {
	// A function, because fmt and debuggers look through reflection into the
	// unexported fields of a struct, where they call no method. All that they
	// find here is an address.
	reveal func() string
}

// NewText returns a Text that holds s.
func NewText(s string) Text {
	return Text{reveal: func() string { return s }}
}

// Reveal returns the string itself. Call it where the secret leaves the process
// and nowhere else.
func (t Text) Reveal() string {
	if t.reveal == nil {
		return ""
	}
	return t.reveal()
}

// IsEmpty reports whether there is no secret in t.
func (t Text) IsEmpty() bool { return t.Reveal() == "" }

// Equal compares in constant time. Both sides are hashed first, so that not
// even the length shows.
func (t Text) Equal(other Text) bool {
	a, b := sha256.Sum256([]byte(t.Reveal())), sha256.Sum256([]byte(other.Reveal()))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// Format writes "<secret>", whatever the verb and its flags.
func (t Text) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, redacted) }

// String returns "<secret>".
func (t Text) String() string { return redacted }

// MarshalText returns "<secret>"; encoding/json uses it as well.
func (t Text) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue returns "<secret>".
func (t Text) LogValue() slog.Value { return slog.StringValue(redacted) }

var (
	_ fmt.Formatter  = Text{}
	_ slog.LogValuer = Text{}
)
