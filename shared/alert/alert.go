// Package alert says what a Datadog alert is, and decodes one from any webhook
// payload that names Datadog's variables.
//
// The variables are those of https://docs.datadoghq.com/integrations/webhooks/.
package alert

import (
	"encoding/json"
	"strings"
	"time"
)

// OwnTag is the bare tag that every event of ours carries. An alert that comes
// in with it is one of our own events that came back.
const OwnTag = "boomerang"

// Alert is one notification of a Datadog monitor. A field that the payload did
// not carry, or carried empty, "null", "None" or as an unresolved "$NAME", is zero.
// Its JSON form is what queue messages hold and the step lambda tells; playbooks
// have names of their own for some fields.
type Alert struct {
	ID        string `json:"id,omitempty"`         // $ID, the event's id: decimal, 64 bits
	AggregKey string `json:"aggreg_key,omitempty"` // $AGGREG_KEY
	CycleKey  string `json:"cycle_key,omitempty"`  // $ALERT_CYCLE_KEY, the same from trigger to recovery

	MonitorID  string     `json:"monitor_id,omitempty"`  // $ALERT_ID
	Metric     string     `json:"metric,omitempty"`      // $ALERT_METRIC
	Priority   string     `json:"priority,omitempty"`    // $ALERT_PRIORITY, P1 to P5
	Query      string     `json:"query,omitempty"`       // $ALERT_QUERY
	Scope      string     `json:"scope,omitempty"`       // $ALERT_SCOPE
	Status     string     `json:"status,omitempty"`      // $ALERT_STATUS, a sentence and not a state
	AlertTitle string     `json:"alert_title,omitempty"` // $ALERT_TITLE
	Transition Transition `json:"transition,omitempty"`  // $ALERT_TRANSITION
	Type       string     `json:"type,omitempty"`        // $ALERT_TYPE: error, warning, success, info

	Date        time.Time `json:"date,omitzero"`         // $DATE
	LastUpdated time.Time `json:"last_updated,omitzero"` // $LAST_UPDATED

	Title         string `json:"title,omitempty"`          // $EVENT_TITLE
	Message       string `json:"message,omitempty"`        // $EVENT_MSG, Datadog's markdown
	Text          string `json:"text,omitempty"`           // $TEXT_ONLY_MSG
	EventType     string `json:"event_type,omitempty"`     // $EVENT_TYPE, an open list
	EventPriority string `json:"event_priority,omitempty"` // $PRIORITY: normal or low

	Hostname        string `json:"hostname,omitempty"`         // $HOSTNAME
	Tags            Tags   `json:"tags,omitempty"`             // $TAGS
	Link            string `json:"link,omitempty"`             // $LINK
	Snapshot        string `json:"snapshot,omitempty"`         // $SNAPSHOT
	MetricNamespace string `json:"metric_namespace,omitempty"` // $METRIC_NAMESPACE
	OrgID           string `json:"org_id,omitempty"`           // $ORG_ID
	OrgName         string `json:"org_name,omitempty"`         // $ORG_NAME
	Email           string `json:"email,omitempty"`            // $EMAIL
	User            string `json:"user,omitempty"`             // $USER
	Username        string `json:"username,omitempty"`         // $USERNAME

	LogsSample json.RawMessage `json:"logs_sample,omitempty"` // $LOGS_SAMPLE: a JSON object, or a JSON string of whatever came
	Incident   Incident        `json:"incident,omitzero"`
	Security   Security        `json:"security,omitzero"`
	Synthetics Synthetics      `json:"synthetics,omitzero"`

	// Test is true for Datadog's "Test Notifications", which puts [TEST] in the title.
	Test bool `json:"test,omitempty"`
	// Extra holds the payload's keys that name no variable, those that were
	// only guessed to name one, and the unknown keys inside containers under the
	// container's name. Absent values are left out.
	Extra Extra `json:"extra,omitempty"`
	// Unreadable names the fields whose value could not be used, with the reason.
	// They cost their field, never the alert. Field is the key as it came, with
	// its container before it: "metadata.DATE".
	Unreadable []Problem `json:"unreadable,omitempty"`
	// Digest is the SHA-256 of the payload in canonical form, in hex. It stands in
	// for an id that the payload does not have, and is empty where there is one.
	Digest string `json:"digest,omitempty"`
}

// Key names the notification for the ledger: the organisation and the event's
// id, or the payload's digest when no id came. A delivery that Datadog repeats
// has the same key; the trigger and the recovery of one cycle have not.
func (a Alert) Key() string {
	if a.ID == "" {
		return a.OrgID + ":sha256:" + a.Digest
	}
	return a.OrgID + ":" + a.ID
}

// Own reports whether the alert is about an event that we posted ourselves.
func (a Alert) Own() bool { return a.Tags.Has(OwnTag) }

// Scopes returns the tags of the group that alerts. It is empty for a monitor
// without groups, whose scope Datadog leaves empty or writes as "*".
func (a Alert) Scopes() Tags {
	if strings.TrimSpace(a.Scope) == "*" {
		return nil
	}
	return splitTags(a.Scope)
}

// Incident holds the $INCIDENT_* variables; the JSON ones as they came.
type Incident struct {
	Attachments    json.RawMessage `json:"attachments,omitempty"`
	Commander      json.RawMessage `json:"commander,omitempty"`
	CustomerImpact json.RawMessage `json:"customer_impact,omitempty"`
	Fields         json.RawMessage `json:"fields,omitempty"`
	Integrations   json.RawMessage `json:"integrations,omitempty"`
	Message        string          `json:"message,omitempty"`
	PublicID       string          `json:"public_id,omitempty"`
	Severity       string          `json:"severity,omitempty"`
	Status         string          `json:"status,omitempty"`
	Title          string          `json:"title,omitempty"`
	Todos          json.RawMessage `json:"todos,omitempty"`
	URL            string          `json:"url,omitempty"`
	UUID           string          `json:"uuid,omitempty"`
}

// Security holds the $SECURITY_* variables; the JSON ones as they came.
type Security struct {
	RuleName          string          `json:"rule_name,omitempty"`
	RuleID            string          `json:"rule_id,omitempty"`
	RuleType          string          `json:"rule_type,omitempty"`
	RuleQueries       json.RawMessage `json:"rule_queries,omitempty"` // $SECURITY_RULE_MATCHED_QUERIES, older $SECURITY_RULE_QUERY
	RuleGroupByFields json.RawMessage `json:"rule_group_by_fields,omitempty"`
	SignalID          string          `json:"signal_id,omitempty"`
	SignalSeverity    string          `json:"signal_severity,omitempty"`
	SignalTitle       string          `json:"signal_title,omitempty"`
	SignalMessage     string          `json:"signal_message,omitempty"`
	SignalAttributes  json.RawMessage `json:"signal_attributes,omitempty"`
}

// Synthetics holds the $SYNTHETICS_* variables.
type Synthetics struct {
	TestName             string          `json:"test_name,omitempty"`
	FirstFailingStepName string          `json:"first_failing_step_name,omitempty"`
	Summary              json.RawMessage `json:"summary,omitempty"`
}

// Problem names a field of the payload and what is wrong with it.
type Problem struct {
	Field  string `json:"field"`
	Reason string `json:"reason"`
}
