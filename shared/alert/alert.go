// Package alert defines a Datadog alert and decodes one from any webhook payload that
// names Datadog's variables
// (https://docs.datadoghq.com/integrations/webhooks/).
package alert

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"
)

// SourceTag is the tag of every event that Boomerang posts.
const SourceTag = "boomerang"

// Alert is one notification of a Datadog monitor. A field is zero when the payload
// lacks it, or has it empty, as "null", "None" or an unresolved "$NAME", and Datadog's own
// words do not say it either. Queue messages and the step lambda use its JSON form. The tag
// variable names Datadog's variable, and what its text is: "verbatim" keeps white space,
// "priority" is P1 to P5, "event_priority" and "type" are Datadog's own words, "number" may
// also be spelled 42.0 or 4.2e1, and "list" may also be a JSON list.
type Alert struct {
	ID        string `json:"id,omitempty" variable:"ID,number"` // The event's id: decimal, 64 bits.
	AggregKey string `json:"aggreg_key,omitempty" variable:"AGGREG_KEY"`
	CycleKey  string `json:"cycle_key,omitempty" variable:"ALERT_CYCLE_KEY,number"` // The same from trigger to recovery.

	MonitorID  string     `json:"monitor_id,omitempty" variable:"ALERT_ID,number"`
	Metric     string     `json:"metric,omitempty" variable:"ALERT_METRIC"`
	Priority   string     `json:"priority,omitempty" variable:"ALERT_PRIORITY,priority"` // P1 to P5.
	Query      string     `json:"query,omitempty" variable:"ALERT_QUERY"`
	Scope      string     `json:"scope,omitempty" variable:"ALERT_SCOPE,list"`
	Status     string     `json:"status,omitempty" variable:"ALERT_STATUS"` // A sentence and not a state.
	AlertTitle string     `json:"alert_title,omitempty" variable:"ALERT_TITLE"`
	Transition Transition `json:"transition,omitempty" variable:"ALERT_TRANSITION"`
	Type       string     `json:"type,omitempty" variable:"ALERT_TYPE,type"` // "error", "warning", "success" or "info".

	Date        time.Time `json:"date,omitzero" variable:"DATE"`
	LastUpdated time.Time `json:"last_updated,omitzero" variable:"LAST_UPDATED"`

	Title         string `json:"title,omitempty" variable:"EVENT_TITLE"`
	Message       string `json:"message,omitempty" variable:"EVENT_MSG,verbatim"` // Datadog's markdown.
	Text          string `json:"text,omitempty" variable:"TEXT_ONLY_MSG,verbatim"`
	EventType     string `json:"event_type,omitempty" variable:"EVENT_TYPE"`                  // An open list.
	EventPriority string `json:"event_priority,omitempty" variable:"PRIORITY,event_priority"` // "normal" or "low".

	Hostname        string `json:"hostname,omitempty" variable:"HOSTNAME"`
	Tags            Tags   `json:"tags,omitempty" variable:"TAGS"`
	Link            string `json:"link,omitempty" variable:"LINK"`
	Snapshot        string `json:"snapshot,omitempty" variable:"SNAPSHOT"`
	MetricNamespace string `json:"metric_namespace,omitempty" variable:"METRIC_NAMESPACE"`
	OrgID           string `json:"org_id,omitempty" variable:"ORG_ID,number"`
	OrgName         string `json:"org_name,omitempty" variable:"ORG_NAME"`
	Email           string `json:"email,omitempty" variable:"EMAIL"`
	User            string `json:"user,omitempty" variable:"USER"`
	Username        string `json:"username,omitempty" variable:"USERNAME"`

	LogsSample json.RawMessage `json:"logs_sample,omitempty" variable:"LOGS_SAMPLE"` // A JSON object, or a JSON string.
	Incident   Incident        `json:"incident,omitzero"`
	Security   Security        `json:"security,omitzero"`
	Synthetics Synthetics      `json:"synthetics,omitzero"`

	// Test is true for Datadog's test notifications, which have [TEST] in the title.
	Test bool `json:"test,omitempty"`
	// Extra holds the values of unknown and guessed keys, those inside an object under
	// the object's key.
	Extra Extra `json:"extra,omitempty"`
	// Unreadable names the keys whose values could not be read, such as "metadata.DATE".
	Unreadable []Problem `json:"unreadable,omitempty"`
	// Guessed names the fields that no key of the payload says for certain, and where
	// each comes from.
	Guessed []Guess `json:"guessed,omitempty"`
	// Digest is the SHA-256 of the canonical payload, if no event id is certain.
	Digest string `json:"digest,omitempty"`
}

// Scopes returns the tags of the alerting group. Without groups, Datadog sends an
// empty scope or "*".
func (a Alert) Scopes() Tags {
	if strings.TrimSpace(a.Scope) == "*" {
		return nil
	}
	return splitTags(a.Scope)
}

// Incident holds the $INCIDENT_* variables.
type Incident struct {
	Attachments    json.RawMessage `json:"attachments,omitempty" variable:"INCIDENT_ATTACHMENTS"`
	Commander      json.RawMessage `json:"commander,omitempty" variable:"INCIDENT_COMMANDER"`
	CustomerImpact json.RawMessage `json:"customer_impact,omitempty" variable:"INCIDENT_CUSTOMER_IMPACT"`
	Fields         json.RawMessage `json:"fields,omitempty" variable:"INCIDENT_FIELDS"`
	Integrations   json.RawMessage `json:"integrations,omitempty" variable:"INCIDENT_INTEGRATIONS"`
	Message        string          `json:"message,omitempty" variable:"INCIDENT_MSG,verbatim"`
	PublicID       string          `json:"public_id,omitempty" variable:"INCIDENT_PUBLIC_ID,number"`
	Severity       string          `json:"severity,omitempty" variable:"INCIDENT_SEVERITY"`
	Status         string          `json:"status,omitempty" variable:"INCIDENT_STATUS"`
	Title          string          `json:"title,omitempty" variable:"INCIDENT_TITLE"`
	Todos          json.RawMessage `json:"todos,omitempty" variable:"INCIDENT_TODOS"`
	URL            string          `json:"url,omitempty" variable:"INCIDENT_URL"`
	UUID           string          `json:"uuid,omitempty" variable:"INCIDENT_UUID"`
}

// Security holds the $SECURITY_* variables.
type Security struct {
	RuleName          string          `json:"rule_name,omitempty" variable:"SECURITY_RULE_NAME"`
	RuleID            string          `json:"rule_id,omitempty" variable:"SECURITY_RULE_ID"`
	RuleType          string          `json:"rule_type,omitempty" variable:"SECURITY_RULE_TYPE"`
	RuleQueries       json.RawMessage `json:"rule_queries,omitempty" variable:"SECURITY_RULE_MATCHED_QUERIES"` // Older $SECURITY_RULE_QUERY.
	RuleGroupByFields json.RawMessage `json:"rule_group_by_fields,omitempty" variable:"SECURITY_RULE_GROUP_BY_FIELDS"`
	SignalID          string          `json:"signal_id,omitempty" variable:"SECURITY_SIGNAL_ID"`
	SignalSeverity    string          `json:"signal_severity,omitempty" variable:"SECURITY_SIGNAL_SEVERITY"`
	SignalTitle       string          `json:"signal_title,omitempty" variable:"SECURITY_SIGNAL_TITLE"`
	SignalMessage     string          `json:"signal_message,omitempty" variable:"SECURITY_SIGNAL_MSG,verbatim"`
	SignalAttributes  json.RawMessage `json:"signal_attributes,omitempty" variable:"SECURITY_SIGNAL_ATTRIBUTES"`
}

// Synthetics holds the $SYNTHETICS_* variables.
type Synthetics struct {
	TestName             string          `json:"test_name,omitempty" variable:"SYNTHETICS_TEST_NAME"`
	FirstFailingStepName string          `json:"first_failing_step_name,omitempty" variable:"SYNTHETICS_FIRST_FAILING_STEP_NAME"`
	Summary              json.RawMessage `json:"summary,omitempty" variable:"SYNTHETICS_SUMMARY"`
}

// Guess says where a field's value was found. Both are words of ours, such as "state"
// and "title", so that a log may have them.
type Guess struct {
	Field  string `json:"field"`
	Source string `json:"source"`
}

// Problem says what is wrong with a key of the payload.
type Problem struct {
	Field  string `json:"field"`
	Reason string `json:"reason"`
}

// Transition is $ALERT_TRANSITION, in Datadog's spelling if it is documented.
type Transition string

// The documented transitions.
const (
	Triggered     Transition = "Triggered"
	ReTriggered   Transition = "Re-Triggered"
	Warn          Transition = "Warn"
	ReWarn        Transition = "Re-Warn"
	NoData        Transition = "No Data"
	ReNoData      Transition = "Re-No Data"
	Recovered     Transition = "Recovered"
	WarnRecovered Transition = "Warn Recovered"
	Renotify      Transition = "Renotify"
)

// Values returns the documented values of a field, by its JSON name, or nil for a field
// that can have any.
func Values(field string) []string { return values[field] }

var values = map[string][]string{
	"priority":       {"P1", "P2", "P3", "P4", "P5"},
	"event_priority": {"normal", "low"},
	"type":           {"error", "warning", "success", "info"},
	"transition": {
		string(Triggered), string(ReTriggered), string(Warn), string(ReWarn), string(NoData), string(ReNoData),
		string(Recovered), string(WarnRecovered), string(Renotify),
	},
}

var transitions = sync.OnceValue(func() map[string]Transition {
	byKey := map[string]Transition{"renotified": Renotify} // As titles say it.
	for _, t := range Values("transition") {
		byKey[canonical(t)] = Transition(t)
	}
	return byKey
})

// ParseTransition returns the documented spelling of text, and whether there is one.
// Case, spaces, hyphens and underscores do not matter.
func ParseTransition(text string) (Transition, bool) {
	if t, known := transitions()[canonical(text)]; known {
		return t, true
	}
	return Transition(text), false
}

// Begins reports whether the transition begins an alert cycle, and is no repetition.
func (t Transition) Begins() bool { return t == Triggered || t == Warn || t == NoData }

// Fires reports whether the transition says that something fails, for the first time or still.
func (t Transition) Fires() bool {
	return slices.Contains(Values("transition"), string(t)) && !t.IsRecovery()
}

// IsRecovery reports whether the transition ends an alert cycle. Datadog may add words
// to "Recovered".
func (t Transition) IsRecovery() bool {
	return strings.Contains(strings.ToLower(string(t)), "recovered")
}
