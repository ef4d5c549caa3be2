package datadog

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"boomerang/shared/fault"
)

// The permissions of what is set up, by Datadog's names
// (https://docs.datadoghq.com/account_management/rbac/permissions/).
const (
	createWebhooks     = "create_webhooks"
	manageIntegrations = "manage_integrations"
	integrationsRead   = "integrations_read"
	dashboardsRead     = "dashboards_read"
	dashboardsWrite    = "dashboards_write"
	monitorsRead       = "monitors_read"
	monitorsWrite      = "monitors_write"
)

// Validate asks Datadog whether it knows the API key, which no other call can tell
// from an application key without a permission.
//
// https://docs.datadoghq.com/api/latest/authentication/#validate-api-key
func (c *Client) Validate(ctx context.Context) error {
	_, err := c.do(ctx, call{op: "accept the API key", apiKeyOnly: true, method: http.MethodGet, path: "/api/v1/validate"})
	return err
}

// IsNotFound reports whether err says that what a call is about does not exist.
func IsNotFound(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Status == http.StatusNotFound
}

// write carries out a call that changes something, and decodes the answer into out
// unless it is nil. A status of 2xx means that the change is made; what is decoded
// has to be complete all the same, because it names what was made.
func (c *Client) write(ctx context.Context, call call, out wire) error {
	a, err := c.do(ctx, call)
	if err != nil || out == nil {
		return err
	}
	return a.decode(ctx, call, out)
}

// without returns err with secret in none of its texts: a refusal may quote what
// it refuses.
func without(secret string, err error) error {
	if err == nil || secret == "" {
		return err
	}
	hide := func(text string) string { return strings.ReplaceAll(text, secret, "<secret>") }
	f := *fault.From(err)
	f.Public, f.Log = hide(f.Public), hide(f.Log)
	if e, ok := errors.AsType[*Error](err); ok {
		safe := *e
		safe.Words = hide(e.Words)
		if e.Cause != nil {
			safe.Cause = redacted{text: hide(e.Cause.Error()), err: e.Cause}
		}
		f.Cause = &safe
	}
	return &f
}
