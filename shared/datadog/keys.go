package datadog

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Keys authenticate calls. The API key names the organization and suffices to create
// events. Reads also need an application key, which carries permissions
// (https://docs.datadoghq.com/account_management/api-app-keys/).
type Keys struct{ API, App string }

// Credentials returns the keys for each call. The fault kind of its errors says
// whether a retry helps.
type Credentials interface {
	Keys(ctx context.Context) (Keys, error)
	// Renew is called after Datadog rejected stale. It may return the same keys.
	Renew(ctx context.Context, stale Keys) (Keys, error)
}

// FixedKeys are credentials that do not change, for local runs and tests.
type FixedKeys Keys

// Keys implements Credentials.
func (k FixedKeys) Keys(context.Context) (Keys, error) { return Keys(k), nil }

// Renew implements Credentials.
func (k FixedKeys) Renew(context.Context, Keys) (Keys, error) { return Keys(k), nil }

// Format keeps the keys out of every verb of package fmt.
func (FixedKeys) Format(f fmt.State, verb rune) { Keys{}.Format(f, verb) }

// RenewKeys makes the next calls use the current keys, even while the previous ones still work.
func (c *Client) RenewKeys(ctx context.Context) error {
	stale, err := c.credentials.Keys(ctx)
	if err == nil {
		_, err = c.credentials.Renew(ctx, stale)
	}
	if err != nil {
		return call{op: "renew the keys"}.authFailure(0, err)
	}
	return nil
}

// Validate asks Datadog whether it knows the API key. A rejection of any other call may have other
// reasons.
// https://docs.datadoghq.com/api/latest/authentication/#validate-api-key
func (c *Client) Validate(ctx context.Context) error {
	_, err := c.do(ctx, call{op: "accept the API key", apiKeyOnly: true, method: http.MethodGet, path: "/api/v1/validate"})
	return err
}

const redactedKeys = "<keys>"

// Format keeps the keys out of every verb of package fmt.
func (Keys) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redactedKeys) }

// MarshalText keeps the keys out of JSON and of log records.
func (Keys) MarshalText() ([]byte, error) { return []byte(redactedKeys), nil }

// problem says why the keys cannot be sent, or nothing. A pasted line break is the
// usual reason.
func (k Keys) problem(apiKeyOnly bool) string {
	switch {
	case !validHeaderValue(k.API):
		return "the API key is empty or has characters that are not allowed in a key"
	case !apiKeyOnly && !validHeaderValue(k.App):
		return "the application key is empty or has characters that are not allowed in a key"
	}
	return ""
}

func validHeaderValue(key string) bool {
	return key != "" && strings.IndexFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}
