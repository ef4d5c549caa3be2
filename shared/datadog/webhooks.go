package datadog

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// The permissions for webhooks and their custom variables
// (https://docs.datadoghq.com/account_management/rbac/permissions/).
const (
	createWebhooks     = "create_webhooks"
	manageIntegrations = "manage_integrations"
	integrationsRead   = "integrations_read"
)

// Webhook is what @webhook-<Name> in a message calls.
type Webhook struct {
	Name string `json:"name"`
	URL  string `json:"url"`
	// Payload is JSON with Datadog's variables. Empty is Datadog's default payload.
	Payload string `json:"payload"`
	// CustomHeaders is a JSON object of strings, or empty. It may name custom variables.
	CustomHeaders string `json:"custom_headers"`
	EncodeAs      string `json:"encode_as"` // "json" or "form".
}

const (
	webhooksPath  = "/api/v1/integration/webhooks/configuration/webhooks"
	variablesPath = "/api/v1/integration/webhooks/configuration/custom-variables"
)

// Webhook returns the webhook with the name. IsNotFound is true of the error when there is none.
// https://docs.datadoghq.com/api/latest/webhooks-integration/#get-a-webhook-integration
func (c *Client) Webhook(ctx context.Context, name string) (Webhook, error) {
	return read(ctx, c, get("get the webhook "+name, integrationsRead, webhooksPath+"/"+url.PathEscape(name), nil),
		func(w Webhook) (Webhook, bool) { return w, w.Name != "" && w.URL != "" })
}

// CreateWebhook creates a webhook.
// https://docs.datadoghq.com/api/latest/webhooks-integration/#create-a-webhooks-integration
func (c *Client) CreateWebhook(ctx context.Context, w Webhook) error {
	return c.change(ctx, http.MethodPost, webhooksPath, "create the webhook "+w.Name, createWebhooks, w)
}

// UpdateWebhook replaces all of a webhook but its name.
// https://docs.datadoghq.com/api/latest/webhooks-integration/#update-a-webhook
func (c *Client) UpdateWebhook(ctx context.Context, w Webhook) error {
	return c.change(ctx, http.MethodPut, webhooksPath+"/"+url.PathEscape(w.Name), "update the webhook "+w.Name, manageIntegrations, w)
}

// DeleteWebhook deletes a webhook.
// https://docs.datadoghq.com/api/latest/webhooks-integration/#delete-a-webhook
func (c *Client) DeleteWebhook(ctx context.Context, name string) error {
	return c.change(ctx, http.MethodDelete, webhooksPath+"/"+url.PathEscape(name), "delete the webhook "+name, manageIntegrations, nil)
}

// SecretVariable is a custom variable of the webhooks integration whose value Datadog
// never shows. Webhooks use it as $<Name>.
type SecretVariable struct {
	Name  string // Upper-case letters, digits and underscores.
	Value string
}

// Format keeps the value out of every verb of package fmt.
func (v SecretVariable) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "$"+v.Name) }

// MarshalText keeps the value out of JSON and of log records.
func (v SecretVariable) MarshalText() ([]byte, error) { return []byte("$" + v.Name), nil }

type variableFields struct {
	Name     string `json:"name,omitempty"`
	Value    string `json:"value,omitempty"`
	IsSecret bool   `json:"is_secret"`
}

// HasVariable reports whether there is a custom variable with the name.
// https://docs.datadoghq.com/api/latest/webhooks-integration/#get-a-custom-variable
func (c *Client) HasVariable(ctx context.Context, name string) (bool, error) {
	_, err := read(ctx, c, get("get the custom variable "+name, integrationsRead, variablesPath+"/"+url.PathEscape(name), nil),
		func(v variableFields) (string, bool) { return v.Name, v.Name != "" })
	if IsNotFound(err) {
		return false, nil
	}
	return err == nil, err
}

// CreateVariable creates a custom variable.
// https://docs.datadoghq.com/api/latest/webhooks-integration/#create-a-custom-variable
func (c *Client) CreateVariable(ctx context.Context, v SecretVariable) error {
	body := variableFields{Name: v.Name, Value: v.Value, IsSecret: true}
	return c.changeVariable(ctx, call{op: "create the custom variable " + v.Name, method: http.MethodPost, path: variablesPath}, body)
}

// UpdateVariable gives a custom variable another value; IsNotFound is true of the error when there is
// none.
// https://docs.datadoghq.com/api/latest/webhooks-integration/#update-a-custom-variable
func (c *Client) UpdateVariable(ctx context.Context, v SecretVariable) error {
	body := variableFields{Value: v.Value, IsSecret: true}
	return c.changeVariable(ctx, call{op: "update the custom variable " + v.Name, method: http.MethodPut, path: variablesPath + "/" + url.PathEscape(v.Name)}, body)
}

func (c *Client) changeVariable(ctx context.Context, call call, body variableFields) error {
	call.permission, call.body, call.secret = manageIntegrations, body, body.Value
	_, err := c.do(ctx, call)
	return err
}

// DeleteVariable deletes a custom variable.
// https://docs.datadoghq.com/api/latest/webhooks-integration/#delete-a-custom-variable
func (c *Client) DeleteVariable(ctx context.Context, name string) error {
	return c.change(ctx, http.MethodDelete, variablesPath+"/"+url.PathEscape(name), "delete the custom variable "+name, manageIntegrations, nil)
}
