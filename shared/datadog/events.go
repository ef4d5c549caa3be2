package datadog

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"boomerang/shared/event"
	"boomerang/shared/fault"
)

const (
	eventsPath = "/api/v1/events"
	eventsRead = "events_read"
)

// Create posts an event and returns where it went. It sends the API key alone.
//
// A status of 2xx means that Datadog took the event. When the body after it
// cannot be read, posting again would show the same event twice and wake people
// twice, so that is no error: what of Posted could not be read is empty. A
// connection that breaks before the status is a temporary failure, whether or
// not the event had gone through.
//
// https://docs.datadoghq.com/api/latest/events/#post-an-event
func (c *Client) Create(ctx context.Context, e event.Event) (event.Posted, error) {
	a, err := c.do(ctx, call{
		op: "create the event", apiKeyOnly: true, outlastsKeys: true,
		method: http.MethodPost, path: eventsPath, body: &e,
	})
	if err != nil {
		return event.Posted{}, err
	}
	var created struct {
		Event eventRef `json:"event"`
	}
	_ = decode(a.body, &created)
	return event.Posted{ID: created.Event.id(), URL: c.page(created.Event.URL)}, nil
}

// Event is an event of the event stream as Datadog answers it, which is more
// than the published schema has. What an answer lacks is zero.
type Event struct {
	ID             string // Decimal, 64 bits.
	Title          string
	Text           string
	Happened       time.Time
	AlertType      string // "error", "warning", "info", "success", …: an open list.
	Priority       string // "normal" or "low".
	Source         string // For people, such as "My Apps"; the tag "source:my_apps" is for machines.
	Host           string
	Device         string
	Tags           []string
	URL            string // Absolute.
	RelatedEventID int64
	Aggregate      bool // It stands for several events.

	// Events of monitors have these.
	MonitorID     int64
	MonitorGroups []string // Such as "host:a,env:prod", or "*".
	Payload       string   // JSON about the monitor.
}

// Event returns the event with the id, which Datadog does not find in the first
// seconds after it was created. It needs the permission events_read.
//
// https://docs.datadoghq.com/api/latest/events/#get-an-event
func (c *Client) Event(ctx context.Context, id string) (Event, error) {
	get := call{op: "get the event", permission: eventsRead, method: http.MethodGet, path: eventsPath + "/" + id}
	if _, err := strconv.ParseInt(id, 10, 64); err != nil {
		return Event{}, fault.NewRedacted(fault.Permanent, "an event has no id such as ", strconv.Quote(id), "; it is a whole number", &Error{Op: get.op})
	}
	var answer wireEvent
	if err := c.read(ctx, get, &answer); err != nil {
		return Event{}, err
	}
	return c.event(answer.Event), nil
}

// EventQuery chooses events of the event stream. Start and End are required;
// anything else that is zero does not narrow the choice.
type EventQuery struct {
	Start, End time.Time // Whole seconds count.
	Priority   string    // "normal" or "low".
	Sources    []string  // Any of them.
	Tags       []string  // All of them.
	// Unaggregated also returns the events whose parent lies outside the time.
	Unaggregated bool
	// ExcludeAggregate leaves the parents out. It needs Unaggregated.
	ExcludeAggregate bool
	// Page counts from 0, by 1,000 events. It needs Unaggregated or ExcludeAggregate.
	Page int
}

// Events returns the newest 1,000 events that match query, or a later page of
// them. It needs the permission events_read. What a Cached client returns others
// have too: nobody may change it.
//
// https://docs.datadoghq.com/api/latest/events/#get-a-list-of-events
func (c *Client) Events(ctx context.Context, query EventQuery) ([]Event, error) {
	list := call{op: "list events", permission: eventsRead, method: http.MethodGet, path: eventsPath, query: query.values()}
	a, err := c.ask(ctx, list)
	switch {
	case err != nil:
		return nil, err
	case a.events == nil:
		return c.listed(ctx, list, a)
	}
	return a.events.get(func() ([]Event, error) { return c.listed(ctx, list, a) })
}

func (c *Client) listed(ctx context.Context, list call, a answer) ([]Event, error) {
	var found wireEvents
	if err := a.decode(ctx, list, &found); err != nil {
		return nil, err
	}
	events := make([]Event, len(found.Events))
	for i, e := range found.Events {
		events[i] = c.event(e)
	}
	return events, nil
}

// memo keeps a list of events beside the answer that it was read from. In a storm
// all alerts of a minute ask for the same thousand, and reading them takes longer
// than everything else that is done for an alert.
type memo struct {
	mu     sync.Mutex
	events []Event
}

func (m *memo) get(read func() ([]Event, error)) ([]Event, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.events != nil {
		return m.events, nil
	}
	events, err := read()
	m.events = events
	return events, err
}

func (q EventQuery) values() url.Values {
	v := url.Values{}
	v.Set("start", strconv.FormatInt(q.Start.Unix(), 10))
	v.Set("end", strconv.FormatInt(q.End.Unix(), 10))
	setText(v, "priority", q.Priority)
	setText(v, "sources", strings.Join(q.Sources, ","))
	setText(v, "tags", strings.Join(q.Tags, ","))
	setTrue(v, "unaggregated", q.Unaggregated)
	setTrue(v, "exclude_aggregate", q.ExcludeAggregate)
	if q.Page > 0 {
		v.Set("page", strconv.Itoa(q.Page))
	}
	return v
}

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

type wireEvent struct {
	Event eventFields `json:"event"`
}

func (w *wireEvent) complete() bool { return w.Event.id() != "" }

type wireEvents struct {
	Events []eventFields `json:"events"`
}

func (w *wireEvents) complete() bool { return w.Events != nil }

type eventFields struct {
	eventRef
	Title          string          `json:"title"`
	Text           string          `json:"text"`
	DateHappened   int64           `json:"date_happened"`
	AlertType      string          `json:"alert_type"`
	Priority       string          `json:"priority"`
	Source         string          `json:"source"`
	SourceTypeName string          `json:"source_type_name"`
	Host           string          `json:"host"`
	DeviceName     string          `json:"device_name"`
	Tags           []string        `json:"tags"`
	RelatedEventID int64           `json:"related_event_id"`
	IsAggregate    bool            `json:"is_aggregate"`
	MonitorID      int64           `json:"monitor_id"`
	MonitorGroups  []string        `json:"monitor_groups"`
	Payload        json.RawMessage `json:"payload"`
}

// eventRef is what names an event. An answer that is read for nothing else, which
// holds the whole event too, is read in half the time.
type eventRef struct {
	ID    int64  `json:"id"`
	IDStr string `json:"id_str"`
	URL   string `json:"url"`
}

// id prefers "id_str": some answers round "id" to what a float can hold.
func (r eventRef) id() string {
	if r.IDStr == "" && r.ID != 0 {
		return strconv.FormatInt(r.ID, 10)
	}
	return r.IDStr
}

func (c *Client) event(f eventFields) Event {
	return Event{
		ID: f.id(), Title: f.Title, Text: f.Text, Happened: epoch(f.DateHappened),
		AlertType: f.AlertType, Priority: f.Priority,
		Source: cmp.Or(f.Source, f.SourceTypeName),
		Host:   f.Host, Device: f.DeviceName, Tags: f.Tags,
		URL: c.page(f.URL), RelatedEventID: f.RelatedEventID, Aggregate: f.IsAggregate,
		MonitorID: f.MonitorID, MonitorGroups: f.MonitorGroups, Payload: payload(f.Payload),
	}
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
