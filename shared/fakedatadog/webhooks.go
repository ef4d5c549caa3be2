package fakedatadog

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
)

// The routes of the webhooks integration
// (https://docs.datadoghq.com/api/latest/webhooks-integration/).
const (
	WebhookCreate  Route = "webhook.create"
	WebhookGet     Route = "webhook.get"
	WebhookUpdate  Route = "webhook.update"
	WebhookDelete  Route = "webhook.delete"
	VariableCreate Route = "variable.create"
	VariableGet    Route = "variable.get"
	VariableUpdate Route = "variable.update"
	VariableDelete Route = "variable.delete"
)

// The permissions are those of the published specification: to create a webhook and to
// change one take different ones.
func (s *Server) webhookRoutes() []route {
	const (
		base     = " /api/v1/integration/webhooks/configuration/"
		webhooks = base + "webhooks"
		webhook  = webhooks + "/{name}"
		vars     = base + "custom-variables"
		variable = vars + "/{name}"
		create   = "create_webhooks"
		manage   = "manage_integrations"
		read     = "integrations_read"
	)
	return []route{
		{name: WebhookCreate, pattern: "POST" + webhooks, permission: create, handle: withBody(s.createWebhook)},
		{name: WebhookGet, pattern: "GET" + webhook, permission: read, handle: s.withWebhook(s.getWebhook)},
		{name: WebhookUpdate, pattern: "PUT" + webhook, permission: manage, handle: s.withWebhook(s.updateWebhook)},
		{name: WebhookDelete, pattern: "DELETE" + webhook, permission: manage, handle: s.withWebhook(s.deleteWebhook)},
		{name: VariableCreate, pattern: "POST" + vars, permission: manage, handle: withBody(s.createVariable)},
		{name: VariableGet, pattern: "GET" + variable, permission: read, handle: s.withVariable(s.getVariable)},
		{name: VariableUpdate, pattern: "PUT" + variable, permission: manage, handle: s.withVariable(s.updateVariable)},
		{name: VariableDelete, pattern: "DELETE" + variable, permission: manage, handle: s.withVariable(s.deleteVariable)},
	}
}

// Webhook is a webhook. Its JSON names are Datadog's.
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
	s.webhooks[added.Name] = added.withDefaults()
}

// Webhooks returns the webhooks by name.
func (s *Server) Webhooks() map[string]Webhook {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.webhooks)
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

func (w Webhook) isValid() bool {
	return webhookName.MatchString(w.Name) && w.URL != "" && (w.EncodeAs == "json" || w.EncodeAs == "form") &&
		json.Valid([]byte(w.Payload)) && (w.CustomHeaders == nil || json.Valid([]byte(*w.CustomHeaders)))
}

// withWebhook looks up the webhook of the path.
func (s *Server) withWebhook(handle func(*call, Webhook) answer) func(*call) answer {
	return func(c *call) answer {
		found, exists := s.webhooks[c.PathValue("name")]
		if !exists {
			return failure(http.StatusNotFound, "Webhook does not exist")
		}
		return handle(c, found)
	}
}

func (s *Server) createWebhook(_ *call, in Webhook) answer {
	in = in.withDefaults()
	if _, exists := s.webhooks[in.Name]; exists {
		return failure(http.StatusBadRequest, "Webhook already exists")
	}
	if !in.isValid() {
		return failure(http.StatusBadRequest, "Invalid webhook")
	}
	s.webhooks[in.Name] = in
	return jsonAnswer(http.StatusCreated, in)
}

func (s *Server) getWebhook(_ *call, found Webhook) answer { return success(found) }

// updateWebhook replaces what the request names.
func (s *Server) updateWebhook(c *call, found Webhook) answer {
	changed := found
	if err := json.Unmarshal(c.body, &changed); err != nil {
		return failure(http.StatusBadRequest, decodeProblem(err))
	}
	if changed = changed.withDefaults(); !changed.isValid() {
		return failure(http.StatusBadRequest, "Invalid webhook")
	}
	delete(s.webhooks, found.Name)
	s.webhooks[changed.Name] = changed
	return success(changed)
}

func (s *Server) deleteWebhook(_ *call, found Webhook) answer {
	delete(s.webhooks, found.Name)
	return success(object{})
}

// variableName is the documented rule for the names of custom variables.
var variableName = regexp.MustCompile(`^[A-Z0-9_]+$`)

// variable is a custom variable. The API shows no value of a secret one.
type variable struct {
	Name     string  `json:"name"`
	Value    *string `json:"value,omitempty"`
	IsSecret *bool   `json:"is_secret"`
}

func (v variable) shown() variable {
	if *v.IsSecret {
		v.Value = nil
	}
	return v
}

// Variables returns the names of the custom variables, sorted.
func (s *Server) Variables() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.variables))
}

// Variable returns the value of a custom variable, also of a secret one; it is empty if
// there is no such variable.
func (s *Server) Variable(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return valueOr(s.variables[name].Value, "")
}

// withVariable looks up the custom variable of the path.
func (s *Server) withVariable(handle func(*call, variable) answer) func(*call) answer {
	return func(c *call) answer {
		found, exists := s.variables[c.PathValue("name")]
		if !exists {
			return failure(http.StatusNotFound, "Custom variable does not exist")
		}
		return handle(c, found)
	}
}

func (s *Server) createVariable(_ *call, in variable) answer {
	if _, exists := s.variables[in.Name]; exists {
		return failure(http.StatusBadRequest, "Custom variable already exists")
	}
	if !variableName.MatchString(in.Name) || in.Value == nil || in.IsSecret == nil {
		return failure(http.StatusBadRequest, "Invalid custom variable")
	}
	s.variables[in.Name] = in
	return jsonAnswer(http.StatusCreated, in.shown())
}

func (s *Server) getVariable(_ *call, found variable) answer { return success(found.shown()) }

func (s *Server) updateVariable(c *call, found variable) answer {
	changed := variable{Value: found.Value, IsSecret: found.IsSecret}
	if err := json.Unmarshal(c.body, &changed); err != nil {
		return failure(http.StatusBadRequest, decodeProblem(err))
	}
	found.Value, found.IsSecret = cmp.Or(changed.Value, found.Value), cmp.Or(changed.IsSecret, found.IsSecret)
	s.variables[found.Name] = found
	return success(found.shown())
}

func (s *Server) deleteVariable(_ *call, found variable) answer {
	delete(s.variables, found.Name)
	return success(object{})
}
