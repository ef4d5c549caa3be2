package datadog

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"boomerang/shared/fault"
)

// Permissions of an application key (https://docs.datadoghq.com/account_management/rbac/permissions/).
const (
	catalogRead        = "apm_service_catalog_read"
	createWebhooks     = "create_webhooks"
	dashboardsRead     = "dashboards_read"
	dashboardsWrite    = "dashboards_write"
	downtimesRead      = "monitors_downtime" // Datadog has none that only reads them.
	eventsRead         = "events_read"
	integrationsRead   = "integrations_read"
	manageIntegrations = "manage_integrations"
	monitorsRead       = "monitors_read"
	monitorsWrite      = "monitors_write"
	slosRead           = "slos_read"
)

// call describes one request to the API.
type call struct {
	op           string // For error texts: "create the event".
	method, path string
	query        url.Values
	body         any    // Sent as JSON, unless nil.
	permission   string // The permission that the application key needs.

	secret     string // Redacted in errors, because a rejection may quote it.
	apiKeyOnly bool   // Do not send the application key.
	toIntake   bool   // Send to the intake host of v2 events.
	// retryOnAuthError makes rejected keys a temporary failure, so that an event is
	// retried until the keys are fixed.
	retryOnAuthError bool

	isList  bool
	decode  func(io.Reader) error // Reads the body of a success. Nil ignores it.
	variant string                // What decode depends on, besides the request.
}

func get(op, permission, path string, query url.Values) call {
	return call{op: op, permission: permission, method: http.MethodGet, path: path, query: query}
}

// values returns a query of names and their values, without the empty ones.
func values(pairs ...string) url.Values {
	v := url.Values{}
	for pair := range slices.Chunk(pairs, 2) {
		if pair[1] != "" {
			v.Set(pair[0], pair[1])
		}
	}
	return v
}

func ifTrue(b bool) string {
	if b {
		return "true"
	}
	return ""
}

func unixSeconds(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

// do sends call and returns the response if its status is 2xx. On 401 and 403 the keys may have been
// rotated, so do renews them and sends the call once more. A read is not repeated with the same keys,
// because it only lacks a permission.
func (c *Client) do(ctx context.Context, call call) (response, error) {
	keys, err := c.credentials.Keys(ctx)
	if err != nil {
		return response{}, call.authFailure(0, err)
	}
	r, err := c.send(ctx, call, keys)
	if !r.isAuthError() {
		return r, err
	}
	renewed, renewErr := c.credentials.Renew(ctx, keys)
	if renewErr != nil {
		return response{}, call.authFailure(r.status, renewErr)
	}
	if renewed == keys && !call.apiKeyOnly {
		return r, err
	}
	return c.send(ctx, call, renewed)
}

func (c *Client) send(ctx context.Context, call call, keys Keys) (response, error) {
	if problem := keys.problem(call.apiKeyOnly); problem != "" {
		return response{}, call.authFailure(0, fault.New(fault.Permanent, problem, nil))
	}
	req, err := c.request(ctx, call, keys)
	if err != nil {
		return response{}, call.invalid(err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return response{}, call.unanswered(ctx, err, keys)
	}
	defer func() { _ = resp.Body.Close() }()
	r := response{status: resp.StatusCode, header: resp.Header}
	r.recordRateLimit(ctx)
	if !r.ok() {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBytes)) // The status says enough without it.
		return r, call.rejected(r, text, keys, c.site)
	}
	body := &io.LimitedReader{R: resp.Body, N: maxBodyBytes}
	if call.isList {
		if err := c.cache.lists.Acquire(ctx, 1); err != nil {
			return r, call.unanswered(ctx, err, keys)
		}
		defer c.cache.lists.Release(1)
		body.N = maxListBytes
	}
	limit := body.N
	if call.decode == nil {
		_, _ = io.Copy(io.Discard, body) // A connection with an unread body is not reused.
	} else if err = call.decode(body); err != nil && body.N == 0 {
		err = errTooLarge
	}
	r.bytes = int(limit - body.N)
	if err != nil {
		return r, call.unreadable(ctx, r, err)
	}
	return r, nil
}

func (c *Client) request(ctx context.Context, call call, keys Keys) (*http.Request, error) {
	var body io.Reader
	if call.body != nil {
		encoded, err := json.Marshal(call.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(encoded)
	}
	base := c.base
	if call.toIntake {
		base = c.intake
	}
	req, err := http.NewRequestWithContext(ctx, call.method, base+call.path, body)
	if err != nil {
		return nil, err
	}
	req.URL.RawQuery = call.query.Encode()
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "boomerang")
	req.Header.Set("DD-API-KEY", keys.API)
	if !call.apiKeyOnly {
		req.Header.Set("DD-APPLICATION-KEY", keys.App)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// key identifies a read: equal reads have equal keys.
func (c call) key() string {
	body, _ := json.Marshal(c.body) // The request itself reports a body that cannot be encoded.
	return c.method + " " + c.path + "?" + c.query.Encode() + " " + string(body) + " " + c.variant
}
