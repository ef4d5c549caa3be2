// Package event turns an alert and what was found about it into a Datadog
// event, within Datadog's limits. It is pure: no I/O, no clock.
package event

import "time"

// What Datadog accepts, and what people can read. Lengths are counted in
// characters (Unicode code points), as Datadog counts them.
// https://docs.datadoghq.com/api/latest/events/#post-an-event
const (
	// MaxTitle is the length to which Datadog's own documentation limited titles
	// for years; today's page names none, and event lists show about this much.
	MaxTitle = 100
	// MaxText includes the markdown wrapper.
	MaxText = 4000
	// MaxAggregationKey is Datadog's limit for aggregation_key.
	MaxAggregationKey = 100
	// MaxTag is Datadog's limit for one tag (https://docs.datadoghq.com/getting_started/tagging/).
	MaxTag = 200
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
)

// TagWebhook returns the tag that tells the events of one stack from those of
// another: the name of its webhook, which no two of an organisation share.
func TagWebhook(name string) string { return tagWebhook + tagValue(name) }

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

// Request is the body of the request that posts an event: an Event for the v1
// API, an AlertEvent for the v2 API.
type Request interface{ Headline() string }

// Posted is where an event went.
type Posted struct {
	ID  string `json:"id"`
	URL string `json:"url"`
}
