package datadog

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// NotificationRule notifies recipients of each alert that matches its filter, beside those
// that the monitor's message mentions
// (https://docs.datadoghq.com/api/latest/monitors/#create-a-monitor-notification-rule).
type NotificationRule struct {
	ID     string     `json:"-"` // A UUID.
	Name   string     `json:"name"`
	Filter RuleFilter `json:"filter"`
	// Recipients are written as in a message, without the "@": "webhook-boomerang". A rule has
	// either these or conditions.
	Recipients  []string               `json:"recipients,omitempty"`
	Conditional *ConditionalRecipients `json:"conditional_recipients,omitempty"`
	Bundle      map[string]any         `json:"bundle_config,omitempty"` // A preview: how alerts are bundled.

	Created, Modified time.Time `json:"-"` // Modified may be before Created: never.
}

// RuleFilter has either tags, all of which must match, or a scope.
type RuleFilter struct {
	Tags  []string `json:"tags,omitempty"`
	Scope string   `json:"scope,omitempty"`
}

// ConditionalRecipients are those of all conditions that match, or the fallback if none does.
type ConditionalRecipients struct {
	Conditions []RuleCondition `json:"conditions"`
	Fallback   []string        `json:"fallback_recipients,omitempty"`
}

// RuleCondition has one tag, or transition_type or priority in the form of one.
type RuleCondition struct {
	Scope      string   `json:"scope"`
	Recipients []string `json:"recipients"`
}

const rulesPath = "/api/v2/monitor/notification_rule"

func (r NotificationRule) object() object {
	data := map[string]any{"type": "monitor-notification-rule", "attributes": r}
	if r.ID != "" {
		data["id"] = r.ID
	}
	return object{
		title: fmt.Sprintf("the notification rule %q", r.Name), collection: rulesPath, id: r.ID, body: map[string]any{"data": data},
		permission: "monitor_config_policy_write", update: http.MethodPatch,
	}
}

// NotificationRules returns all notification rules.
// https://docs.datadoghq.com/api/latest/monitors/#get-all-monitor-notification-rules
func (c *Client) NotificationRules(ctx context.Context) ([]NotificationRule, error) {
	page := func(n int) url.Values { return values("page", strconv.Itoa(n), "per_page", strconv.Itoa(pageSize)) }
	return readPages(ctx, c, get("list the notification rules", monitorsRead, rulesPath, nil), page, "data", notificationRule)
}

type ruleFields struct {
	NotificationRule
	CreatedAt  string `json:"created_at"`
	ModifiedAt string `json:"modified_at"`
}

func notificationRule(r resource[ruleFields]) NotificationRule {
	rule := r.Attributes.NotificationRule
	rule.ID, rule.Created, rule.Modified = r.ID, parseTime(r.Attributes.CreatedAt), parseTime(r.Attributes.ModifiedAt)
	return rule
}
