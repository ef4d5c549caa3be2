// Package httpapi is the step "http": it calls any JSON API and shows parts of the
// response.
package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
	"boomerang/shared/httpx"
)

// Secrets reads the text of a secret.
type Secrets interface {
	Text(ctx context.Context, id string) (string, error)
}

// Data is what playbooks see: steps.x.body.team.
type Data struct {
	Status int `json:"status"` // 2xx, or 404 for a GET.
	// Body is the decoded JSON, or the text if the response is not JSON, or nil.
	Body any `json:"body"`
}

func Kind(client *Client, secrets Secrets) enrich.Kind {
	return enrich.KindOf(enrich.Kind{
		Name: "http", Doc: "The response of any JSON API about the alert; POST sends the alert to one.", Data: Data{},
		Grant: &enrich.Grant{Action: "secretsmanager:GetSecretValue", Parameter: "HttpStepSecretArns", ARN: secretARN},
	}, func(c Config, _ time.Duration) enrich.Step { return newStep(client, secrets, c) })
}

// newStep takes a configuration with filled templates. Secrets may be nil if no
// playbook needs one.
func newStep(client *Client, secrets Secrets, c Config) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, _ alert.Alert) (enrich.Finding, error) {
		r, err := newRequest(ctx, client, secrets, c)
		if err != nil {
			return enrich.Finding{}, err
		}
		data, err := r.send(ctx, client)
		if err != nil {
			return enrich.Finding{Data: data}, err
		}
		return newFinding(c, r.URL.Hostname(), data), nil
	})
}

// idempotencyHeader is a quoted string, by which a server knows a repeated request
// (https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/).
const idempotencyHeader = "Idempotency-Key"

// request is an HTTP request and the secret in it.
type request struct {
	*http.Request
	secretName string
	secret     string // Never shown; empty if none is sent.
}

func newRequest(ctx context.Context, client *Client, secrets Secrets, c Config) (request, error) {
	if isTemplate(string(c.URL)) {
		return request{}, fault.New(fault.Permanent, "invalid url: its templates are not filled", nil)
	}
	u, err := parseURL(string(c.URL))
	if err == nil && u.Scheme != "https" && !client.allowLoopback {
		err = errNotHTTPS
	}
	if err != nil {
		return request{}, fault.New(fault.Permanent, "invalid url: "+err.Error(), err)
	}
	if err := c.Body.checkFilled(); err != nil {
		return request{}, fault.New(fault.Permanent, "invalid body: "+err.Error(), err)
	}
	method := c.Method
	if method == "" && c.Body != "" {
		method = http.MethodPost
	}
	r := request{secretName: c.Secret.Name}
	if r.Request, err = http.NewRequestWithContext(ctx, method, u.String(), strings.NewReader(string(c.Body))); err != nil {
		return request{}, fault.New(fault.Internal, "cannot build the request to "+u.Host, err)
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "boomerang")
	if c.Body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if key := enrich.IdempotencyKey(ctx); key != "" && r.Method != http.MethodGet {
		r.Header.Set(idempotencyHeader, `"`+key+`"`)
	}
	for name, value := range c.Headers {
		r.Header.Set(name, value)
	}
	if c.Secret.Name != "" {
		if r.secret, err = readSecret(ctx, secrets, c.Secret.Name); err != nil {
			return request{}, err
		}
		r.Header.Set(c.Secret.header(), strings.Replace(c.Secret.format(), "%s", r.secret, 1))
	}
	return r, checkValues(r.Header)
}

// readSecret returns the text of a secret without the line break that an editor adds.
func readSecret(ctx context.Context, secrets Secrets, name string) (string, error) {
	if secrets == nil {
		return "", fault.New(fault.Permanent, fmt.Sprintf("cannot read the secret %q: no secret store is configured", name), nil)
	}
	text, err := secrets.Text(ctx, name)
	if err != nil {
		return "", fault.Wrap(fmt.Sprintf("cannot read the secret %q", name), err)
	}
	if text = strings.TrimSpace(text); text == "" {
		return "", fault.New(fault.Permanent, fmt.Sprintf("the secret %q is empty", name), nil)
	}
	return text, nil
}

// checkValues returns an error that names the header but not its value, which may
// be a secret.
func checkValues(header http.Header) error {
	isControl := func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
	for name := range header {
		if strings.ContainsFunc(header.Get(name), isControl) {
			return fault.New(fault.Permanent, "the value of the header "+name+" has a line break or another control character", nil)
		}
	}
	return nil
}

const maxResponseBytes = 256 << 10

var (
	errTooLarge = errors.New("the response is larger than 256 KiB")
	errNotJSON  = errors.New("the response is neither JSON nor text")
)

func (r request) send(ctx context.Context, client *Client) (Data, error) {
	response, err := client.http.Do(r.Request)
	if err != nil {
		return Data{}, r.sendError(ctx, err)
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(response.Body, maxResponseBytes+1))
	if len(raw) > maxResponseBytes {
		err = errTooLarge
	}
	d := Data{Status: response.StatusCode}
	notFound := d.Status == http.StatusNotFound && r.Method == http.MethodGet // It is an answer to a question.
	if err == nil {
		if d.Body, err = r.decode(raw, response.Header.Get("Content-Type")); notFound {
			err = nil
		}
	}
	switch {
	case !httpx.IsSuccess(d.Status) && !notFound:
		return Data{}, r.statusError(d, httpx.RetryAfter(response.Header, time.Now()))
	case err != nil:
		return d, enrich.Done(r.readError(ctx, err))
	}
	return d, nil
}

// decode returns the response's JSON, or its text if it does not claim to be JSON.
func (r request) decode(raw []byte, contentType string) (any, error) {
	text := strings.TrimSpace(string(raw))
	if text == "" {
		return nil, nil
	}
	if v, err := enrich.DecodeJSON(raw); err == nil {
		return r.redactAll(v), nil
	}
	mediaType, _, _ := mime.ParseMediaType(contentType)
	if mediaType == "application/json" || strings.HasSuffix(mediaType, "+json") || !utf8.Valid(raw) {
		return nil, errNotJSON
	}
	return r.redact(string(raw)), nil
}

func (r request) redact(text string) string {
	if r.secret == "" {
		return text
	}
	return strings.ReplaceAll(text, r.secret, "<secret>")
}

// redactAll replaces the secret in decoded JSON, because some servers send it back.
func (r request) redactAll(v any) any {
	switch v := v.(type) {
	case string:
		return r.redact(v)
	case []any:
		for i := range v {
			v[i] = r.redactAll(v[i])
		}
	case map[string]any:
		redacted := make(map[string]any, len(v))
		for key, value := range v {
			redacted[r.redact(key)] = r.redactAll(value)
		}
		return redacted
	}
	return v
}
