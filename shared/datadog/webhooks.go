package datadog

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// Webhook is one of the webhooks integration: what @webhook-<Name> in a message
// calls.
type Webhook struct {
	Name string `json:"name"`
	URL  string `json:"url"`
	// Payload is JSON with Datadog's variables in it; empty stands for Datadog's own.
	Payload string `json:"payload"`
	// CustomHeaders is a JSON object of texts, or empty. It may name custom variables.
	CustomHeaders string `json:"custom_headers"`
	EncodeAs      string `json:"encode_as"` // "json" or "form".
}

const (
	webhooksPath  = "/api/v1/integration/webhooks/configuration/webhooks"
	variablesPath = "/api/v1/integration/webhooks/configuration/custom-variables"
)

// Webhook returns the webhook with the name; IsNotFound tells that there is none.
// It needs the permission integrations_read.
//
// https://docs.datadoghq.com/api/latest/webhooks-integration/#get-a-webhook-integration
func (c *Client) Webhook(ctx context.Context, name string) (Webhook, error) {
	var answer wireWebhook
	err := c.read(ctx, call{
		op: fmt.Sprintf("get the webhook %s", name), permission: integrationsRead,
		method: http.MethodGet, path: webhooksPath + "/" + url.PathEscape(name),
	}, &answer)
	return Webhook(answer), err
}

// CreateWebhook makes a webhook. It needs the permission create_webhooks.
//
// https://docs.datadoghq.com/api/latest/webhooks-integration/#create-a-webhooks-integration
func (c *Client) CreateWebhook(ctx context.Context, w Webhook) error {
	return c.write(ctx, call{
		op: fmt.Sprintf("create the webhook %s", w.Name), permission: createWebhooks,
		method: http.MethodPost, path: webhooksPath, body: &w,
	}, nil)
}

// UpdateWebhook replaces all of a webhook but its name. It needs the permission
// manage_integrations.
//
// https://docs.datadoghq.com/api/latest/webhooks-integration/#update-a-webhook
func (c *Client) UpdateWebhook(ctx context.Context, w Webhook) error {
	return c.write(ctx, call{
		op: fmt.Sprintf("update the webhook %s", w.Name), permission: manageIntegrations,
		method: http.MethodPut, path: webhooksPath + "/" + url.PathEscape(w.Name), body: &w,
	}, nil)
}

// DeleteWebhook removes a webhook. It needs the permission manage_integrations.
//
// https://docs.datadoghq.com/api/latest/webhooks-integration/#delete-a-webhook
func (c *Client) DeleteWebhook(ctx context.Context, name string) error {
	return c.write(ctx, call{
		op: fmt.Sprintf("delete the webhook %s", name), permission: manageIntegrations,
		method: http.MethodDelete, path: webhooksPath + "/" + url.PathEscape(name),
	}, nil)
}

type wireWebhook Webhook

func (w *wireWebhook) complete() bool { return w.Name != "" && w.URL != "" }

// SecretVariable is a custom variable of the webhooks integration whose value
// Datadog shows to nobody. Webhooks name it as $<Name>.
type SecretVariable struct {
	Name  string // Upper-case letters, digits and underscores.
	Value string
}

// Format keeps the value out of every verb of package fmt.
func (v SecretVariable) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "$"+v.Name) }

// MarshalText keeps the value out of JSON and of log records.
func (v SecretVariable) MarshalText() ([]byte, error) { return []byte("$" + v.Name), nil }

type wireVariable struct {
	Name     string `json:"name,omitempty"`
	Value    string `json:"value,omitempty"`
	IsSecret bool   `json:"is_secret"`
}

func (w *wireVariable) complete() bool { return w.Name != "" }

// HasVariable reports whether there is a custom variable with the name. It needs
// the permission integrations_read.
//
// https://docs.datadoghq.com/api/latest/webhooks-integration/#get-a-custom-variable
func (c *Client) HasVariable(ctx context.Context, name string) (bool, error) {
	var answer wireVariable
	err := c.read(ctx, call{
		op: fmt.Sprintf("get the custom variable %s", name), permission: integrationsRead,
		method: http.MethodGet, path: variablesPath + "/" + url.PathEscape(name),
	}, &answer)
	if IsNotFound(err) {
		return false, nil
	}
	return err == nil, err
}

// CreateVariable makes a custom variable. It needs the permission
// manage_integrations.
//
// https://docs.datadoghq.com/api/latest/webhooks-integration/#create-a-custom-variable
func (c *Client) CreateVariable(ctx context.Context, v SecretVariable) error {
	return without(v.Value, c.write(ctx, call{
		op: fmt.Sprintf("create the custom variable %s", v.Name), permission: manageIntegrations,
		method: http.MethodPost, path: variablesPath, body: &wireVariable{Name: v.Name, Value: v.Value, IsSecret: true},
	}, nil))
}

// UpdateVariable gives a custom variable another value; IsNotFound tells that
// there is no such variable. It needs the permission manage_integrations.
//
// https://docs.datadoghq.com/api/latest/webhooks-integration/#update-a-custom-variable
func (c *Client) UpdateVariable(ctx context.Context, v SecretVariable) error {
	return without(v.Value, c.write(ctx, call{
		op: fmt.Sprintf("update the custom variable %s", v.Name), permission: manageIntegrations,
		method: http.MethodPut, path: variablesPath + "/" + url.PathEscape(v.Name), body: &wireVariable{Value: v.Value, IsSecret: true},
	}, nil))
}

// DeleteVariable removes a custom variable. It needs the permission
// manage_integrations.
//
// https://docs.datadoghq.com/api/latest/webhooks-integration/#delete-a-custom-variable
func (c *Client) DeleteVariable(ctx context.Context, name string) error {
	return c.write(ctx, call{
		op: fmt.Sprintf("delete the custom variable %s", name), permission: manageIntegrations,
		method: http.MethodDelete, path: variablesPath + "/" + url.PathEscape(name),
	}, nil)
}
