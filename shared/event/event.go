// Package event makes a Datadog event from an alert and its findings, within Datadog's
// limits. It has no I/O and no clock.
package event

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Datadog's limits. Lengths are in characters (Unicode code points)
// (https://docs.datadoghq.com/api/latest/events/#post-an-event).
const (
	// MaxTitle was documented for years; today's page names no limit, and event lists
	// show about this much.
	MaxTitle = 100
	// MaxText includes the markdown wrapper.
	MaxText = 4000
	// MaxAggregationKey is Datadog's limit for aggregation_key.
	MaxAggregationKey = 100
	// MaxTag is Datadog's limit for one tag (https://docs.datadoghq.com/getting_started/tagging/).
	MaxTag = 200
	// MaxTags is how many tags an event may have. Datadog documents it for v2 only.
	MaxTags = 100
	// MaxHost is Datadog's limit for host, which it documents for v2 only.
	MaxHost = 255
	// MaxRequest bounds the JSON of a whole event, in bytes. It follows from the other
	// limits, and Datadog documents none.
	MaxRequest = 512 << 10
	// MaxAge is how old date_happened may be.
	MaxAge = 18 * time.Hour
	// MaxAhead is how far in the future date_happened may be.
	MaxAhead = 2 * time.Hour
)

// Tags that Boomerang adds to its events.
const (
	TagLate = "late:true"

	tagWebhook    = "webhook:"
	tagMonitor    = "monitor:"
	tagPlaybook   = "playbook:"
	tagTransition = "transition:"
	tagEnrichment = "enrichment:"
	tagKey        = "idempotency_key:"
)

// TagWebhook returns the tag of a stack's events: the name of its webhook, which is unique
// in an organisation.
func TagWebhook(name string) string { return tagWebhook + tagValue(name) }

// TagKey returns the tag that finds the event of an idempotency key. A digest stands for
// the key, which may be longer than a tag.
func TagKey(key string) string {
	sum := sha256.Sum256([]byte(key))
	return tagKey + hex.EncodeToString(sum[:8])
}

// Event is the request body of POST /api/v1/events.
type Event struct {
	Title          string   `json:"title"`
	Text           string   `json:"text"`
	DateHappened   int64    `json:"date_happened,omitempty"` // epoch seconds
	AggregationKey string   `json:"aggregation_key,omitempty"`
	RelatedEventID int64    `json:"related_event_id,omitempty"`
	AlertType      string   `json:"alert_type,omitempty"`
	Priority       string   `json:"priority,omitempty"` // normal or low
	Host           string   `json:"host,omitempty"`
	Tags           []string `json:"tags,omitempty"`
}

// Headline returns the title.
func (e Event) Headline() string { return e.Title }

// Request is the body of a request that posts an event: an Event for the v1 API, an
// AlertEvent for v2.
type Request interface{ Headline() string }

// Posted identifies an event that was posted.
type Posted struct {
	ID  string `json:"id"`
	URL string `json:"url"`
}
