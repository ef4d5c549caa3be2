package fakedatadog

import (
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
)

// The routes of the webhooks integration.
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

// Webhook is a webhook in Datadog's shape
// (https://docs.datadoghq.com/api/latest/webhooks-integration/#get-a-webhook-integration).
type Webhook struct {
	Name          string  `json:"name"`
	URL           string  `json:"url"`
	Payload       string  `json:"payload"`
	CustomHeaders *string `json:"custom_headers"`
	EncodeAs      string  `json:"encode_as"` // "json" or "form".
}

// defaultPayload is what Datadog sends for a webhook without a payload of its own, as
// recorded.
const defaultPayload = `{"body": "$EVENT_MSG", "last_updated": "$LAST_UPDATED", "event_type": "$EVENT_TYPE", "title": "$EVENT_TITLE", ` +
	`"date": "$DATE", "org": {"id": "$ORG_ID", "name": "$ORG_NAME"}, "id": "$ID"}`

// webhooks are the organisation's webhooks and their custom variables, by name.
type webhooks struct {
	byName    map[string]Webhook
	variables map[string]variable
}

// variable is a custom variable; the value of a secret one is shown to nobody.
type variable struct {
	value    string
	isSecret bool
}

// The permissions are those of the published specification: whoever may create a
// webhook may not, for that alone, change one.
func (w *webhooks) routes() []route {
	const (
		base     = "/api/v1/integration/webhooks/configuration"
		all      = base + "/webhooks"
		one      = all + "/{name}"
		allVars  = base + "/custom-variables"
		variable = allVars + "/{name}"
		create   = "create_webhooks"
		manage   = "manage_integrations"
		read     = "integrations_read"
	)
	return []route{
		{name: WebhookCreate, method: http.MethodPost, path: all, needs: bothKeys, permission: create, handle: w.create},
		{name: WebhookGet, method: http.MethodGet, path: one, needs: bothKeys, permission: read, handle: w.one(w.show)},
		{name: WebhookUpdate, method: http.MethodPut, path: one, needs: bothKeys, permission: manage, handle: w.one(w.update)},
		{name: WebhookDelete, method: http.MethodDelete, path: one, needs: bothKeys, permission: manage, handle: w.one(w.remove)},
		{name: VariableCreate, method: http.MethodPost, path: allVars, needs: bothKeys, permission: manage, handle: w.createVariable},
		{name: VariableGet, method: http.MethodGet, path: variable, needs: bothKeys, permission: read, handle: w.oneVariable(w.showVariable)},
		{name: VariableUpdate, method: http.MethodPut, path: variable, needs: bothKeys, permission: manage, handle: w.oneVariable(w.updateVariable)},
		{name: VariableDelete, method: http.MethodDelete, path: variable, needs: bothKeys, permission: manage, handle: w.oneVariable(w.removeVariable)},
	}
}

// AddWebhook puts a webhook into Datadog, in the place of one of the same name.
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
	maps.Copy(all, s.webhooks.byName)
	return all
}

func (w *webhooks) put(one Webhook) {
	if w.byName == nil {
		w.byName = map[string]Webhook{}
	}
	w.byName[one.Name] = one
}

func (w Webhook) withDefaults() Webhook {
	if w.Payload == "" {
		w.Payload = defaultPayload
	}
	if w.EncodeAs == "" {
		w.EncodeAs = "json"
	}
	return w
}

// webhookName is stricter than any documented rule: a name with a space is recorded
// to be refused in these words, and a handle could not name it.
var webhookName = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)

func (w Webhook) isValid() bool {
	return webhookName.MatchString(w.Name) && w.URL != "" && (w.EncodeAs == "json" || w.EncodeAs == "form") &&
		json.Valid([]byte(w.Payload)) && (w.CustomHeaders == nil || json.Valid([]byte(*w.CustomHeaders)))
}

// one finds the webhook that a path names.
func (w *webhooks) one(handle func(Webhook, call) answer) func(call) answer {
	return func(c call) answer {
		found, exists := w.byName[c.params["name"]]
		if !exists {
			return failure(http.StatusNotFound, "Webhook does not exist")
		}
		return handle(found, c)
	}
}

func (w *webhooks) create(c call) answer {
	var in Webhook
	if err := json.Unmarshal(c.body, &in); err != nil {
		return failure(http.StatusBadRequest, unreadable(err))
	}
	in = in.withDefaults()
	if _, exists := w.byName[in.Name]; exists {
		return failure(http.StatusBadRequest, "Webhook already exists")
	}
	if !in.isValid() {
		return failure(http.StatusBadRequest, "Invalid webhook")
	}
	w.put(in)
	return jsonAnswer(http.StatusCreated, in)
}

func (w *webhooks) show(found Webhook, _ call) answer { return success(found) }

// update replaces what the request names.
func (w *webhooks) update(found Webhook, c call) answer {
	changed := found
	if err := json.Unmarshal(c.body, &changed); err != nil {
		return failure(http.StatusBadRequest, unreadable(err))
	}
	changed = changed.withDefaults()
	if !changed.isValid() {
		return failure(http.StatusBadRequest, "Invalid webhook")
	}
	delete(w.byName, found.Name)
	w.put(changed)
	return success(changed)
}

func (w *webhooks) remove(found Webhook, _ call) answer {
	delete(w.byName, found.Name)
	return success(struct{}{})
}

// variableName is the documented rule for the names of custom variables.
var variableName = regexp.MustCompile(`^[A-Z0-9_]+$`)

// variableForm is a custom variable in Datadog's shape; a pointer tells what a
// request left out, and what an answer keeps to itself.
type variableForm struct {
	Name     string  `json:"name"`
	Value    *string `json:"value,omitempty"`
	IsSecret *bool   `json:"is_secret"`
}

func (v variable) as(name string) variableForm {
	form := variableForm{Name: name, IsSecret: &v.isSecret}
	if !v.isSecret {
		form.Value = &v.value
	}
	return form
}

func (w *webhooks) oneVariable(handle func(name string, found variable, c call) answer) func(call) answer {
	return func(c call) answer {
		name := c.params["name"]
		found, exists := w.variables[name]
		if !exists {
			return failure(http.StatusNotFound, "Custom variable does not exist")
		}
		return handle(name, found, c)
	}
}

func (w *webhooks) createVariable(c call) answer {
	var in variableForm
	if err := json.Unmarshal(c.body, &in); err != nil {
		return failure(http.StatusBadRequest, unreadable(err))
	}
	if _, exists := w.variables[in.Name]; exists {
		return failure(http.StatusBadRequest, "Custom variable already exists")
	}
	if !variableName.MatchString(in.Name) || in.Value == nil || in.IsSecret == nil {
		return failure(http.StatusBadRequest, "Invalid custom variable")
	}
	if w.variables == nil {
		w.variables = map[string]variable{}
	}
	w.variables[in.Name] = variable{value: *in.Value, isSecret: *in.IsSecret}
	return jsonAnswer(http.StatusCreated, w.variables[in.Name].as(in.Name))
}

func (w *webhooks) showVariable(name string, found variable, _ call) answer {
	return success(found.as(name))
}

func (w *webhooks) updateVariable(name string, found variable, c call) answer {
	var in variableForm
	if err := json.Unmarshal(c.body, &in); err != nil {
		return failure(http.StatusBadRequest, unreadable(err))
	}
	if in.Value != nil {
		found.value = *in.Value
	}
	if in.IsSecret != nil {
		found.isSecret = *in.IsSecret
	}
	w.variables[name] = found
	return success(found.as(name))
}

func (w *webhooks) removeVariable(name string, _ variable, _ call) answer {
	delete(w.variables, name)
	return success(struct{}{})
}

// Variables returns the names of the custom variables, sorted.
func (s *Server) Variables() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.webhooks.variables))
}

// Variable returns the value of a custom variable, which the API shows of a secret one
// to nobody; it is empty where there is no such variable.
func (s *Server) Variable(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.webhooks.variables[name].value
}
