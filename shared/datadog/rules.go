package datadog

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"boomerang/shared/fault"
)

// NotificationRule notifies recipients of each alert that matches its filter, beside those
// that the monitor's message mentions.
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

const (
	rulesPath  = "/api/v2/monitor/notification_rule"
	rulesWrite = "monitor_config_policy_write"
	rulesPage  = 100 // Datadog's default.
	// maxRules is far above Datadog's limit for an organisation, 1,000 by default.
	maxRules = 10_000
)

// NotificationRules returns all notification rules.
// https://docs.datadoghq.com/api/latest/monitors/#get-all-monitor-notification-rules
func (c *Client) NotificationRules(ctx context.Context) ([]NotificationRule, error) {
	list := get("list the notification rules", monitorsRead, rulesPath, nil)
	var all []NotificationRule
	for page := range maxRules / rulesPage {
		list.query = values("page", strconv.Itoa(page), "per_page", strconv.Itoa(rulesPage))
		rules, err := readEach(ctx, c, list, "data", notificationRule)
		all = append(all, rules...)
		if err != nil || len(rules) < rulesPage {
			return all, err
		}
	}
	return nil, fault.New(fault.Permanent, fmt.Sprintf("Datadog has more than %d notification rules, too many to read", maxRules), &Error{Op: list.op})
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

// CreateNotificationRule creates a notification rule.
// https://docs.datadoghq.com/api/latest/monitors/#create-a-monitor-notification-rule
func (c *Client) CreateNotificationRule(ctx context.Context, r NotificationRule) error {
	return c.change(ctx, http.MethodPost, rulesPath, r.op("create"), rulesWrite, r.body())
}

// UpdateNotificationRule replaces a notification rule.
// https://docs.datadoghq.com/api/latest/monitors/#update-a-monitor-notification-rule
func (c *Client) UpdateNotificationRule(ctx context.Context, r NotificationRule) error {
	return c.change(ctx, http.MethodPatch, r.path(), r.op("update"), rulesWrite, r.body())
}

// DeleteNotificationRule deletes a notification rule.
// https://docs.datadoghq.com/api/latest/monitors/#delete-a-monitor-notification-rule
func (c *Client) DeleteNotificationRule(ctx context.Context, r NotificationRule) error {
	return c.change(ctx, http.MethodDelete, r.path(), r.op("delete"), rulesWrite, nil)
}

func (r NotificationRule) path() string { return rulesPath + "/" + url.PathEscape(r.ID) }

func (r NotificationRule) op(verb string) string {
	return fmt.Sprintf("%s the notification rule %q", verb, r.Name)
}

func (r NotificationRule) body() any {
	data := map[string]any{"type": "monitor-notification-rule", "attributes": r}
	if r.ID != "" {
		data["id"] = r.ID
	}
	return map[string]any{"data": data}
}
