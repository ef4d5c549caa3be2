package datadog

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/event"
)

// SearchQuery selects events (https://docs.datadoghq.com/events/explorer/searching/) or
// log lines (https://docs.datadoghq.com/logs/explorer/search_syntax/).
type SearchQuery struct {
	Query    string
	Indexes  []string // Of logs; empty for all of them.
	From, To time.Time
	Limit    int // At most 1,000; 0 is Datadog's default of 10.
	MaxText  int // How many bytes of an event's text are kept; 0 keeps all.
}

// Change describes an event of the category "change"
// (https://docs.datadoghq.com/api/latest/events/#post-an-event).
type Change struct {
	Author       string
	Resource     string   // Such as the name of a feature flag.
	ResourceType string   // "feature_flag", "configuration", or a newer one.
	Previous     string   // JSON, or empty.
	New          string   // JSON, or empty.
	Metadata     string   // JSON, or empty.
	Impacted     []string // Services.
}

// SearchEvents returns the newest events that match, the newest first.
// https://docs.datadoghq.com/api/latest/events/#search-events
func (c *Client) SearchEvents(ctx context.Context, query SearchQuery) ([]Event, error) {
	return readEach(ctx, c, call{
		op: "search the events", permission: eventsRead, method: http.MethodPost, path: "/api/v2/events/search",
		body: newSearch(query), variant: strconv.Itoa(query.MaxText),
	}, "data", func(found resource[searchedFields]) Event {
		e := c.searchedEvent(found)
		e.Text = textStart(e.Text, query.MaxText)
		return e
	})
}

// FindPosted returns the event that was posted under an idempotency key by a webhook, or by any
// webhook when that is empty, or zero. Datadog does not find an event in the first seconds after its
// creation.
//
// An alert whose event id is certain may have been posted under another key: without that certainty,
// or by a version before the tag of the key. So the newest 1,000 events of its monitor are searched
// for one that is about the same event. A storm's summary is about more than one.
func (c *Client) FindPosted(ctx context.Context, key string, a alert.Alert, webhook string, from, to time.Time) (event.Posted, error) {
	query := SearchQuery{Query: event.TagKey(key), From: from, To: to, Limit: 1000}
	isOurs := func(e Event) bool { return alert.Tags(e.Tags).Has(event.TagKey(key)) }
	found, err := c.findPosted(ctx, query, webhook, isOurs)
	id, _ := strconv.ParseInt(a.ID, 10, 64)
	if err != nil || found != (event.Posted{}) || id == 0 || a.MonitorID == "" || !a.Certain() {
		return found, err
	}
	query.Query = "monitor:" + strconv.Quote(a.MonitorID)
	return c.findPosted(ctx, query, webhook, func(e Event) bool {
		return e.RelatedEventID == id && !alert.Tags(e.Tags).Has(event.TagStorm)
	})
}

func (c *Client) findPosted(ctx context.Context, q SearchQuery, webhook string, matches func(Event) bool) (event.Posted, error) {
	found, err := c.SearchEvents(ctx, q)
	for _, e := range found {
		if matches(e) && postedBy(webhook, e.Tags) {
			return event.Posted{ID: e.ID, URL: e.URL}, nil
		}
	}
	return event.Posted{}, err
}

func postedBy(webhook string, tags alert.Tags) bool {
	return tags.Has(alert.SourceTag) && (webhook == "" || tags.Has(event.TagWebhook(webhook)))
}

type search struct {
	Filter struct {
		Query   string   `json:"query"`
		Indexes []string `json:"indexes,omitempty"`
		From    string   `json:"from"`
		To      string   `json:"to"`
	} `json:"filter"`
	Page struct {
		Limit int `json:"limit"`
	} `json:"page,omitzero"`
	Sort string `json:"sort"`
}

func newSearch(q SearchQuery) search {
	s := search{Sort: "-timestamp"}
	s.Filter.Query, s.Filter.Indexes = q.Query, q.Indexes
	s.Filter.From, s.Filter.To = q.From.UTC().Format(time.RFC3339), q.To.UTC().Format(time.RFC3339)
	s.Page.Limit = q.Limit
	return s
}

type searchedFields struct {
	Message, Timestamp string
	Tags               []string
	Attributes         struct {
		Title, Status, Service string

		Hostname          string
		SourceTypeName    string `json:"source_type_name"`
		MonitorID         int64  `json:"monitor_id"`
		RelatedEventID    int64  `json:"related_event_id"`
		Evt               struct{ ID, UID, Category string }
		Author            struct{ Name string }
		ChangedResource   struct{ Name, Type string } `json:"changed_resource"`
		PrevValue         json.RawMessage             `json:"prev_value"`
		NewValue          json.RawMessage             `json:"new_value"`
		ChangeMetadata    json.RawMessage             `json:"change_metadata"`
		ImpactedResources []struct{ Name string }     `json:"impacted_resources"`
	}
}

func (c *Client) searchedEvent(found resource[searchedFields]) Event {
	outer, a := found.Attributes, found.Attributes.Attributes
	if a.Service == "undefined" { // Datadog's word for an unknown value.
		a.Service = ""
	}
	return Event{
		ID: cmp.Or(a.Evt.ID, found.ID), Title: a.Title, Text: outer.Message, Happened: parseTime(outer.Timestamp),
		AlertType: a.Status, Category: a.Evt.Category, Service: a.Service, Host: a.Hostname, Source: cmp.Or(alert.Tags(outer.Tags).Get("source"), a.SourceTypeName),
		Tags: outer.Tags, URL: c.eventPage(a.Evt.UID, a.Evt.ID), MonitorID: a.MonitorID, RelatedEventID: a.RelatedEventID,
		Change: Change{
			Author: a.Author.Name, Resource: a.ChangedResource.Name, ResourceType: a.ChangedResource.Type,
			Previous: compact(a.PrevValue), New: compact(a.NewValue), Metadata: compact(a.ChangeMetadata), Impacted: each(a.ImpactedResources, func(r struct{ Name string }) string { return r.Name }),
		},
	}
}

// eventPage returns the page of an event, by the newer of its two ids.
func (c *Client) eventPage(uid, id string) string {
	switch {
	case uid != "":
		return c.page("/event/event?uid=" + url.QueryEscape(uid))
	case id != "":
		return c.page("/event/event?id=" + url.QueryEscape(id))
	}
	return ""
}

// compact returns raw without white space, or "" for null and an empty object.
func compact(raw json.RawMessage) string {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil || b.String() == "null" || b.String() == "{}" {
		return ""
	}
	return b.String()
}

// Log is one log line.
type Log struct {
	Time    time.Time
	Message string // The line, or else its attribute error.message.
}

// Logs returns the newest lines that match, the newest first. The rate limit is low: 10 calls in 10
// seconds.
// https://docs.datadoghq.com/api/latest/logs/#search-logs-post
func (c *Client) Logs(ctx context.Context, query SearchQuery) ([]Log, error) {
	return readEach(ctx, c, call{
		op: "search the logs", permission: "logs_read_data", method: http.MethodPost, path: "/api/v2/logs/events/search",
		body: newSearch(query),
	}, "data", logLine)
}

type logFields struct {
	Timestamp, Message string
	Attributes         struct{ Error struct{ Message string } }
}

func logLine(r resource[logFields]) Log {
	a := r.Attributes
	return Log{Time: parseTime(a.Timestamp), Message: cmp.Or(a.Message, a.Attributes.Error.Message)}
}
