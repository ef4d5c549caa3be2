package fakedatadog

import (
	"cmp"
	"encoding/json"
	"iter"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Event is an event of the stream. Its JSON names are Datadog's
// (https://docs.datadoghq.com/api/latest/events/).
type Event struct {
	// ID is a 64-bit number that a float64 cannot hold, which is why Datadog's own
	// answer to a create rounds it.
	ID             int64  `json:"id"`
	Title          string `json:"title"`
	Text           string `json:"text"`
	DateHappened   int64  `json:"date_happened"` // Epoch seconds.
	AlertType      string `json:"alert_type"`    // error, warning, info, success, user_update, recommendation, snapshot.
	Priority       string `json:"priority"`      // normal or low.
	Host           string `json:"host,omitempty"`
	DeviceName     string `json:"device_name,omitempty"`
	AggregationKey string `json:"aggregation_key,omitempty"`
	RelatedEventID int64  `json:"related_event_id,omitempty"`
	// SourceTypeName is the sender, "github"; empty is Datadog's "my_apps".
	SourceTypeName string   `json:"source_type_name,omitempty"`
	Tags           []string `json:"tags"`
	// MonitorID and MonitorGroups are those of an event that a monitor sent.
	MonitorID     int64    `json:"monitor_id,omitempty"`
	MonitorGroups []string `json:"monitor_groups,omitempty"`
	// Payload is more of what Datadog knows of an event, as text.
	Payload string `json:"payload,omitempty"`
	// IsAggregate marks the parent of other events.
	IsAggregate bool `json:"is_aggregate,omitempty"`
	// Change is set in an event of the category "change".
	Change *ChangeEvent `json:"change,omitempty"`
}

// ChangeEvent is what an event of the category "change" has besides. Its JSON names
// are Datadog's.
type ChangeEvent struct {
	Author          *NamedType     `json:"author,omitempty"`
	ChangedResource *NamedType     `json:"changed_resource,omitempty"`
	PrevValue       map[string]any `json:"prev_value,omitempty"`
	NewValue        map[string]any `json:"new_value,omitempty"`
}

// NamedType is a user, a feature flag, a service.
type NamedType struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// PostedEvent is an event that was posted and accepted.
type PostedEvent struct {
	Route Route           `json:"route"` // EventsCreate or EventsCreateV2.
	Body  json.RawMessage `json:"body"`  // Of the request.
	// Event is what the stream holds: text truncated at 4,000 characters, defaults
	// filled in, the status of an alert as an alert_type.
	Event Event `json:"event"`
	// Fault is what the caller met instead of the right answer.
	Fault Fault `json:"fault,omitempty"`
}

type stream struct {
	events []storedEvent // By date, then by id; newest last.
	posted []PostedEvent
	issued int64
}

type storedEvent struct {
	Event
	allTags     []string // Event.allTags, computed once.
	visibleFrom time.Time
}

// AddEvent puts an event into the stream as a monitor or a deploy would, visible at
// once, and returns its id. Datadog's defaults replace zero values.
func (s *Server) AddEvent(e Event) (id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	e.DateHappened = cmp.Or(e.DateHappened, now.Unix())
	return strconv.FormatInt(s.stream.add(e, now).ID, 10)
}

// Events returns all events, newest first, also those that are not visible yet.
func (s *Server) Events() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	var events []Event
	for _, e := range slices.Backward(s.stream.events) {
		events = append(events, e.Event)
	}
	return events
}

// Posted returns the events that were posted and accepted, in order.
func (s *Server) Posted() []PostedEvent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return orEmpty(s.stream.posted)
}

func (s *stream) add(e Event, visibleFrom time.Time) Event {
	e.Tags = slices.Clone(e.Tags)
	e.AlertType, e.Priority = cmp.Or(e.AlertType, "info"), cmp.Or(e.Priority, "normal")
	if e.ID == 0 {
		// As large as Datadog's ids, and odd, so that no float64 holds one of them.
		s.issued++
		e.ID = 8_306_082_202_796_025_001 + 2*s.issued
	}
	at, _ := slices.BinarySearchFunc(s.events, e, func(a storedEvent, b Event) int {
		return cmp.Or(cmp.Compare(a.DateHappened, b.DateHappened), cmp.Compare(a.ID, b.ID))
	})
	s.events = slices.Insert(s.events, at, storedEvent{Event: e, allTags: e.allTags(), visibleFrom: visibleFrom})
	return e
}

func (s *Server) accept(c *call, route Route, e Event) Event {
	e = s.stream.add(e, c.now.Add(s.visibleAfter))
	s.stream.posted = append(s.stream.posted, PostedEvent{Route: route, Body: slices.Clone(c.body), Event: e, Fault: c.fault})
	return e
}

func (e Event) source() string { return sourceTag(cmp.Or(e.SourceTypeName, "my_apps")) }

// sourceTag returns a source as the tag "source" and searches have it
// (https://docs.datadoghq.com/integrations/faq/list-of-api-source-attribute-value/).
func sourceTag(name string) string { return strings.ReplaceAll(strings.ToLower(name), " ", "_") }

// allTags returns the tags as Datadog shows them: sorted, with the source.
func (e Event) allTags() []string {
	tags := append([]string{"source:" + e.source()}, e.Tags...)
	slices.Sort(tags)
	return slices.Compact(tags)
}

func (e Event) at() time.Time { return time.Unix(e.DateHappened, 0).UTC() }

// visible returns the events that reads show, the newest first.
func (s *Server) visible(now time.Time) iter.Seq[storedEvent] {
	return func(yield func(storedEvent) bool) {
		for _, e := range slices.Backward(s.stream.events) {
			if !e.visibleFrom.After(now) && !yield(e) {
				return
			}
		}
	}
}

func (s *Server) getEvent(c *call) answer {
	for e := range s.visible(c.now) {
		if strconv.FormatInt(e.ID, 10) == c.PathValue("number") {
			return success(object{"event": e.shown()})
		}
	}
	return failure(http.StatusNotFound, "No event matches that event_id.")
}

// shown is the event as the v1 API shows it by itself.
func (e storedEvent) shown() object {
	id := strconv.FormatInt(e.ID, 10)
	shown := object{
		"id": e.ID, "id_str": id, "title": e.Title, "text": e.Text, "date_happened": e.DateHappened,
		"alert_type": e.AlertType, "priority": e.Priority, "host": orNull(e.Host), "device_name": orNull(e.DeviceName),
		"tags": e.allTags, "url": "/event/event?event_id=" + id, "resource": "/api/v1/events/" + id,
		"monitor_id": orNull(e.MonitorID), "monitor_groups": orEmpty(e.MonitorGroups),
	}
	if e.Payload != "" {
		shown["payload"] = e.Payload
	}
	return shown
}

const appURL = "https://app.datadoghq.com"

// maxEventsPerPage is documented
// (https://docs.datadoghq.com/api/latest/events/#get-a-list-of-events).
const maxEventsPerPage = 1000

// listEvents answers newest first. Unless the caller asks for unaggregated events, an
// event is left out whose parent, the newest of its aggregation key, is outside the period.
func (s *Server) listEvents(c *call) answer {
	c.require("start", "end")
	start, end, page := c.integer("start", 0), c.integer("end", 0), c.integer("page", 0)
	priority, sources, tags := c.oneOf("priority", priorities...), c.list("sources"), c.list("tags")
	excludeAggregate, unaggregated := c.flag("exclude_aggregate"), c.flag("unaggregated")
	unaggregated = unaggregated || excludeAggregate
	c.failIf(start > end, "start param must be greater than end param") // Wrong, but recorded.
	c.failIf(c.Has("page") && !unaggregated, "The parameter 'page' can only be used with 'unaggregated' or 'exclude_aggregate'")
	parents := map[string]int64{}
	matching := []storedEvent{}
	for e := range s.visible(c.now) {
		if e.DateHappened < start {
			break
		}
		parent, isChild := parents[e.AggregationKey]
		if !isChild && e.AggregationKey != "" && !unaggregated {
			parent, parents[e.AggregationKey] = e.DateHappened, e.DateHappened
		}
		isListed := e.DateHappened <= end && (!isChild || parent <= end) && !(excludeAggregate && e.IsAggregate)
		if isListed && (priority == "" || e.Priority == priority) && e.isFrom(sources) && e.hasTags(tags) {
			matching = append(matching, e)
		}
	}
	return success(object{"events": list(window(matching, min(page, 1<<20)*maxEventsPerPage, maxEventsPerPage), func(e storedEvent) object {
		one := e.shown()
		one["source"], one["is_aggregate"] = cmp.Or(e.SourceTypeName, "My Apps"), e.IsAggregate
		return one
	})})
}

func (e Event) isFrom(sources []string) bool {
	return len(sources) == 0 || slices.ContainsFunc(sources, func(name string) bool { return sourceTag(name) == e.source() })
}

func (e storedEvent) hasTags(tags []string) bool {
	return !slices.ContainsFunc(tags, func(t string) bool { return !slices.Contains(e.allTags, t) && t != "host:"+e.Host })
}
