package fakedatadog

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// The routes of the notification rules (https://docs.datadoghq.com/api/latest/monitors/).
const (
	RuleCreate Route = "notification_rule.create"
	RuleList   Route = "notification_rule.list"
	RuleUpdate Route = "notification_rule.update"
	RuleDelete Route = "notification_rule.delete"
)

func (s *Server) ruleRoutes() []route {
	const all, one, read, write, missing = " /api/v2/monitor/notification_rule", " /api/v2/monitor/notification_rule/{id}", "monitors_read", "monitor_config_policy_write", "Monitor Notification Rule not found"
	return []route{
		{name: RuleCreate, pattern: "POST" + all, permission: write, handle: s.createRule},
		{name: RuleList, pattern: "GET" + all, permission: read, handle: s.listRules},
		{name: RuleUpdate, pattern: "PATCH" + one, permission: write, handle: s.rules.found(missing, s.putRule)},
		{name: RuleDelete, pattern: "DELETE" + one, permission: write, handle: s.rules.found(missing, s.deleteRule)},
	}
}

// notificationRule is a rule with the attributes that were sent.
type notificationRule struct {
	id         string
	attributes object
}

// AddNotificationRule adds a notification rule with Datadog's attributes, as JSON, and
// returns its id.
func (s *Server) AddNotificationRule(attributes string) (id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var r notificationRule
	if err := json.Unmarshal([]byte(attributes), &r.attributes); err != nil {
		panic(err) // It is a test's.
	}
	return s.addRule(r).id
}

// NotificationRules returns the attributes of all notification rules.
func (s *Server) NotificationRules() []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []map[string]any
	for _, r := range s.rules.all {
		all = append(all, maps.Clone(r.attributes))
	}
	return all
}

// addRule gives the rule an id if it has none.
func (s *Server) addRule(r notificationRule) notificationRule {
	if r.id == "" {
		s.issuedRules++
		r.id = uuidOf(fmt.Sprint("notification rule ", s.issuedRules))
	}
	s.rules.put(r)
	return r
}

func (s *Server) createRule(c *call) answer { return s.putRule(c, notificationRule{}) }

// putRule checks the most important of the documented rules.
func (s *Server) putRule(c *call, r notificationRule) answer {
	var in struct {
		Data struct{ Attributes object }
	}
	if !c.decode(&in) {
		return answer{}
	}
	created := r.attributes["created_at"]
	r.attributes = in.Data.Attributes
	name, _ := r.attributes["name"].(string)
	filter, _ := r.attributes["filter"].(object)
	recipients, _ := r.attributes["recipients"].([]any)
	_, conditional := r.attributes["conditional_recipients"].(object)
	switch {
	case name == "":
		return badRequest(invalidValue, "name")
	case len(filter) != 1 || filter["tags"] == nil && filter["scope"] == nil:
		return badRequest(invalidValue, "filter")
	case conditional == (len(recipients) > 0):
		return badRequest(invalidValue, "recipients")
	case slices.ContainsFunc(recipients, func(r any) bool { return strings.HasPrefix(fmt.Sprint(r), "@") }):
		return badRequest("Invalid recipients: Recipient handle should not start with '@'")
	}
	r.attributes["modified_at"] = timeOrNull(c.now)
	if r.attributes["created_at"] = created; created == nil {
		r.attributes["created_at"] = timeOrNull(c.now)
	}
	data := s.addRule(r).shown()
	data["relationships"] = object{"created_by": object{"data": author.reference()}}
	return success(object{"data": data, "included": []object{author.user()}})
}

func (s *Server) listRules(c *call) answer {
	data, size := []object{}, c.integer("per_page", 100)
	for _, r := range window(s.rules.all, c.integer("page", 0)*size, size) {
		data = append(data, r.shown())
	}
	return success(object{"data": data})
}

func (s *Server) deleteRule(_ *call, r notificationRule) answer {
	s.rules.remove(r.id)
	return answer{status: http.StatusNoContent, media: "text/html; charset=utf-8"}
}

func (r notificationRule) shown() object {
	return object{"type": "monitor-notification-rule", "id": r.id, "attributes": maps.Clone(r.attributes)}
}
