package datadog

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unique"

	"boomerang/shared/event"
	"boomerang/shared/fault"
)

const eventsPath = "/api/v1/events"

// Event is an event of the event stream. Fields that a response lacks are zero.
type Event struct {
	ID             string    `json:"id_str"` // Decimal, 64 bits; of a search without it, the Events Explorer's.
	Title          string    `json:"title"`
	Text           string    `json:"text"`
	Happened       time.Time `json:"-"`
	AlertType      string    `json:"alert_type"` // "error", "warning", "info", "success", or a newer one. A search has "warn" and "ok".
	Priority       string    `json:"priority"`   // "normal" or "low".
	Source         string    `json:"source"`     // A display name, such as "My Apps" for the tag "source:my_apps".
	Host           string    `json:"host"`
	DeviceName     string    `json:"device_name"`
	Tags           []string  `json:"tags"`
	URL            string    `json:"url"` // Absolute.
	RelatedEventID int64     `json:"related_event_id"`

	// These are set for events of monitors.
	MonitorID     int64    `json:"monitor_id"`
	MonitorGroups []string `json:"monitor_groups"` // Such as "host:a,env:prod", or "*".

	// These are set for events of a search.
	Category string `json:"-"` // "change", "alert", …; empty for most.
	Service  string `json:"-"`
	Change   Change `json:"-"`

	// Payload and Raw are set for a single event, and in a list if its query asks for them.
	Payload string          `json:"-"` // As Datadog has it, such as the JSON of a monitor.
	Raw     json.RawMessage `json:"-"` // The event as Datadog sent it, with the fields that are not known here.
}

// Event returns the event with the id. Datadog does not find an event in the first seconds after its
// creation.
// https://docs.datadoghq.com/api/latest/events/#get-an-event
func (c *Client) Event(ctx context.Context, id string) (Event, error) {
	get := get("get the event", eventsRead, eventsPath+"/"+id, nil)
	if _, err := strconv.ParseInt(id, 10, 64); err != nil {
		return Event{}, fault.NewRedacted(fault.Permanent, "invalid event id ", strconv.Quote(id), "; it must be a whole number", &Error{Op: get.op})
	}
	return read(ctx, c, get, func(r struct{ Event document[eventFields] }) (Event, bool) {
		return c.wholeEvent(r.Event), r.Event.fields.id() != ""
	})
}

// EventQuery selects events of the event stream. Start and End are required.
type EventQuery struct {
	Start, End time.Time // Whole seconds count.
	Priority   string    // "normal" or "low"; empty for both.
	Sources    []string  // Any of them.
	Tags       []string  // All of them.
	// Unaggregated also returns the events whose parent is outside the time.
	Unaggregated bool
	// ExcludeAggregate leaves out the parents, and implies Unaggregated.
	ExcludeAggregate bool
	// Page counts from 0, by 1,000 events. It needs Unaggregated or ExcludeAggregate.
	Page int
	// MaxText is how many bytes of a text are kept, which has up to 4,000 characters. 0
	// keeps it whole.
	MaxText int
	// Raw also keeps Payload and Raw of each event.
	Raw bool
}

// MaxEvents is how many events one list has at most
// (https://docs.datadoghq.com/api/latest/events/#get-a-list-of-events).
const MaxEvents = 1000

// Events returns the newest 1,000 events that match query, or a later page of them.
// https://docs.datadoghq.com/api/latest/events/#get-a-list-of-events
func (c *Client) Events(ctx context.Context, query EventQuery) ([]Event, error) {
	call := get("list events", eventsRead, eventsPath, query.values())
	call.variant = fmt.Sprint(query.MaxText, query.Raw)
	if query.Raw {
		return readEach(ctx, c, call, "events", c.wholeEvent)
	}
	return readEach(ctx, c, call, "events", func(f eventFields) Event {
		e := c.event(f)
		e.Text = textStart(e.Text, query.MaxText)
		for i, tag := range e.Tags { // Most are those of other events, too.
			e.Tags[i] = unique.Make(tag).Value()
		}
		return e
	})
}

// textStart returns the first bytes of a text, and does not keep the others in memory.
func textStart(text string, limit int) string {
	if limit == 0 || len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(strings.Clone(text[:limit]), "")
}

func (q EventQuery) values() url.Values {
	page := ""
	if q.Page > 0 {
		page = strconv.Itoa(q.Page)
	}
	return values(
		"start", unixSeconds(q.Start), "end", unixSeconds(q.End), "priority", q.Priority,
		"sources", strings.Join(q.Sources, ","), "tags", strings.Join(q.Tags, ","), "page", page,
		"unaggregated", ifTrue(q.Unaggregated), "exclude_aggregate", ifTrue(q.ExcludeAggregate),
	)
}

type eventFields struct {
	Event
	NumericID      int64  `json:"id"`
	DateHappened   int64  `json:"date_happened"`
	SourceTypeName string `json:"source_type_name"`
}

// id prefers "id_str", because some responses round "id" to a float.
func (f eventFields) id() string {
	if f.ID == "" && f.NumericID != 0 {
		return strconv.FormatInt(f.NumericID, 10)
	}
	return f.ID
}

func (c *Client) event(f eventFields) Event {
	e := f.Event
	e.ID, e.Happened, e.Source, e.URL = f.id(), unixTime(f.DateHappened), cmp.Or(f.Source, f.SourceTypeName), c.page(f.URL)
	return e
}

// wholeEvent decodes the payload by itself, because most lists do without it.
func (c *Client) wholeEvent(d document[eventFields]) Event {
	var more struct{ Payload string }
	_ = decode(d.raw, &more) // The event is useful without it.
	e := c.event(d.fields)
	e.Payload, e.Raw = more.Payload, d.raw
	return e
}

// Create posts an event and returns where it is. It sends the API key alone.
//
// A status of 2xx means that Datadog accepted the event. An unreadable body after it is not an error,
// because posting again would show the event twice: Posted then lacks what the body does not say. A
// connection that breaks before the status is a temporary failure, and the event may be there.
// https://docs.datadoghq.com/api/latest/events/#post-an-event
func (c *Client) Create(ctx context.Context, e event.Event) (event.Posted, error) {
	var created struct{ Event eventFields }
	err := c.post(ctx, call{apiKeyOnly: true, path: eventsPath, body: e, decode: ifReadable(&created)})
	return event.Posted{ID: created.Event.id(), URL: c.page(created.Event.URL)}, err
}

func (c *Client) post(ctx context.Context, call call) error {
	call.op, call.method, call.retryOnAuthError = "create the event", http.MethodPost, true
	_, err := c.do(ctx, call)
	return err
}

// CreateAlert posts an event to the v2 API, with both keys, because the API's specification asks for
// both. The id that it returns is that of the v2 API. See Create for unreadable bodies.
// https://docs.datadoghq.com/api/latest/events/#post-an-event (tab v2)
func (c *Client) CreateAlert(ctx context.Context, e event.AlertEvent) (event.Posted, error) {
	var created struct {
		Data resource[struct {
			Attributes struct{ Evt struct{ UID, ID string } } // The ID is deprecated.
		}]
		Links struct{ Self string }
	}
	err := c.post(ctx, call{toIntake: true, path: "/api/v2/events", body: e, decode: ifReadable(&created)})
	evt := created.Data.Attributes.Attributes.Evt
	return event.Posted{ID: cmp.Or(evt.UID, evt.ID), URL: c.page(created.Links.Self)}, err
}
