package fakedatadog

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
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
