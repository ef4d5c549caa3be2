package datadog

import (
	"context"
	"fmt"
	"io"
	"net/url"
)

// Webhook is what @webhook-<Name> in a message calls
// (https://docs.datadoghq.com/api/latest/webhooks-integration/).
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

func (w Webhook) object() object {
	return object{
		title: "the webhook " + w.Name, collection: webhooksPath, id: w.Name, body: w, permission: manageIntegrations, creation: createWebhooks,
	}
}

// Webhook returns the webhook with the name. IsNotFound is true of the error when there is none.
// https://docs.datadoghq.com/api/latest/webhooks-integration/#get-a-webhook-integration
func (c *Client) Webhook(ctx context.Context, name string) (Webhook, error) {
	return read(ctx, c, get("get the webhook "+name, integrationsRead, webhooksPath+"/"+url.PathEscape(name), nil),
		func(w Webhook) (Webhook, bool) { return w, w.Name != "" && w.URL != "" })
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
	Value    string `json:"value"`
	IsSecret bool   `json:"is_secret"`
}

func (v SecretVariable) object() object {
	return object{
		title: "the custom variable " + v.Name, collection: variablesPath, id: v.Name, body: variableFields{v.Name, v.Value, true}, change: variableFields{Value: v.Value, IsSecret: true},
		secret: v.Value, permission: manageIntegrations,
	}
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
