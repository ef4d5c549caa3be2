// Package secret reads secrets from Secrets Manager: a redacted string, and caches that
// follow a rotation.
package secret

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
)

const redacted = "<secret>"

// Secret is a string that fmt, encoding/json and slog print as "<secret>". Only Reveal
// returns the string. The zero Secret is empty.
type Secret struct {
	// A function, because fmt and debuggers read unexported fields by reflection. It
	// also makes == a compile error, which would not take constant time.
	reveal func() string
}

// New returns a Secret with the string s.
func New(s string) Secret {
	return Secret{reveal: func() string { return s }}
}

// Reveal returns the string. Call it only where the secret leaves the process.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// Equal compares in constant time. The hashes also hide the lengths.
func (s Secret) Equal(other Secret) bool {
	a, b := sha256.Sum256([]byte(s.Reveal())), sha256.Sum256([]byte(other.Reveal()))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// Format implements fmt.Formatter for all verbs.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText implements encoding.TextMarshaler, for encoding/json and log/slog as well.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
