package alert

import (
	"encoding/json"
	"time"
)

// variable is one of Datadog's: its name without the dollar sign, how its value
// is read, and the other keys under which public templates carry it, best first.
type variable struct {
	name string
	read reader
	keys []string
	// object is true when an object is a value of the variable and not a
	// container of others.
	object bool
	// when says which values can be the variable's: a key with any other value
	// names something else. nil means any value.
	when func(string) bool
}

// variables is every variable that Datadog documents
// (https://docs.datadoghq.com/integrations/webhooks/), and two that only
// partners' templates use: $DATE_POSIX and $LAST_UPDATED_POSIX, in seconds.
// Keys are compared in canonical form, so one spelling stands for alert_id,
// alertId, ALERT-ID and "alert": {"id"}. See shared and guesses for the rest.
var variables = []variable{
	{name: "ID", read: text(func(a *Alert) *string { return &a.ID }), keys: []string{"event_id", "alert_instance_id"}, when: isID},
	is("AGGREG_KEY", text(func(a *Alert) *string { return &a.AggregKey }), "aggregation_key", "aggregate"),
	is("ALERT_CYCLE_KEY", text(func(a *Alert) *string { return &a.CycleKey }), "cycle_key", "alert_cycle_id", "cycle_id"),

	is("ALERT_ID", text(func(a *Alert) *string { return &a.MonitorID }), "monitor_id"),
	is("ALERT_METRIC", text(func(a *Alert) *string { return &a.Metric }), "metric", "metric_name"),
	is("ALERT_PRIORITY", readPriority, "monitor_priority"),
	is("ALERT_QUERY", text(func(a *Alert) *string { return &a.Query }), "monitor_query", "query"),
	is("ALERT_SCOPE", readScope, "alert_scopes", "monitor_scope", "scope", "scopes", "groups"),
	is("ALERT_STATUS", text(func(a *Alert) *string { return &a.Status })),
	is("ALERT_TITLE", text(func(a *Alert) *string { return &a.AlertTitle }), "alert_name", "monitor_title"),
	is("ALERT_TRANSITION", readTransition, "transition", "event_transition", "monitor_transition"),
	is("ALERT_TYPE", text(func(a *Alert) *string { return &a.Type })),

	is("DATE", date(func(a *Alert) *time.Time { return &a.Date }), "date_posix", "event_date", "alert_date", "date_happened"),
	is("LAST_UPDATED", date(func(a *Alert) *time.Time { return &a.LastUpdated }), "last_updated_posix"),

	is("EVENT_TITLE", text(func(a *Alert) *string { return &a.Title }), "title", "event_name"),
	is("EVENT_MSG", verbatim(func(a *Alert) *string { return &a.Message }), "event_message", "body", "message", "text",
		"msg", "event_body", "event_text", "alert_message", "alert_body", "alert_msg", "alert_text", "monitor_message"),
	is("TEXT_ONLY_MSG", verbatim(func(a *Alert) *string { return &a.Text }), "text_only_message", "text_msg", "text_message", "text_only"),
	is("EVENT_TYPE", text(func(a *Alert) *string { return &a.EventType })),
	is("PRIORITY", text(func(a *Alert) *string { return &a.EventPriority }), "event_priority"),

	is("HOSTNAME", text(func(a *Alert) *string { return &a.Hostname }), "host"),
	holds("TAGS", readTags, "alert_tags", "event_tags", "monitor_tags"),
	is("LINK", text(func(a *Alert) *string { return &a.Link }), "event_url", "url", "alert_url", "event_link", "alert_link"),
	is("SNAPSHOT", text(func(a *Alert) *string { return &a.Snapshot }), "snapshot_url"),
	is("METRIC_NAMESPACE", text(func(a *Alert) *string { return &a.MetricNamespace }), "alert_metric_namespace"),
	is("ORG_ID", text(func(a *Alert) *string { return &a.OrgID }), "organization_id", "organisation_id"),
	is("ORG_NAME", text(func(a *Alert) *string { return &a.OrgName }), "organization_name", "organisation_name"),
	is("EMAIL", text(func(a *Alert) *string { return &a.Email }), "user_email"),
	is("USER", text(func(a *Alert) *string { return &a.User })),
	is("USERNAME", text(func(a *Alert) *string { return &a.Username })),
	holds("LOGS_SAMPLE", structured(func(a *Alert) *json.RawMessage { return &a.LogsSample }), "logs", "log_sample", "sample_logs"),

	holds("INCIDENT_ATTACHMENTS", structured(func(a *Alert) *json.RawMessage { return &a.Incident.Attachments })),
	holds("INCIDENT_COMMANDER", structured(func(a *Alert) *json.RawMessage { return &a.Incident.Commander })),
	holds("INCIDENT_CUSTOMER_IMPACT", structured(func(a *Alert) *json.RawMessage { return &a.Incident.CustomerImpact })),
	holds("INCIDENT_FIELDS", structured(func(a *Alert) *json.RawMessage { return &a.Incident.Fields })),
	holds("INCIDENT_INTEGRATIONS", structured(func(a *Alert) *json.RawMessage { return &a.Incident.Integrations })),
	is("INCIDENT_MSG", verbatim(func(a *Alert) *string { return &a.Incident.Message }), "incident_message"),
	is("INCIDENT_PUBLIC_ID", text(func(a *Alert) *string { return &a.Incident.PublicID }), "incident_pub_id"),
	is("INCIDENT_SEVERITY", text(func(a *Alert) *string { return &a.Incident.Severity })),
	is("INCIDENT_STATUS", text(func(a *Alert) *string { return &a.Incident.Status })),
	is("INCIDENT_TITLE", text(func(a *Alert) *string { return &a.Incident.Title })),
	holds("INCIDENT_TODOS", structured(func(a *Alert) *json.RawMessage { return &a.Incident.Todos })),
	is("INCIDENT_URL", text(func(a *Alert) *string { return &a.Incident.URL })),
	is("INCIDENT_UUID", text(func(a *Alert) *string { return &a.Incident.UUID })),

	is("SECURITY_RULE_NAME", text(func(a *Alert) *string { return &a.Security.RuleName })),
	is("SECURITY_RULE_ID", text(func(a *Alert) *string { return &a.Security.RuleID })),
	is("SECURITY_RULE_TYPE", text(func(a *Alert) *string { return &a.Security.RuleType })),
	holds("SECURITY_RULE_MATCHED_QUERIES", structured(func(a *Alert) *json.RawMessage { return &a.Security.RuleQueries }), "security_rule_query"),
	holds("SECURITY_RULE_GROUP_BY_FIELDS", structured(func(a *Alert) *json.RawMessage { return &a.Security.RuleGroupByFields })),
	is("SECURITY_SIGNAL_ID", text(func(a *Alert) *string { return &a.Security.SignalID })),
	is("SECURITY_SIGNAL_SEVERITY", text(func(a *Alert) *string { return &a.Security.SignalSeverity })),
	is("SECURITY_SIGNAL_TITLE", text(func(a *Alert) *string { return &a.Security.SignalTitle })),
	is("SECURITY_SIGNAL_MSG", verbatim(func(a *Alert) *string { return &a.Security.SignalMessage }), "security_signal_message"),
	holds("SECURITY_SIGNAL_ATTRIBUTES", structured(func(a *Alert) *json.RawMessage { return &a.Security.SignalAttributes })),

	is("SYNTHETICS_TEST_NAME", text(func(a *Alert) *string { return &a.Synthetics.TestName })),
	is("SYNTHETICS_FIRST_FAILING_STEP_NAME", text(func(a *Alert) *string { return &a.Synthetics.FirstFailingStepName })),
	holds("SYNTHETICS_SUMMARY", structured(func(a *Alert) *json.RawMessage { return &a.Synthetics.Summary })),
}

func is(name string, read reader, keys ...string) variable {
	return variable{name: name, read: read, keys: keys}
}

func holds(name string, read reader, keys ...string) variable {
	return variable{name: name, read: read, keys: keys, object: true}
}

// shared are keys whose value decides which variable they carry. The first row
// that accepts the value wins, and they are asked before the table above.
var shared = []sharedKey{
	// $PRIORITY and $ALERT_PRIORITY are mixed up everywhere; their values are not alike.
	{[]string{"priority", "event_priority"}, "ALERT_PRIORITY", isPriority},
	{[]string{"alert_priority", "monitor_priority"}, "PRIORITY", isEventPriority},
}

// guesses are keys that public templates use for a variable and that may as well
// mean something else. A guess fills a field only when no other key at any depth
// does, is kept in Extra as well, and is never reported as unreadable.
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
	// when says which values the row is about; nil means any.
	when func(string) bool
}

// entities are containers that describe something with a life of its own: an
// "id", "name" or "title" inside is that thing's and not the alert's, unless
// container and key together name a variable, as org.id and user.name do.
var entities = keySet("account", "actor", "app", "application", "assignee", "author", "channel", "cluster", "commander",
	"creator", "customer", "dashboard", "device", "env", "environment", "group", "host", "incident", "integration", "log",
	"notification_target", "org", "organisation", "organization", "owner", "policy", "project", "receiver", "recipient",
	"region", "requester", "rule", "runbook", "schedule", "security", "sender", "service", "signal", "source", "synthetics",
	"target", "team", "tenant", "test", "user", "users")

// ambiguous are the keys that an entity uses for itself.
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

// Known reports whether a key certainly names a variable, in whatever spelling:
// "ALERT_ID", "alertId" and "org.id" do, "status" may and therefore does not.
func Known(key string) bool {
	for _, c := range claimsOf("", key) {
		if !c.guess {
			return true
		}
	}
	return false
}
