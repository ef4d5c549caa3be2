package datadog

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// Keys authenticate calls. An API key names the organisation and is enough to
// create events; reads also need an application key, which carries permissions
// (https://docs.datadoghq.com/account_management/api-app-keys/).
type Keys struct{ API, App string }

// Credentials hands out the keys at each call. Its errors say by their fault
// kind whether trying again helps.
type Credentials interface {
	Keys(ctx context.Context) (Keys, error)
	// Renew is called after Datadog refused stale, or when others are expected in its
	// place, and returns the keys to use from now on. They may be the same.
	Renew(ctx context.Context, stale Keys) (Keys, error)
}

// RenewKeys lets the next calls use the keys that there are now. Those of another
// organisation would not be asked for otherwise while the ones before still work.
func (c *Client) RenewKeys(ctx context.Context) error {
	renew := call{op: "renew the keys"}
	stale, err := c.credentials.Keys(ctx)
	if err == nil {
		_, err = c.credentials.Renew(ctx, stale)
	}
	if err != nil {
		return renew.withoutKeys(0, err)
	}
	return nil
}

const hidden = "<keys>"

// Format keeps the keys out of every verb of package fmt.
func (Keys) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// MarshalText keeps the keys out of JSON and of log records.
func (Keys) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// problem says why the keys cannot be sent, or nothing. A pasted line break is the
// usual reason, and no status of Datadog's would ever tell.
func (k Keys) problem(apiKeyOnly bool) string {
	switch {
	case !sendable(k.API):
		return "the API key is empty or holds characters that no key has"
	case !apiKeyOnly && !sendable(k.App):
		return "the application key is empty or holds characters that no key has"
	}
	return ""
}

func sendable(key string) bool {
	return key != "" && strings.IndexFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

// redact returns text without the keys in it.
func (k Keys) redact(text string) string {
	for _, key := range []string{k.API, k.App} {
		if key != "" {
			text = strings.ReplaceAll(text, key, hidden)
		}
	}
	return text
}
