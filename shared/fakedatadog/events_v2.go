package fakedatadog

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// createEventV2 accepts an event of the category alert or change.
func (s *Server) createEventV2(c *call) answer {
	var body any
	if json.Unmarshal(c.body, &body) != nil {
		return jsonAPIFailure("Payload is not valid JSON")
	}
	problem := eventSchema(c.now)("$", body)
	if problem != "" {
		return jsonAPIFailure("JSON validation failed at " + problem)
	}
	var in struct {
		Data struct {
			Attributes struct {
				Title          string
				Message        string
				AggregationKey string `json:"aggregation_key"`
				Host           string
				Tags           []string
				Timestamp      *time.Time
				Attributes     struct{ Status string }
			}
		}
	}
	if err := json.Unmarshal(c.body, &in); err != nil {
		return jsonAPIFailure(err.Error())
	}
	a := in.Data.Attributes
	e := s.accept(c, EventsCreateV2, Event{
		Title: a.Title, Text: a.Message, AggregationKey: a.AggregationKey, Host: a.Host, Tags: a.Tags,
		DateHappened: valueOr(a.Timestamp, c.now).Unix(),
		AlertType:    map[string]string{"ok": "success", "warn": "warning", "error": "error"}[a.Attributes.Status],
	})
	evt := map[string]string{"id": strconv.FormatInt(e.ID, 10), "uid": e.uid()}
	return jsonAnswer(http.StatusAccepted, object{
		"data":  object{"type": "event", "id": "_", "attributes": object{"attributes": object{"evt": evt}}},
		"links": object{"self": s.appURL + "/event/event?uid=" + evt["uid"]},
	})
}

// jsonAPIFailure answers in the error format of JSON:API.
func jsonAPIFailure(detail string) answer {
	type problem struct {
		Status string `json:"status"`
		Title  string `json:"title"`
		Detail string `json:"detail"`
	}
	return jsonAnswer(http.StatusBadRequest, map[string][]problem{"errors": {{Status: "400", Title: "Bad Request", Detail: detail}}})
}

// uid returns the event's id in the v2 API, which looks like Datadog's.
func (e Event) uid() string {
	sum := sha256.Sum256(strconv.AppendInt(nil, e.ID, 10))
	return "AZ" + base64.RawURLEncoding.EncodeToString(sum[:18])[2:]
}

// eventSchema is that of POST /api/v2/events
// (https://docs.datadoghq.com/api/latest/events/#post-an-event, tab v2).
func eventSchema(now time.Time) check {
	named := func(types ...string) check {
		return objectOf{"name": required(text(128)), "type": required(oneOf(types...))}.check
	}
	link := objectOf{
		"category": required(oneOf("runbook", "documentation", "dashboard", "resource")), "url": required(text(2048)), "title": text(300),
	}
	alert := objectOf{
		"status": required(oneOf("ok", "warn", "error")), "priority": oneOf("1", "2", "3", "4", "5"), "links": list(1, 20, link.check), "custom": freeObject,
	}
	change := objectOf{
		"changed_resource": required(named("feature_flag", "configuration")), "author": named("user", "system", "api", "automation"),
		"impacted_resources": list(0, 100, named("service")), "change_metadata": freeObject, "prev_value": freeObject, "new_value": freeObject,
	}
	details := func(path string, v any) string {
		attributes, _ := v.(map[string]any)
		category, _ := attributes["category"].(string)
		kind := map[string]objectOf{"alert": alert, "change": change}[category]
		event := objectOf{
			"title": required(text(500)), "message": text(maxTextRunes), "category": required(oneOf("alert", "change")), "attributes": required(kind.check),
			"tags": list(1, 100, text(200)), "timestamp": timestamp(now), "aggregation_key": text(maxAggregationKeyRunes), "host": text(255),
			"integration_id": oneOf("custom-events"),
		}
		return event.check(path, v)
	}
	data := objectOf{"*": anything, "type": required(oneOf("event")), "attributes": required(details)}
	return objectOf{"*": anything, "data": required(data.check)}.check
}

// searchEvents finds events by their tags and some of their fields.
func (s *Server) searchEvents(c *call, in searchRequest) answer {
	if in.Page.Cursor != "" && readCursor(in.Page.Cursor) == "" {
		return failure(http.StatusBadRequest, `{'errors': [u"input_validation_error(Field 'page' is invalid: invalid cursor)"]}`)
	}
	from, to := in.times(c)
	known := func(key string) bool {
		return !strings.HasPrefix(key, "@") || key == "@monitor.id" || key == "@evt.category"
	}
	matches, ok := parseQuery(in.Filter.Query, known)
	if !ok {
		c.fail("input_validation_error(Field 'filter.query' is invalid: fakedatadog cannot parse %q)", in.Filter.Query)
		return answer{}
	}
	var found []Event
	for _, e := range s.stream.events {
		at := time.Unix(e.DateHappened, 0)
		if !e.visibleFrom.After(c.now) && !at.Before(from) && !at.After(to) && matches(e.values) {
			found = append(found, e.Event)
		}
	}
	return searchAnswer(in, "/api/v2/events/search", found, object{}, Event.searchID, Event.found)
}

// searchID returns the event's id in search results, which differs from the stream's.
func (e Event) searchID() string {
	return cmp.Or(e.SearchID, "AgAAAYGCFXAg"+base64.RawURLEncoding.EncodeToString(strconv.AppendInt(nil, e.ID, 10)))
}

// values returns what the event has for a key of a search. Its status differs from the
// one that was posted
// (https://docs.datadoghq.com/events/guides/migrating_to_new_events_features/).
func (e Event) values(key string) []string {
	switch key {
	case "":
		return []string{e.Title, e.Text}
	case "source":
		return []string{e.source()}
	case "service":
		return []string{e.service()}
	case "host":
		return append(tagValues(e.Tags, "host"), e.Host)
	case "status":
		return []string{strings.NewReplacer("success", "ok", "warning", "warn").Replace(e.AlertType)}
	case "tags":
		return e.searchTags()
	case "@monitor.id":
		return []string{strconv.FormatInt(e.MonitorID, 10)}
	case "@evt.category":
		if e.Change != nil {
			return []string{"change"}
		}
		return nil
	}
	return tagValues(e.Tags, key)
}

// service returns the first service of the tags.
func (e Event) service() string {
	for _, service := range tagValues(e.Tags, "service") {
		return service
	}
	return ""
}

// found returns the event as a search shows it, without the keys of what it lacks.
func (e Event) found() any {
	happened := time.Unix(e.DateHappened, 0).UTC()
	evt := object{"id": strconv.FormatInt(e.ID, 10), "source_id": 100, "type": "api"}
	attributes := object{
		"title": e.Title, "status": e.AlertType, "priority": e.Priority, "timestamp": happened.UnixMilli(),
		"service": cmp.Or(e.service(), "undefined"), "evt": evt,
		"hostname": e.Host, "aggregation_key": e.AggregationKey, "event_object": e.AggregationKey, "related_event_id": e.RelatedEventID,
	}
	maps.DeleteFunc(attributes, func(_ string, v any) bool { return v == "" || v == int64(0) })
	if e.MonitorID != 0 {
		attributes["monitor_id"], attributes["monitor_groups"] = e.MonitorID, orEmpty(e.MonitorGroups)
	}
	if e.Change != nil {
		evt["category"] = "change"
		raw, _ := json.Marshal(e.Change) // It came from JSON, or from a test.
		_ = json.Unmarshal(raw, &attributes)
	}
	return object{"id": e.searchID(), "type": "event", "attributes": object{
		"attributes": attributes, "message": e.Text, "tags": e.searchTags(), "timestamp": happened.Format(time.RFC3339),
	}}
}
