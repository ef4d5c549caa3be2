package datadog

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"boomerang/shared/fault"
)

const (
	eventsPath = "/api/v1/events"
	eventsRead = "events_read"
)

// Event is an event of the event stream. Fields that a response lacks are zero.
type Event struct {
	ID             string    `json:"id_str"` // Decimal, 64 bits.
	Title          string    `json:"title"`
	Text           string    `json:"text"`
	Happened       time.Time `json:"-"`
	AlertType      string    `json:"alert_type"` // "error", "warning", "info", "success", or a newer one.
	Priority       string    `json:"priority"`   // "normal" or "low".
	Source         string    `json:"source"`     // A display name, such as "My Apps" for the tag "source:my_apps".
	Host           string    `json:"host"`
	Tags           []string  `json:"tags"`
	URL            string    `json:"url"` // Absolute.
	RelatedEventID int64     `json:"related_event_id"`

	// These are set for events of monitors.
	MonitorID     int64    `json:"monitor_id"`
	MonitorGroups []string `json:"monitor_groups"` // Such as "host:a,env:prod", or "*".
	Payload       string   `json:"-"`              // JSON about the monitor.
}

// Event returns the event with the id. Datadog does not find an event in the first seconds after its
// creation.
// https://docs.datadoghq.com/api/latest/events/#get-an-event
func (c *Client) Event(ctx context.Context, id string) (Event, error) {
	get := call{op: "get the event", permission: eventsRead, method: http.MethodGet, path: eventsPath + "/" + id}
	if _, err := strconv.ParseInt(id, 10, 64); err != nil {
		return Event{}, fault.NewRedacted(fault.Permanent, "invalid event id ", strconv.Quote(id), "; it must be a whole number", &Error{Op: get.op})
	}
	return read(ctx, c, get, c.oneEvent)
}

// EventQuery selects events of the event stream. Start and End are required.
type EventQuery struct {
	Start, End time.Time // Whole seconds count.
	Tags       []string  // All of them.
	// Unaggregated also returns the events whose parent is outside the time.
	Unaggregated bool
	// ExcludeAggregate leaves out the parents. It needs Unaggregated.
	ExcludeAggregate bool
	// Page counts from 0, by 1,000 events. It needs Unaggregated.
	Page int
}

// Events returns the newest 1,000 events that match query, or a later page of them.
// https://docs.datadoghq.com/api/latest/events/#get-a-list-of-events
func (c *Client) Events(ctx context.Context, query EventQuery) ([]Event, error) {
	return read(ctx, c, call{
		op: "list events", permission: eventsRead, method: http.MethodGet, path: eventsPath, query: query.values(),
	}, c.events)
}

func (q EventQuery) values() url.Values {
	v := url.Values{"start": {unixSeconds(q.Start)}, "end": {unixSeconds(q.End)}}
	setText(v, "tags", strings.Join(q.Tags, ","))
	setTrue(v, "unaggregated", q.Unaggregated)
	setTrue(v, "exclude_aggregate", q.ExcludeAggregate)
	if q.Page > 0 {
		v.Set("page", strconv.Itoa(q.Page))
	}
	return v
}

func unixSeconds(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

func setText(v url.Values, name, value string) {
	if value != "" {
		v.Set(name, value)
	}
}

func setTrue(v url.Values, name string, value bool) {
	if value {
		v.Set(name, "true")
	}
}

type eventResponse struct {
	Event eventFields `json:"event"`
}

func (r eventResponse) complete() bool { return r.Event.id() != "" }

func (c *Client) oneEvent(r eventResponse) Event { return c.event(r.Event) }

type eventsResponse struct {
	Events []eventFields `json:"events"`
}

func (r eventsResponse) complete() bool { return r.Events != nil }

func (c *Client) events(r eventsResponse) []Event {
	events := make([]Event, len(r.Events))
	for i, e := range r.Events {
		events[i] = c.event(e)
	}
	return events
}

type eventFields struct {
	Event
	NumericID      int64           `json:"id"`
	DateHappened   int64           `json:"date_happened"`
	SourceTypeName string          `json:"source_type_name"`
	Payload        json.RawMessage `json:"payload"`
}

func (f eventFields) id() string { return eventRef{ID: f.NumericID, IDStr: f.Event.ID}.id() }

// eventRef is what Create decodes alone, since the other fields double the time.
type eventRef struct {
	ID    int64  `json:"id"`
	IDStr string `json:"id_str"`
	URL   string `json:"url"`
}

// id prefers "id_str", because some responses round "id" to a float.
func (r eventRef) id() string {
	if r.IDStr == "" && r.ID != 0 {
		return strconv.FormatInt(r.ID, 10)
	}
	return r.IDStr
}

func (c *Client) event(f eventFields) Event {
	e := f.Event
	e.ID, e.Happened, e.Source = f.id(), unixTime(f.DateHappened), cmp.Or(f.Source, f.SourceTypeName)
	e.URL, e.Payload = c.page(f.URL), payload(f.Payload)
	return e
}

// payload returns the JSON that raw holds, as a string or as it is.
func payload(raw json.RawMessage) string {
	var text *string
	if json.Unmarshal(raw, &text) != nil {
		return string(raw)
	}
	if text == nil {
		return ""
	}
	return *text
}
