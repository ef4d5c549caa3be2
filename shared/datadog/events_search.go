package datadog

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"boomerang/shared/alert"
)

// EventSearch chooses events by a query. A zero Limit stands for Datadog's own,
// 10 events.
type EventSearch struct {
	Query    string // https://docs.datadoghq.com/events/explorer/searching/
	From, To time.Time
	Limit    int // At most 1,000.
}

// FoundEvent is an event as the Events Explorer knows it. What an answer lacks is
// zero.
type FoundEvent struct {
	ID        string // Of the explorer: no number, and not the id of Event.
	StreamID  string // That one, where the answer says it.
	Title     string
	Text      string
	Happened  time.Time
	Status    string // "error", "warn", "info", "ok", …: an open list.
	Category  string // "change", "alert", …; empty for most.
	Source    string // As the tag "source" has it, such as "github".
	Service   string
	Host      string
	Tags      []string
	URL       string // Absolute; empty when the answer does not say enough.
	MonitorID int64
	// RelatedEventID is the id of the stream's event that this one was posted about.
	RelatedEventID int64
	Change         Change
}

// Change is what an event of the category "change" says besides
// (https://docs.datadoghq.com/api/latest/events/#post-an-event).
type Change struct {
	Author       string
	Resource     string // What was changed, such as the name of a feature flag.
	ResourceType string // "feature_flag", "configuration", …: an open list.
	Impacted     []string
	Previous     string // JSON, or empty.
	New          string // JSON, or empty.
	Metadata     string // JSON, or empty.
}

// SearchEvents returns the newest events that match, the newest first. It needs
// the permission events_read.
//
// https://docs.datadoghq.com/api/latest/events/#search-events
func (c *Client) SearchEvents(ctx context.Context, search EventSearch) ([]FoundEvent, error) {
	var answer wireFoundEvents
	err := c.read(ctx, call{
		op: "search the events", permission: eventsRead,
		method: http.MethodPost, path: "/api/v2/events/search", body: search.body(),
	}, &answer)
	if err != nil {
		return nil, err
	}
	events := make([]FoundEvent, len(answer.Data))
	for i, w := range answer.Data {
		events[i] = c.foundEvent(w)
	}
	return events, nil
}

type eventSearch struct {
	Filter struct {
		Query string `json:"query"`
		From  string `json:"from"`
		To    string `json:"to"`
	} `json:"filter"`
	Page struct {
		Limit int `json:"limit"`
	} `json:"page,omitzero"`
	Sort string `json:"sort"`
}

func (s EventSearch) body() *eventSearch {
	body := &eventSearch{Sort: "-timestamp"}
	body.Filter.Query = s.Query
	body.Filter.From, body.Filter.To = s.From.UTC().Format(time.RFC3339), s.To.UTC().Format(time.RFC3339)
	body.Page.Limit = s.Limit
	return body
}

type wireFoundEvents struct {
	Data []wireFoundEvent `json:"data"`
}

func (w *wireFoundEvents) complete() bool { return w.Data != nil }

type wireFoundEvent struct {
	ID         string `json:"id"`
	Attributes struct {
		Message    string          `json:"message"`
		Tags       []string        `json:"tags"`
		Timestamp  string          `json:"timestamp"`
		Attributes foundAttributes `json:"attributes"`
	} `json:"attributes"`
}

type foundAttributes struct {
	Title          string `json:"title"`
	Status         string `json:"status"`
	Service        string `json:"service"`
	Hostname       string `json:"hostname"`
	SourceTypeName string `json:"source_type_name"`
	MonitorID      int64  `json:"monitor_id"`
	RelatedEventID int64  `json:"related_event_id"`
	Evt            struct {
		ID       string `json:"id"`
		UID      string `json:"uid"`
		Category string `json:"category"`
	} `json:"evt"`
	Author struct {
		Name string `json:"name"`
	} `json:"author"`
	ChangedResource struct {
		Name string `json:"name"`
		Type string `json:"type"`
	} `json:"changed_resource"`
	ImpactedResources []struct {
		Name string `json:"name"`
	} `json:"impacted_resources"`
	PrevValue      json.RawMessage `json:"prev_value"`
	NewValue       json.RawMessage `json:"new_value"`
	ChangeMetadata json.RawMessage `json:"change_metadata"`
}

func (c *Client) foundEvent(w wireFoundEvent) FoundEvent {
	a := w.Attributes.Attributes
	e := FoundEvent{
		ID: w.ID, StreamID: a.Evt.ID, Title: a.Title, Text: w.Attributes.Message, Happened: instant(w.Attributes.Timestamp),
		Status: a.Status, Category: a.Evt.Category, Service: defined(a.Service), Host: defined(a.Hostname),
		Source: cmp.Or(alert.Tags(w.Attributes.Tags).Get("source"), a.SourceTypeName),
		Tags:   w.Attributes.Tags, URL: c.eventPage(a.Evt.UID, a.Evt.ID), MonitorID: a.MonitorID,
		RelatedEventID: a.RelatedEventID,
		Change: Change{
			Author: a.Author.Name, Resource: a.ChangedResource.Name, ResourceType: a.ChangedResource.Type,
			Previous: compact(a.PrevValue), New: compact(a.NewValue), Metadata: compact(a.ChangeMetadata),
		},
	}
	for _, impacted := range a.ImpactedResources {
		e.Change.Impacted = append(e.Change.Impacted, impacted.Name)
	}
	return e
}

// eventPage returns the page of an event, by the newer of its two ids where it
// has both.
func (c *Client) eventPage(uid, id string) string {
	switch {
	case uid != "":
		return c.page("/event/event?uid=" + url.QueryEscape(uid))
	case id != "":
		return c.page("/event/event?id=" + url.QueryEscape(id))
	}
	return ""
}

// defined returns s unless it is what Datadog says where it knows none.
func defined(s string) string {
	if s == "undefined" {
		return ""
	}
	return s
}

// compact returns raw without the space around its parts, "" for null and for
// an object that holds nothing.
func compact(raw json.RawMessage) string {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return ""
	}
	switch text := b.String(); text {
	case "null", "{}":
		return ""
	default:
		return text
	}
}
