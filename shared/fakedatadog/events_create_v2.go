package fakedatadog

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// EventsCreateV2 is the route of POST /api/v2/events, which Datadog has on a host
// of its own (https://docs.datadoghq.com/api/latest/events/#post-an-event, tab v2).
const EventsCreateV2 Route = "events.create_v2"

func (s *stream) routesV2() []route {
	return []route{{
		name: EventsCreateV2, method: http.MethodPost, path: "/api/v2/events", needs: bothKeys, handle: s.createV2,
		limit: eventSubmission,
	}}
}

// createV2 accepts an event of the category alert or change.
func (s *stream) createV2(c call) answer {
	var body any
	if json.Unmarshal(c.body, &body) != nil {
		return invalid("Payload is not valid JSON")
	}
	var check schema
	in := check.event(body, c.now)
	if check.problem != "" {
		return invalid(check.problem)
	}
	e := s.add(in, c.now.Add(s.visibleAfter))
	s.posted = append(s.posted, PostedEvent{Route: EventsCreateV2, Body: slices.Clone(c.body), Event: e, Fault: c.fault})
	uid := e.uid()
	evt := map[string]string{"id": strconv.FormatInt(e.ID, 10), "uid": uid}
	return jsonAnswer(http.StatusAccepted, map[string]any{
		"data":  map[string]any{"type": "event", "id": "_", "attributes": map[string]any{"attributes": map[string]any{"evt": evt}}},
		"links": map[string]string{"self": s.appURL + "/event/event?uid=" + uid},
	})
}

// invalid refuses a request in the form of JSON:API.
func invalid(detail string) answer {
	type problem struct {
		Status string `json:"status"`
		Title  string `json:"title"`
		Detail string `json:"detail"`
	}
	return jsonAnswer(http.StatusBadRequest, map[string][]problem{"errors": {{Status: "400", Title: "Bad Request", Detail: detail}}})
}

// uid returns the id that the v2 API knows the event by, which looks like Datadog's.
func (e Event) uid() string {
	sum := sha256.Sum256(strconv.AppendInt(nil, e.ID, 10))
	return "AZ" + base64.RawURLEncoding.EncodeToString(sum[:18])[2:]
}

// event returns what the stream makes of a body that breaks no rule.
func (s *schema) event(body any, now time.Time) Event {
	data := s.object("$", body).object("data", required)
	data.oneOf("type", required, "event")
	in := data.object("attributes", required,
		"title", "message", "category", "attributes", "tags", "timestamp", "aggregation_key", "host", "integration_id")
	category := in.oneOf("category", required, "alert", "change")
	e := Event{
		Title:          in.text("title", required, 500),
		Text:           in.text("message", optional, maxTextChars),
		AggregationKey: in.text("aggregation_key", optional, maxAggregationKeyChars),
		Host:           in.text("host", optional, 255),
		DateHappened:   in.timestamp("timestamp", now).Unix(),
	}
	in.oneOf("integration_id", optional, "custom-events")
	in.list("tags", 1, 100, func(path string, v any) { e.Tags = append(e.Tags, s.text(path, v, 200)) })
	switch category {
	case "alert":
		e.AlertType = in.alert()
	case "change":
		in.change()
	}
	return e
}

// timestamp returns the time of a property, or now where there is none.
func (n node) timestamp(name string, now time.Time) time.Time {
	v, there := n.property(name, optional)
	if !there {
		return now
	}
	text, _ := v.(string)
	at, err := time.Parse(time.RFC3339, text)
	switch {
	case err != nil:
		n.schema.fail(n.path+"."+name, "value must be a time in ISO 8601.")
	case at.Before(now.Add(-maxAge)):
		n.schema.fail(n.path+"."+name, "value must not be older than %d hours.", int(maxAge.Hours()))
	}
	return at
}

// alert checks the attributes of an alert and returns the type that its status is
// in the words of the v1 API.
func (n node) alert() (alertType string) {
	in := n.object("attributes", required, "status", "priority", "links", "custom")
	status := in.oneOf("status", required, "ok", "warn", "error")
	in.oneOf("priority", optional, "1", "2", "3", "4", "5")
	in.list("links", 1, 20, func(path string, v any) {
		link := n.schema.object(path, v, "category", "url", "title")
		link.oneOf("category", required, "runbook", "documentation", "dashboard", "resource")
		link.text("url", required, 2048)
		link.text("title", optional, 300)
	})
	in.free("custom")
	return map[string]string{"ok": "success", "warn": "warning", "error": "error"}[status]
}

func (n node) change() {
	in := n.object("attributes", required,
		"changed_resource", "author", "impacted_resources", "change_metadata", "prev_value", "new_value")
	named := func(of node, types ...string) {
		of.text("name", required, 128)
		of.oneOf("type", required, types...)
	}
	named(in.object("changed_resource", required, "name", "type"), "feature_flag", "configuration")
	named(in.object("author", optional, "name", "type"), "user", "system", "api", "automation")
	in.list("impacted_resources", 0, 100, func(path string, v any) { named(n.schema.object(path, v, "name", "type"), "service") })
	for _, name := range []string{"change_metadata", "prev_value", "new_value"} {
		in.free(name)
	}
}
