package fakedatadog

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// EventsSearch is the route of POST /api/v2/events/search.
const EventsSearch Route = "events.search"

// ChangeEvent is what an event of the category "change" says besides. Its JSON
// names are Datadog's.
type ChangeEvent struct {
	Author            *NamedType     `json:"author,omitempty"`
	ChangedResource   *NamedType     `json:"changed_resource,omitempty"`
	ImpactedResources []NamedType    `json:"impacted_resources,omitempty"`
	PrevValue         map[string]any `json:"prev_value,omitempty"`
	NewValue          map[string]any `json:"new_value,omitempty"`
	ChangeMetadata    map[string]any `json:"change_metadata,omitempty"`
}

// NamedType is somebody or something: a user, a feature flag, a service.
type NamedType struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

func (s *stream) searchRoutes() []route {
	return []route{{
		name: EventsSearch, method: http.MethodPost, path: "/api/v2/events/search", needs: bothKeys, handle: s.search,
		limit: globalLimit,
	}}
}

// eventsRequest is what a search may say; whatever is absent is Datadog's default
// (https://docs.datadoghq.com/api/latest/events/#search-events).
type eventsRequest struct {
	Filter struct {
		Query string `json:"query"`
		From  string `json:"from"`
		To    string `json:"to"`
	} `json:"filter"`
	Page struct {
		Limit  int    `json:"limit"`
		Cursor string `json:"cursor"`
	} `json:"page"`
	Sort string `json:"sort"`
}

const defaultEvents = 10

func (s *stream) search(c call) answer {
	var in eventsRequest
	if err := json.Unmarshal(c.body, &in); err != nil {
		return failure(http.StatusBadRequest, unreadable(err))
	}
	after, problem := cursorOf(in.Page.Cursor)
	if problem != "" {
		return failure(http.StatusBadRequest, problem)
	}
	from, err := logTime(cmp.Or(in.Filter.From, "now-15m"), c.now)
	to, err2 := logTime(cmp.Or(in.Filter.To, "now"), c.now)
	query, err3 := parseEventQuery(in.Filter.Query)
	if err := errors.Join(err, err2, err3); err != nil {
		return failure(http.StatusBadRequest, err.Error())
	}
	if in.Page.Limit < 0 || in.Page.Limit > maxEventsPerPage {
		return failure(http.StatusBadRequest, fmt.Sprintf("input_validation_error(Field 'page.limit' is invalid: limit must be between 0 and %d)", maxEventsPerPage))
	}
	var found []Event
	for _, e := range s.stored {
		at := time.Unix(e.DateHappened, 0)
		if !e.visibleFrom.After(c.now) && !at.Before(from) && !at.After(to) && query(e.Event) {
			found = append(found, e.Event)
		}
	}
	if strings.HasPrefix(in.Sort, "-") {
		slices.Reverse(found)
	}
	return eventsAnswer(pageAfter(found, after, cmp.Or(in.Page.Limit, defaultEvents)))
}

// cursorOf returns the id of the event that a cursor stands behind. The words for
// one that is none are recorded.
func cursorOf(cursor string) (after, problem string) {
	if cursor == "" {
		return "", ""
	}
	var last struct{ After string }
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(cursor, "="))
	if err != nil || json.Unmarshal(raw, &last) != nil || last.After == "" {
		return "", `{'errors': [u"input_validation_error(Field 'page' is invalid: invalid cursor)"]}`
	}
	return last.After, ""
}

func pageAfter(found []Event, after string, limit int) []Event {
	if after != "" {
		at := slices.IndexFunc(found, func(e Event) bool { return e.searchID() == after })
		if at < 0 {
			return nil
		}
		found = found[at+1:]
	}
	return found[:min(limit, len(found))]
}

// searchID returns the id that a search shows the event by, which is none of the
// stream's.
func (e Event) searchID() string {
	if e.SearchID != "" {
		return e.SearchID
	}
	return "AgAAAYGCFXAg" + base64.RawURLEncoding.EncodeToString(strconv.AppendInt(nil, e.ID, 10))
}

// eventsAnswer has the keys that Datadog's recorded answers have: of a page
// without events fewer than of one with some.
func eventsAnswer(found []Event) answer {
	data := make([]any, len(found))
	for i, e := range found {
		data[i] = map[string]any{"id": e.searchID(), "type": "event", "attributes": e.found()}
	}
	if len(found) == 0 {
		return success(map[string]any{"data": data})
	}
	raw, _ := json.Marshal(map[string]string{"after": found[len(found)-1].searchID()}) // A map of strings always encodes.
	cursor := base64.RawStdEncoding.EncodeToString(raw)
	return success(map[string]any{
		"data": data, "meta": map[string]any{"page": map[string]string{"after": cursor}},
		"links": map[string]string{"next": "https://api.datadoghq.com/api/v2/events/search?page%5Bcursor%5D=" + cursor},
	})
}

// found is how a search shows an event. It leaves out what the event does not have.
func (e Event) found() map[string]any {
	happened := time.Unix(e.DateHappened, 0).UTC()
	attributes := map[string]any{
		"title": e.Title, "status": e.AlertType, "priority": e.Priority, "timestamp": happened.UnixMilli(),
		"service": cmp.Or(e.service(), "undefined"), "evt": e.evt(),
	}
	optional := map[string]string{"hostname": e.Host, "aggregation_key": e.AggregationKey, "event_object": e.AggregationKey}
	for key, value := range optional {
		if value != "" {
			attributes[key] = value
		}
	}
	if e.RelatedEventID != 0 {
		attributes["related_event_id"] = e.RelatedEventID
	}
	if e.MonitorID != 0 {
		attributes["monitor_id"], attributes["monitor_groups"] = e.MonitorID, append([]string{}, e.MonitorGroups...)
	}
	if e.Change != nil {
		var change map[string]any
		raw, _ := json.Marshal(e.Change) // It came from JSON, or from a test.
		_ = json.Unmarshal(raw, &change)
		maps.Copy(attributes, change)
	}
	return map[string]any{
		"attributes": attributes, "message": e.Text, "tags": e.searchTags(), "timestamp": happened.Format(time.RFC3339),
	}
}

func (e Event) evt() map[string]any {
	evt := map[string]any{"id": strconv.FormatInt(e.ID, 10), "source_id": 100, "type": "api"}
	if e.Change != nil {
		evt["category"] = "change"
	}
	return evt
}

// searchTags are the tags with the source among them.
func (e Event) searchTags() []string {
	source := "source:" + e.source()
	if slices.Contains(e.Tags, source) {
		return e.Tags
	}
	return append([]string{source}, e.Tags...)
}

func (e Event) service() string {
	for _, tag := range e.Tags {
		if value, ok := strings.CutPrefix(tag, "service:"); ok {
			return value
		}
	}
	return ""
}
