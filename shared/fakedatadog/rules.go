package fakedatadog

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// notificationRule is a rule (https://docs.datadoghq.com/api/latest/monitors/) with the
// attributes that were sent.
type notificationRule struct {
	id         string
	attributes object
}

// AddNotificationRule adds a notification rule with Datadog's attributes, as JSON, and
// returns its id.
func (s *Server) AddNotificationRule(attributes string) (id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := notificationRule{id: s.ruleID()}
	if err := json.Unmarshal([]byte(attributes), &r.attributes); err != nil {
		panic(err) // It is a test's.
	}
	s.rules.put(r)
	return r.id
}

func (s *Server) ruleID() string { return uuidOf(fmt.Sprint("notification rule ", s.rules.issue())) }

// NotificationRules returns the attributes of all notification rules.
func (s *Server) NotificationRules() []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return list(s.rules.all, func(r notificationRule) object { return maps.Clone(r.attributes) })
}

// changeRule checks the most important of the documented rules.
func (s *Server) changeRule(c *call, before notificationRule) notificationRule {
	var in struct {
		Data struct{ Attributes object }
	}
	c.decode(&in)
	attributes := in.Data.Attributes
	name, _ := attributes["name"].(string)
	filter, _ := attributes["filter"].(object)
	recipients, _ := attributes["recipients"].([]any)
	_, conditional := attributes["conditional_recipients"].(object)
	c.failIf(name == "", invalidValue, "name")
	c.failIf(len(filter) != 1 || filter["tags"] == nil && filter["scope"] == nil, invalidValue, "filter")
	c.failIf(conditional == (len(recipients) > 0), invalidValue, "recipients")
	c.failIf(slices.ContainsFunc(recipients, func(r any) bool { return strings.HasPrefix(fmt.Sprint(r), "@") }), "Invalid recipients: Recipient handle should not start with '@'")
	if c.problem != "" {
		return before
	}
	attributes["modified_at"] = timeOrNull(c.now)
	attributes["created_at"] = cmp.Or(before.attributes["created_at"], attributes["modified_at"])
	if before.id == "" {
		before.id = s.ruleID()
	}
	return notificationRule{before.id, attributes}
}

func (r notificationRule) whole() any {
	data := r.shown()
	data["relationships"] = object{"created_by": object{"data": author.reference()}}
	return object{"data": data, "included": []object{author.user()}}
}

func (s *Server) listRules(c *call) answer {
	size := c.integer("per_page", 100)
	return success(object{"data": list(window(s.rules.all, c.integer("page", 0)*size, size), notificationRule.shown)})
}

func (s *Server) deleteRule(_ *call, r notificationRule) answer {
	s.rules.remove(r)
	return answer{status: http.StatusNoContent, media: "text/html; charset=utf-8"}
}

func (r notificationRule) shown() object {
	return resource("monitor-notification-rule", r.id, maps.Clone(r.attributes))
}
