// Package event makes a Datadog event from an alert and its findings, within Datadog's
// limits. It has no I/O and no clock.
package event

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
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
	// MaxHost is Datadog's limit for host, which it documents for v2 only. It bounds the
	// source and the device's name too, for which Datadog documents none.
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
// in an organization.
func TagWebhook(name string) string { return tagWebhook + tagValue(name) }

// TagKey returns the tag that finds the event of an idempotency key. A digest stands for
// the key, which may be longer than a tag.
func TagKey(key string) string { return tagKey + digest(key, 8) }

// digest returns the first n bytes of a text's SHA-256, in hex.
func digest(text string, n int) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:n])
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
	DeviceName     string   `json:"device_name,omitempty"`
	SourceTypeName string   `json:"source_type_name,omitempty"`
	Tags           []string `json:"tags,omitempty"`
}

// Headline returns the title.
func (e Event) Headline() string { return e.Title }

func (e Event) content() (text string, tags []string) { return e.Text, e.Tags }

// Request is the body of a request that posts an event: an Event for the v1 API, an
// AlertEvent for v2.
type Request interface {
	Headline() string
	content() (text string, tags []string)
}

// Omissions says what a composed event's text lacks for Datadog's limit, which is nothing
// for most events.
func Omissions(r Request) string {
	if r == nil {
		return ""
	}
	text, _ := r.content()
	at := strings.LastIndex(text, noteStart)
	if at < 0 || strings.Contains(text[at:], between) {
		return ""
	}
	omitted, ends := strings.CutSuffix(text[at+len(noteStart):], noteEnd+markdownClose)
	if !ends {
		return ""
	}
	return omitted
}

// Text returns the markdown of an event's text without its wrapper.
func Text(r Request) string {
	text, _ := r.content()
	return WithoutWrapper(text)
}

// Enrichment returns the value of a composed event's enrichment tag.
func Enrichment(r Request) string {
	if r == nil {
		return ""
	}
	_, tags := r.content()
	for _, tag := range slices.Backward(tags) { // Ours come after the alert's.
		if value, ok := strings.CutPrefix(tag, tagEnrichment); ok {
			return value
		}
	}
	return ""
}

// Posted identifies an event that was posted.
type Posted struct {
	ID  string `json:"id"`
	URL string `json:"url"`
}
