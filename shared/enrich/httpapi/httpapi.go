// Package httpapi is the step "http": it asks any JSON API about the alert, or
// tells one, and shows parts of the answer. It needs no permission of Datadog's.
package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
)

// Name is the step's name in playbooks, answers and events.
const Name = "http"

// Secrets is where the text of a secret is read. Its errors say by their fault
// kind whether trying again helps.
type Secrets interface {
	Text(ctx context.Context, id string) (string, error)
}

// Data is what playbooks and machines see: steps.x.body.team.
type Data struct {
	Status int `json:"status"` // 200, or 404 of a GET that found nothing.
	// Body is the answer's JSON, with whole numbers kept whole; its text when it
	// is none; nil when there is none.
	Body any `json:"body"`
}

// New returns the step, with a configuration whose templates are filled in (see
// URL.Fill and Body.Fill). Secrets may be nil where no playbook uses one.
func New(client *Client, secrets Secrets, c Config) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, _ alert.Alert) (enrich.Finding, error) {
		call, err := newCall(ctx, client, secrets, c)
		if err != nil {
			return enrich.Finding{}, err
		}
		answer, err := call.do(ctx, client)
		if err != nil {
			return enrich.Finding{}, err
		}
		return found(c, call, answer), nil
	})
}

// call is one request and what people are told about it.
type call struct {
	request *http.Request
	host    string
	secret  string // Never shown; empty when none is sent.
	named   string // The secret's name.
}

func newCall(ctx context.Context, client *Client, secrets Secrets, c Config) (call, error) {
	address, err := c.address(client)
	if err != nil {
		return call{}, fault.New(fault.Permanent, "the url of this step cannot be asked: "+err.Error(), err)
	}
	request, err := c.request(ctx, address)
	if err != nil {
		return call{}, err
	}
	one := call{request: request, host: address.Host}
	if c.Secret.Name != "" {
		one.named = c.Secret.Name
		if one.secret, err = secretText(ctx, secrets, c.Secret.Name); err != nil {
			return call{}, err
		}
		request.Header.Set(c.Secret.header(), strings.Replace(c.Secret.format(), "%s", one.secret, 1))
	}
	return one, checkValues(request.Header)
}

func (c Config) address(client *Client) (*url.URL, error) {
	if isTemplate(string(c.URL)) {
		return nil, errors.New("its templates are not filled in")
	}
	address, err := parseAddress(string(c.URL))
	if err != nil {
		return nil, err
	}
	if address.Scheme != "https" && !client.loopback {
		return nil, errors.New("it must start with https://")
	}
	return address, nil
}

func (c Config) request(ctx context.Context, address *url.URL) (*http.Request, error) {
	if err := c.Body.checkFilled(); err != nil {
		return nil, fault.New(fault.Permanent, "the body of this step cannot be sent: "+err.Error(), err)
	}
	request, err := http.NewRequestWithContext(ctx, c.method(), address.String(), strings.NewReader(string(c.Body)))
	if err != nil {
		return nil, fault.New(fault.Internal, "the request to "+address.Host+" could not be made", err)
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "boomerang")
	if c.Body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for name, value := range c.Headers {
		request.Header.Set(name, value)
	}
	return request, nil
}

// secretText returns the secret's text without the line break that a file or an
// editor put behind it.
func secretText(ctx context.Context, secrets Secrets, name string) (string, error) {
	if secrets == nil {
		return "", fault.New(fault.Permanent, fmt.Sprintf("the secret %q cannot be read: no secret store is set up here", name), nil)
	}
	text, err := secrets.Text(ctx, name)
	if err != nil {
		f := fault.From(err)
		return "", &fault.Error{Kind: f.Kind, Public: fmt.Sprintf("the secret %q could not be read: %s", name, f.Public), RetryAfter: f.RetryAfter, Cause: err}
	}
	if text = strings.TrimSpace(text); text == "" {
		return "", fault.New(fault.Permanent, fmt.Sprintf("the secret %q is empty", name), nil)
	}
	return text, nil
}

// checkValues names the header whose value would end the header, and never shows
// the value: it may be a secret.
func checkValues(header http.Header) error {
	for name, values := range header {
		for _, value := range values {
			if strings.ContainsFunc(value, isControl) {
				return fault.New(fault.Permanent, fmt.Sprintf("the header %s cannot be sent: its value holds a line break or another control character", name), nil)
			}
		}
	}
	return nil
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
