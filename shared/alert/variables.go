package alert

import (
	"encoding/json"
	"slices"
	"time"
)

// variable is one of Datadog's variables.
type variable struct {
	name   string // Without the dollar sign.
	read   reader
	keys   []string          // Other keys that templates use for it, best first.
	object bool              // An object is a value, and not a container of other keys.
	when   func(string) bool // Accepts the variable's values; nil accepts all.
}

// variables are the documented variables
// (https://docs.datadoghq.com/integrations/webhooks/), with $DATE_POSIX and
// $LAST_UPDATED_POSIX of partners' templates among the keys. Keys are canonical, so one
// spelling stands for alert_id, alertId, ALERT-ID and "alert": {"id"}. To add a key
// name, add it here, to shared or to guesses.
var variables = []variable{
	{name: "ID", read: text(func(a *Alert) *string { return &a.ID }), keys: []string{"event_id", "alert_instance_id"}, when: isID},
	exact("AGGREG_KEY", text(func(a *Alert) *string { return &a.AggregKey }), "aggregation_key", "aggregate"),
	exact("ALERT_CYCLE_KEY", text(func(a *Alert) *string { return &a.CycleKey }), "cycle_key", "alert_cycle_id", "cycle_id"),

	exact("ALERT_ID", text(func(a *Alert) *string { return &a.MonitorID }), "monitor_id"),
	exact("ALERT_METRIC", text(func(a *Alert) *string { return &a.Metric }), "metric", "metric_name"),
	exact("ALERT_PRIORITY", readPriority, "monitor_priority"),
	exact("ALERT_QUERY", text(func(a *Alert) *string { return &a.Query }), "monitor_query", "query"),
	exact("ALERT_SCOPE", readScope, "alert_scopes", "monitor_scope", "scope", "scopes", "groups"),
	exact("ALERT_STATUS", text(func(a *Alert) *string { return &a.Status })),
	exact("ALERT_TITLE", text(func(a *Alert) *string { return &a.AlertTitle }), "alert_name", "monitor_title"),
	exact("ALERT_TRANSITION", readTransition, "transition", "event_transition", "monitor_transition"),
	exact("ALERT_TYPE", text(func(a *Alert) *string { return &a.Type })),

	exact("DATE", date(func(a *Alert) *time.Time { return &a.Date }), "date_posix", "event_date", "alert_date", "date_happened"),
	exact("LAST_UPDATED", date(func(a *Alert) *time.Time { return &a.LastUpdated }), "last_updated_posix"),

	exact("EVENT_TITLE", text(func(a *Alert) *string { return &a.Title }), "title", "event_name"),
	exact("EVENT_MSG", verbatim(func(a *Alert) *string { return &a.Message }), "event_message", "body", "message", "text",
		"msg", "event_body", "event_text", "alert_message", "alert_body", "alert_msg", "alert_text", "monitor_message"),
	exact("TEXT_ONLY_MSG", verbatim(func(a *Alert) *string { return &a.Text }), "text_only_message", "text_msg", "text_message", "text_only"),
	exact("EVENT_TYPE", text(func(a *Alert) *string { return &a.EventType })),
	exact("PRIORITY", text(func(a *Alert) *string { return &a.EventPriority }), "event_priority"),

	exact("HOSTNAME", text(func(a *Alert) *string { return &a.Hostname }), "host"),
	object("TAGS", readTags, "alert_tags", "event_tags", "monitor_tags"),
	exact("LINK", text(func(a *Alert) *string { return &a.Link }), "event_url", "url", "alert_url", "event_link", "alert_link"),
	exact("SNAPSHOT", text(func(a *Alert) *string { return &a.Snapshot }), "snapshot_url"),
	exact("METRIC_NAMESPACE", text(func(a *Alert) *string { return &a.MetricNamespace }), "alert_metric_namespace"),
	exact("ORG_ID", text(func(a *Alert) *string { return &a.OrgID }), "organization_id", "organisation_id"),
	exact("ORG_NAME", text(func(a *Alert) *string { return &a.OrgName }), "organization_name", "organisation_name"),
	exact("EMAIL", text(func(a *Alert) *string { return &a.Email }), "user_email"),
	exact("USER", text(func(a *Alert) *string { return &a.User })),
	exact("USERNAME", text(func(a *Alert) *string { return &a.Username })),
	object("LOGS_SAMPLE", structured(func(a *Alert) *json.RawMessage { return &a.LogsSample }), "logs", "log_sample", "sample_logs"),

	object("INCIDENT_ATTACHMENTS", structured(func(a *Alert) *json.RawMessage { return &a.Incident.Attachments })),
	object("INCIDENT_COMMANDER", structured(func(a *Alert) *json.RawMessage { return &a.Incident.Commander })),
	object("INCIDENT_CUSTOMER_IMPACT", structured(func(a *Alert) *json.RawMessage { return &a.Incident.CustomerImpact })),
	object("INCIDENT_FIELDS", structured(func(a *Alert) *json.RawMessage { return &a.Incident.Fields })),
	object("INCIDENT_INTEGRATIONS", structured(func(a *Alert) *json.RawMessage { return &a.Incident.Integrations })),
	exact("INCIDENT_MSG", verbatim(func(a *Alert) *string { return &a.Incident.Message }), "incident_message"),
	exact("INCIDENT_PUBLIC_ID", text(func(a *Alert) *string { return &a.Incident.PublicID }), "incident_pub_id"),
	exact("INCIDENT_SEVERITY", text(func(a *Alert) *string { return &a.Incident.Severity })),
	exact("INCIDENT_STATUS", text(func(a *Alert) *string { return &a.Incident.Status })),
	exact("INCIDENT_TITLE", text(func(a *Alert) *string { return &a.Incident.Title })),
	object("INCIDENT_TODOS", structured(func(a *Alert) *json.RawMessage { return &a.Incident.Todos })),
	exact("INCIDENT_URL", text(func(a *Alert) *string { return &a.Incident.URL })),
	exact("INCIDENT_UUID", text(func(a *Alert) *string { return &a.Incident.UUID })),

	exact("SECURITY_RULE_NAME", text(func(a *Alert) *string { return &a.Security.RuleName })),
	exact("SECURITY_RULE_ID", text(func(a *Alert) *string { return &a.Security.RuleID })),
	exact("SECURITY_RULE_TYPE", text(func(a *Alert) *string { return &a.Security.RuleType })),
	object("SECURITY_RULE_MATCHED_QUERIES", structured(func(a *Alert) *json.RawMessage { return &a.Security.RuleQueries }), "security_rule_query"),
	object("SECURITY_RULE_GROUP_BY_FIELDS", structured(func(a *Alert) *json.RawMessage { return &a.Security.RuleGroupByFields })),
	exact("SECURITY_SIGNAL_ID", text(func(a *Alert) *string { return &a.Security.SignalID })),
	exact("SECURITY_SIGNAL_SEVERITY", text(func(a *Alert) *string { return &a.Security.SignalSeverity })),
	exact("SECURITY_SIGNAL_TITLE", text(func(a *Alert) *string { return &a.Security.SignalTitle })),
	exact("SECURITY_SIGNAL_MSG", verbatim(func(a *Alert) *string { return &a.Security.SignalMessage }), "security_signal_message"),
	object("SECURITY_SIGNAL_ATTRIBUTES", structured(func(a *Alert) *json.RawMessage { return &a.Security.SignalAttributes })),

	exact("SYNTHETICS_TEST_NAME", text(func(a *Alert) *string { return &a.Synthetics.TestName })),
	exact("SYNTHETICS_FIRST_FAILING_STEP_NAME", text(func(a *Alert) *string { return &a.Synthetics.FirstFailingStepName })),
	object("SYNTHETICS_SUMMARY", structured(func(a *Alert) *json.RawMessage { return &a.Synthetics.Summary })),
}

func exact(name string, read reader, keys ...string) variable {
	return variable{name: name, read: read, keys: keys}
}

func object(name string, read reader, keys ...string) variable {
	return variable{name: name, read: read, keys: keys, object: true}
}

// shared are keys whose value decides which variable they hold: the first row that
// accepts it, before the table above.
var shared = []sharedKey{
	// Templates confuse $PRIORITY and $ALERT_PRIORITY, whose values differ.
	{[]string{"priority", "event_priority"}, "ALERT_PRIORITY", isPriority},
	{[]string{"alert_priority", "monitor_priority"}, "PRIORITY", isEventPriority},
}

// guesses are keys that may also mean something else. A guess fills a field only if no
// other key does, stays in Extra, and is never Unreadable.
var guesses = []sharedKey{
	{[]string{"severity", "urgency", "level"}, "ALERT_PRIORITY", isPriority},
	{[]string{"alert_uid"}, "ID", isEventID},
	{[]string{
		"status", "state", "alert_status", "alert_state", "event_status", "monitor_status", "monitor_state",
		"action", "event_action", "message_type",
	}, "ALERT_TRANSITION", isTransition},
	{[]string{"type", "severity", "level", "alert_level"}, "ALERT_TYPE", isAlertType},
	{[]string{"type"}, "EVENT_TYPE", isEventType},
	{[]string{"status"}, "ALERT_STATUS", nil},
	{[]string{"monitor"}, "ALERT_ID", isDigits},
	{[]string{"monitor_name", "monitor", "alert", "name"}, "ALERT_TITLE", nil},
	{[]string{"summary", "subject", "entity_display_name"}, "EVENT_TITLE", nil},
	{[]string{
		"description", "event_description", "alert_description", "detailed_description", "details", "content", "state_message",
	}, "EVENT_MSG", nil},
	{[]string{
		"timestamp", "event_time", "event_ts", "event_timestamp", "occurred_at", "triggered_at", "fired_at", "fire_time",
		"start_time", "starts_at", "time", "alert_time",
	}, "DATE", nil},
	{[]string{"updated_at"}, "LAST_UPDATED", nil},
	{[]string{"link_to_upstream_details"}, "LINK", nil},
	{[]string{"image_url", "image"}, "SNAPSHOT", nil},
	{[]string{"org", "organization", "organisation"}, "ORG_ID", isDigits},
	{[]string{"org", "organization", "organisation"}, "ORG_NAME", nil},
	{[]string{"public_id"}, "INCIDENT_PUBLIC_ID", nil},
}

type sharedKey struct {
	keys     []string
	variable string
	when     func(string) bool // Accepts the values of the row; nil accepts all.
}

// entities are containers that describe another object: an "id", "name" or "title"
// inside is not the alert's, unless container and key together name a variable, as
// org.id does.
var entities = keySet("account", "actor", "app", "application", "assignee", "author", "channel", "cluster", "commander",
	"creator", "customer", "dashboard", "device", "env", "environment", "group", "host", "incident", "integration", "log",
	"notification_target", "org", "organisation", "organization", "owner", "policy", "project", "receiver", "recipient",
	"region", "requester", "rule", "runbook", "schedule", "security", "sender", "service", "signal", "source", "synthetics",
	"target", "team", "tenant", "test", "user", "users")

// ambiguous are the keys that describe an entity itself.
var ambiguous = keySet("action", "aggregate", "body", "content", "date", "description", "details", "email", "groups", "host",
	"id", "level", "link", "logs", "message", "metric", "monitor", "msg", "name", "org", "organisation", "organization", "priority",
	"public_id", "query", "scope", "scopes", "severity", "start_time", "starts_at", "state", "status", "subject", "summary",
	"tags", "text", "time", "timestamp", "title", "type", "updated_at", "urgency", "url", "user")

// Variables returns the documented variables' names without the dollar sign.
func Variables() []string {
	names := make([]string, len(variables))
	for i, v := range variables {
		names[i] = v.name
	}
	return names
}

// Known reports whether a key certainly names a variable, in any spelling: "ALERT_ID",
// "alertId" and "org.id" do, "status" does not.
func Known(key string) bool {
	return slices.ContainsFunc(mappingsOf("", key), func(m keyMapping) bool { return !m.guess })
}
