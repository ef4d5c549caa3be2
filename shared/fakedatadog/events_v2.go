package fakedatadog

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// createEventV2 accepts an event of the category alert.
func (s *Server) createEventV2(c *call) answer {
	var body any
	problem := "Payload is not valid JSON"
	if json.Unmarshal(c.body, &body) == nil {
		problem = eventSchema(c.now).problem("$", "$", body)
	}
	if problem != "" {
		return jsonAnswer(http.StatusBadRequest, object{"errors": []object{{"status": "400", "title": "Bad Request", "detail": problem}}})
	}
	var in struct {
		Data struct {
			Attributes struct {
				Event      // Its title, host, tags and aggregation_key.
				Message    string
				Timestamp  *time.Time
				Attributes struct{ Status string }
			}
		}
	}
	_ = json.Unmarshal(c.body, &in) // The schema has its types.
	a := in.Data.Attributes
	a.Text, a.DateHappened = a.Message, valueOr(a.Timestamp, c.now).Unix()
	a.AlertType = map[string]string{"ok": "success", "warn": "warning", "error": "error"}[a.Attributes.Status]
	e := s.accept(c, EventsCreateV2, a.Event)
	evt := object{"id": strconv.FormatInt(e.ID, 10), "uid": e.uid()}
	return jsonAnswer(http.StatusAccepted, object{
		"data":  resource("event", "_", object{"attributes": object{"evt": evt}}),
		"links": object{"self": appURL + "/event/event?uid=" + e.uid()},
	})
}

// uid returns the event's id in the v2 API, which looks like Datadog's.
func (e Event) uid() string {
	sum := sha256.Sum256(strconv.AppendInt(nil, e.ID, 10))
	return "AZ" + base64.RawURLEncoding.EncodeToString(sum[:18])[2:]
}

// searchEvents finds events by their tags and some of their fields.
func (s *Server) searchEvents(c *call) answer { return search(c, s.visible(c.now)) }

// values returns what the event has for a key of a search. Its status differs from the
// one that was posted
// (https://docs.datadoghq.com/events/guides/migrating_to_new_events_features/).
func (e Event) values(key string) []string {
	switch key {
	case "":
		return []string{e.Title, e.Text}
	case "source", "sources": // The boards of integrations use the older word.
		return []string{e.source()}
	case "host":
		return append(tagValues(e.Tags, "host"), e.Host)
	case "status":
		return []string{strings.NewReplacer("success", "ok", "warning", "warn").Replace(e.AlertType)}
	case "@evt.category":
		if e.Change != nil {
			return []string{"change"}
		}
	}
	return tagValues(e.Tags, key)
}

// found returns the event as a search shows it.
func (e Event) found() object {
	evt := object{"id": strconv.FormatInt(e.ID, 10)}
	attributes := object{
		"title": e.Title, "status": e.AlertType, "priority": e.Priority, "timestamp": e.at().UnixMilli(), "hostname": e.Host, "evt": evt,
		"aggregation_key": e.AggregationKey, "service": append(tagValues(e.Tags, "service"), "undefined")[0],
	}
	if e.RelatedEventID != 0 {
		attributes["related_event_id"] = e.RelatedEventID
	}
	if e.MonitorID != 0 {
		attributes["monitor_id"], attributes["monitor_groups"] = e.MonitorID, orEmpty(e.MonitorGroups)
	}
	if e.Change != nil {
		evt["category"] = "change"
		maps.Copy(attributes, objectOf(e.Change))
	}
	tags := e.Tags // With the source first.
	if source := "source:" + e.source(); !slices.Contains(tags, source) {
		tags = append([]string{source}, tags...)
	}
	id := "AgAAAYGCFXAg" + base64.RawURLEncoding.EncodeToString(strconv.AppendInt(nil, e.ID, 10))
	return resource("event", id, object{"attributes": attributes, "message": e.Text, "tags": tags, "timestamp": e.at().Format(time.RFC3339)})
}
