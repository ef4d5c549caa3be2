// Package alert defines a Datadog alert and decodes one from any webhook payload that
// names Datadog's variables
// (https://docs.datadoghq.com/integrations/webhooks/).
package alert

import (
	"encoding/json"
	"strings"
	"sync"
	"time"
)

// SourceTag is the tag of every event that Boomerang posts.
const SourceTag = "boomerang"

// Alert is one notification of a Datadog monitor. A field is zero when the payload
// lacks it, or has it empty, as "null", "None" or an unresolved "$NAME". Queue
// messages and the step lambda use its JSON form.
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

	LogsSample json.RawMessage `json:"logs_sample,omitempty"` // $LOGS_SAMPLE: a JSON object, or a JSON string
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
	// Digest is the SHA-256 of the canonical payload, if the payload has no id.
	Digest string `json:"digest,omitempty"`
}

// Key is the idempotency key: the organisation with the event's id, or with the
// payload's digest. A delivery that Datadog repeats has the same key.
func (a Alert) Key() string {
	if a.ID == "" {
		return a.OrgID + ":sha256:" + a.Digest
	}
	return a.OrgID + ":" + a.ID
}

// IsFromBoomerang reports whether the alert is about an event of Boomerang.
func (a Alert) IsFromBoomerang() bool { return a.Tags.Has(SourceTag) }

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

// Security holds the $SECURITY_* variables.
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

var transitions = sync.OnceValue(func() map[string]Transition {
	byKey := make(map[string]Transition)
	for _, t := range []Transition{Triggered, ReTriggered, Warn, ReWarn, NoData, ReNoData, Recovered, WarnRecovered, Renotify} {
		byKey[string(canonical(nil, string(t)))] = t
	}
	return byKey
})

// ParseTransition returns the documented spelling of text, and whether there is one.
// Case, spaces, hyphens and underscores do not matter.
func ParseTransition(text string) (Transition, bool) {
	const longest = 32
	if len(text) > longest {
		return Transition(text), false
	}
	var buf [longest]byte
	if t, known := transitions()[string(canonical(buf[:0], text))]; known {
		return t, true
	}
	return Transition(text), false
}

// IsRecovery reports whether the transition ends an alert cycle. Datadog may add words
// to "Recovered".
func (t Transition) IsRecovery() bool {
	return strings.Contains(strings.ToLower(string(t)), "recovered")
}
