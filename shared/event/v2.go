package event

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
)

// The limits of the v2 API beyond those of v1, which apply too. Lengths are in characters
// (https://docs.datadoghq.com/api/latest/events/#post-an-event, tab v2).
const (
	// MaxLinks is how many links an alert may have.
	MaxLinks = 20
	// MaxLinkURL is Datadog's limit for a link's address.
	MaxLinkURL = 2048
	// MaxLinkTitle is Datadog's limit for a link's title.
	MaxLinkTitle = 300
)

// AlertEvent is the request body of POST /api/v2/events for an event of the category
// alert. Empty optional fields are omitted, because the API refuses them.
type AlertEvent struct {
	Data AlertData `json:"data"`
}

// AlertData is the JSON:API resource of an event.
type AlertData struct {
	Type       string          `json:"type"` // always "event"
	Attributes AlertAttributes `json:"attributes"`
}

// AlertAttributes are those of all categories.
type AlertAttributes struct {
	Title          string       `json:"title"`
	Message        string       `json:"message,omitempty"`
	Category       string       `json:"category"`            // always "alert"
	Timestamp      string       `json:"timestamp,omitempty"` // ISO 8601
	AggregationKey string       `json:"aggregation_key,omitempty"`
	Host           string       `json:"host,omitempty"`
	IntegrationID  string       `json:"integration_id"` // always "custom-events"
	Tags           []string     `json:"tags,omitempty"`
	Attributes     AlertDetails `json:"attributes"`
}

// AlertDetails are the attributes of the category alert.
type AlertDetails struct {
	Status   string         `json:"status"`             // ok, warn or error
	Priority string         `json:"priority,omitempty"` // "1" (most urgent) to "5", Datadog's default
	Links    []AlertLink    `json:"links,omitempty"`
	Custom   map[string]any `json:"custom,omitempty"` // the findings' data by step: custom.owner.team
}

// AlertLink is a page to open next.
type AlertLink struct {
	Category string `json:"category"` // runbook, documentation, dashboard or resource
	URL      string `json:"url"`
	Title    string `json:"title,omitempty"`
}

// Headline returns the title.
func (e AlertEvent) Headline() string { return e.Data.Attributes.Title }

func (e AlertEvent) content() (text string, tags []string) {
	return e.Data.Attributes.Message, e.Data.Attributes.Tags
}

// ComposeAlert is Compose for the v2 API.
func ComposeAlert(a alert.Alert, d Draft, results []enrich.Result, now time.Time) AlertEvent {
	if d.FollowUp != nil {
		a, d, results = d.FollowUp.about(a, d, results, now)
	}
	f := newFields(a, d, results, now)
	links, custom := f.links(a, results), f.custom(a, results)
	return AlertEvent{Data: AlertData{Type: "event", Attributes: AlertAttributes{
		Title:          f.title,
		Message:        f.text(a, d, results, now),
		Category:       "alert",
		Timestamp:      timestamp(f.happened),
		AggregationKey: f.aggregationKey,
		Host:           f.host,
		IntegrationID:  "custom-events",
		Tags:           f.tags,
		Attributes: AlertDetails{
			Status:   alertStatus(alertType(a, d.AlertType)),
			Priority: cmp.Or(level(d.Priority), level(a.Priority)),
			Links:    links,
			Custom:   custom,
		},
	}}}
}

func timestamp(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format("2006-01-02T15:04:05.000Z07:00")
}

// alertStatus maps an alert type to v2's three states. Only a success is ok, because ok
// means that the problem is over.
func alertStatus(alertType string) string {
	return cmp.Or(map[string]string{"error": "error", "success": "ok"}[alertType], "warn")
}

// level returns the digit of a monitor's priority, P1 to P5.
func level(priority string) string {
	digit := strings.TrimPrefix(strings.ToUpper(priority), "P")
	if len(digit) == 1 && digit >= "1" && digit <= "5" {
		return digit
	}
	return ""
}

// links returns the pages of the alert, then those of the findings by descending weight,
// each address once.
func (f *fields) links(a alert.Alert, results []enrich.Result) []AlertLink {
	found := pages(a)
	for _, r := range heaviestFirst(results) {
		for _, block := range r.Finding.Blocks {
			if more, ok := block.(enrich.Links); ok {
				found = append(found, more...)
			}
		}
	}
	var links []AlertLink
	known := map[string]bool{}
	for _, l := range found {
		address := webAddress(l.URL, MaxLinkURL)
		if address != "" && isNew(known, address) && len(known) <= MaxLinks {
			links = append(links, AlertLink{Category: category(l.Kind), URL: address, Title: truncate(escapeMentions(line(l.Title)), MaxLinkTitle)})
		}
	}
	f.leaveOut("", len(known)-len(links), "link")
	return links
}

// heaviestFirst returns the results with a finding, by descending weight.
func heaviestFirst(results []enrich.Result) []enrich.Result {
	found := slices.DeleteFunc(slices.Clone(results), func(r enrich.Result) bool { return r.Status != enrich.OK })
	slices.SortStableFunc(found, func(a, b enrich.Result) int { return cmp.Compare(b.Finding.Weight, a.Finding.Weight) })
	return found
}

var categories = []string{"runbook", "documentation", "dashboard", "resource"}

func category(kind string) string {
	if kind = strings.ToLower(kind); slices.Contains(categories, kind) {
		return kind
	}
	return "resource"
}
