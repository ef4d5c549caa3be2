package fakedatadog

import (
	"cmp"
	"encoding/json"
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
		base            = " /api/v1/integration/webhooks/configuration/"
		webhooks        = base + "webhooks"
		variables       = base + "custom-variables"
		one             = "/{id}"
		create          = "create_webhooks"
		manage          = "manage_integrations"
		read            = "integrations_read"
		missing         = "Webhook does not exist"
		missingVariable = "Custom variable does not exist"
	)
	return []route{
		{name: WebhookCreate, pattern: "POST" + webhooks, permission: create, handle: withBody(s.createWebhook)},
		{name: WebhookGet, pattern: "GET" + webhooks + one, permission: read, handle: s.webhooks.found(missing, getWebhook)},
		{name: WebhookUpdate, pattern: "PUT" + webhooks + one, permission: manage, handle: s.webhooks.found(missing, s.updateWebhook)},
		{name: WebhookDelete, pattern: "DELETE" + webhooks + one, permission: manage, handle: s.webhooks.deleted(missing)},
		{name: VariableCreate, pattern: "POST" + variables, permission: manage, handle: withBody(s.createVariable)},
		{name: VariableGet, pattern: "GET" + variables + one, permission: read, handle: s.variables.found(missingVariable, getVariable)},
		{name: VariableUpdate, pattern: "PUT" + variables + one, permission: manage, handle: s.variables.found(missingVariable, s.updateVariable)},
		{name: VariableDelete, pattern: "DELETE" + variables + one, permission: manage, handle: s.variables.deleted(missingVariable)},
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

func (w Webhook) isValid() bool {
	return webhookName.MatchString(w.Name) && w.URL != "" && (w.EncodeAs == "json" || w.EncodeAs == "form") &&
		json.Valid([]byte(w.Payload)) && json.Valid([]byte(valueOr(w.CustomHeaders, "{}")))
}

func (s *Server) createWebhook(_ *call, in Webhook) answer {
	if s.webhooks.index(in.Name) >= 0 {
		return badRequest("Webhook already exists")
	}
	return s.putWebhook(http.StatusCreated, in)
}

func (s *Server) putWebhook(status int, w Webhook) answer {
	if w = w.withDefaults(); !w.isValid() {
		return badRequest("Invalid webhook")
	}
	s.webhooks.put(w)
	return jsonAnswer(status, w)
}

func getWebhook(_ *call, found Webhook) answer { return success(found) }

// updateWebhook replaces what the request names.
func (s *Server) updateWebhook(c *call, found Webhook) answer {
	if !c.decode(&found) {
		return answer{}
	}
	return s.putWebhook(http.StatusOK, found)
}

// variableName is the documented rule for the names of custom variables.
var variableName = regexp.MustCompile(`^[A-Z0-9_]+$`)

// variable is a custom variable. The API shows no value of a secret one.
type variable struct {
	Name     string  `json:"name"`
	Value    *string `json:"value,omitempty"`
	IsSecret bool    `json:"is_secret"`
}

func (v variable) shown() variable {
	if v.IsSecret {
		v.Value = nil
	}
	return v
}

// Variables returns the names of the custom variables, sorted.
func (s *Server) Variables() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := []string{}
	for _, v := range s.variables.all {
		names = append(names, v.Name)
	}
	slices.Sort(names)
	return names
}

// Variable returns the value of a custom variable, also of a secret one; it is empty if
// there is no such variable.
func (s *Server) Variable(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, _ := s.variables.get(name)
	return valueOr(found.Value, "")
}

func (s *Server) createVariable(_ *call, in variable) answer {
	if s.variables.index(in.Name) >= 0 {
		return badRequest("Custom variable already exists")
	}
	if !variableName.MatchString(in.Name) || in.Value == nil {
		return badRequest("Invalid custom variable")
	}
	s.variables.put(in)
	return jsonAnswer(http.StatusCreated, in.shown())
}

func getVariable(_ *call, found variable) answer { return success(found.shown()) }

func (s *Server) updateVariable(c *call, found variable) answer {
	changed := found
	if !c.decode(&changed) {
		return answer{}
	}
	changed.Name = found.Name
	s.variables.put(changed)
	return success(changed.shown())
}
