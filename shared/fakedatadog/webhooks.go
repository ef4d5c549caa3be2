package fakedatadog

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"boomerang/shared/jsonvalue"
)

// Webhook is a webhook. Its JSON names are Datadog's
// (https://docs.datadoghq.com/api/latest/webhooks-integration/).
type Webhook struct {
	Name          string  `json:"name"`
	URL           string  `json:"url"`
	Payload       string  `json:"payload"`
	CustomHeaders *string `json:"custom_headers"`
	EncodeAs      string  `json:"encode_as"` // "json" or "form".
}

// AddWebhook adds a webhook, or replaces the one with the same name.
func (s *Server) AddWebhook(added Webhook) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.webhooks.put(added.withDefaults())
}

// Webhooks returns the webhooks by name.
func (s *Server) Webhooks() map[string]Webhook {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[string]Webhook{}
	for _, w := range s.webhooks.all {
		all[w.Name] = w
	}
	return all
}

// withDefaults adds the payload that Datadog sends for a webhook without one, as recorded.
func (w Webhook) withDefaults() Webhook {
	w.Payload = cmp.Or(w.Payload, `{"body": "$EVENT_MSG", "last_updated": "$LAST_UPDATED", "event_type": "$EVENT_TYPE", `+
		`"title": "$EVENT_TITLE", "date": "$DATE", "org": {"id": "$ORG_ID", "name": "$ORG_NAME"}, "id": "$ID"}`)
	w.EncodeAs = cmp.Or(w.EncodeAs, "json")
	return w
}

// webhookName is stricter than what is documented: a name with a space was refused in a
// recording, and no handle can contain one.
var webhookName = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)

// changeWebhook replaces what the request names.
func (s *Server) changeWebhook(c *call, before Webhook) Webhook {
	w := before
	c.decode(&w)
	w = w.withDefaults()
	c.failIf(before.Name == "" && s.webhooks.index(w.Name) >= 0, "Webhook already exists")
	c.failIf(!webhookName.MatchString(w.Name) || w.URL == "" || w.EncodeAs != "json" && w.EncodeAs != "form" ||
		!json.Valid([]byte(w.Payload)) || !json.Valid([]byte(valueOr(w.CustomHeaders, "{}"))), "Invalid webhook")
	return w
}

// variableName is the documented rule for the names of custom variables.
var variableName = regexp.MustCompile(`^[A-Z0-9_]+$`)

// variable is a custom variable. The API shows no value of a secret one.
type variable struct {
	Name     string  `json:"name"`
	Value    *string `json:"value,omitempty"`
	IsSecret bool    `json:"is_secret"`
}

func (v variable) shown() any {
	if v.IsSecret {
		v.Value = nil
	}
	return v
}

// Variables returns the names of the custom variables, sorted.
func (s *Server) Variables() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := list(s.variables.all, func(v variable) string { return v.Name })
	slices.Sort(names)
	return names
}

// Variable returns the value of a custom variable, also of a secret one; it is empty if
// there is no such variable.
func (s *Server) Variable(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, _ := s.variables.find(name)
	return valueOr(found.Value, "")
}

func (s *Server) changeVariable(c *call, before variable) variable {
	v := before
	c.decode(&v)
	v.Name = cmp.Or(before.Name, v.Name)
	c.failIf(before.Name == "" && s.variables.index(v.Name) >= 0, "Custom variable already exists")
	c.failIf(!variableName.MatchString(v.Name) || v.Value == nil, "Invalid custom variable")
	return v
}

const (
	deliveryTimeout  = 15 * time.Second // Datadog's.
	maxResponseBytes = 1 << 20
)

// Delivery is the answer of a webhook's receiver.
type Delivery struct {
	Status int
	Body   string
}

// Deliver calls a webhook once, as Datadog does for a monitor's alert. In the webhook's
// URL, headers and payload it replaces $NAME by the custom variable or the given value
// of that name. An error means that there was no answer.
func (s *Server) Deliver(ctx context.Context, name string, values map[string]string) (Delivery, error) {
	ctx, cancel := context.WithTimeout(ctx, deliveryTimeout)
	defer cancel()
	request, err := s.delivery(ctx, name, values)
	if err != nil {
		return Delivery{}, fmt.Errorf("prepare the call of the webhook %q: %w", name, err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return Delivery{}, fmt.Errorf("call the webhook %s: %w", name, err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxResponseBytes))
	return Delivery{Status: response.StatusCode, Body: string(body)}, err
}

func (s *Server) delivery(ctx context.Context, name string, values map[string]string) (*http.Request, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	webhook, exists := s.webhooks.find(name)
	if !exists || webhook.EncodeAs != "json" {
		return nil, fmt.Errorf("it is encoded as %q: fakedatadog sends JSON only, to webhooks that exist", webhook.EncodeAs)
	}
	var headers map[string]string
	if err := json.Unmarshal([]byte(valueOr(webhook.CustomHeaders, "{}")), &headers); err != nil {
		return nil, err
	}
	payload := strings.NewReader(s.resolve(webhook.Payload, values, jsonvalue.InString))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.resolve(webhook.URL, values, asIs), payload)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", mediaJSON)
	request.Header.Set("User-Agent", "Datadog")
	for header, value := range headers {
		request.Header.Set(header, s.resolve(value, values, asIs))
	}
	return request, nil
}

var variableReference = regexp.MustCompile(`\$[A-Z0-9_]+`)

// resolve replaces variables by their values. An unknown name stays.
func (s *Server) resolve(text string, values map[string]string, escape func(string) string) string {
	return variableReference.ReplaceAllStringFunc(text, func(reference string) string {
		if custom, exists := s.variables.find(reference[1:]); exists {
			return escape(valueOr(custom.Value, ""))
		}
		if value, given := values[reference[1:]]; given {
			return escape(value)
		}
		return reference
	})
}

func asIs(value string) string { return value }
