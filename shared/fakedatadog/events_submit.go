package fakedatadog

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The limits of POST /api/v1/events
// (https://docs.datadoghq.com/api/latest/events/#post-an-event). Those of host and tags are
// documented for v2 only.
const (
	maxTextRunes           = 4000
	maxAggregationKeyRunes = 100
	maxHostRunes           = 255
	maxTags                = 100
	maxTagRunes            = 200
	maxAge                 = 18 * time.Hour
	maxAhead               = 2 * time.Hour
)

var (
	alertTypes = []string{"", "error", "warning", "info", "success", "user_update", "recommendation", "snapshot"}
	priorities = []string{"", "normal", "low"}
)

// createEvent accepts an event. Its refusals are JSON as text/plain, as recorded.
func (s *Server) createEvent(c *call) answer {
	in := Event{DateHappened: c.now.Unix()}
	c.decode(&in)
	in.ID, in.MonitorID, in.MonitorGroups, in.Change, in.Payload, in.IsAggregate = 0, 0, nil, nil, "", false // Callers cannot set them.
	if c.checkEvent(in); c.problem != "" {
		return answer{media: mediaText}
	}
	sent := in
	in.Text = string(window([]rune(in.Text), 0, maxTextRunes)) // As Datadog does.
	e := s.accept(c, EventsCreate, in)
	id := strconv.FormatInt(e.ID, 10)
	rounded := json.Number(strconv.FormatFloat(float64(e.ID), 'f', -1, 64)) // As if it were a float64.
	return jsonAnswer(http.StatusAccepted, object{"status": "ok", "event": object{
		"id": rounded, "id_str": id, "title": e.Title, "text": e.Text, "date_happened": e.DateHappened,
		"priority": orNull(sent.Priority), "related_event_id": orNull(sent.RelatedEventID), "tags": sent.Tags, "url": appURL + "/event/event?id=" + id,
	}})
}

// checkEvent finds the first rule that the request breaks. Where Datadog accepts an
// event and then loses it, such as for an unknown alert_type, it says so.
func (c *call) checkEvent(e Event) {
	c.failIf(e.Title == "", missingValue, "title")
	c.failIf(e.Text == "", missingValue, "text")
	c.failIf(e.at().Before(c.now.Add(-maxAge)), "Event too far in the past")
	c.failIf(e.at().After(c.now.Add(maxAhead)), "Event too far in the future")
	c.failIf(!slices.Contains(alertTypes, e.AlertType), invalidValue, "alert_type")
	c.failIf(!slices.Contains(priorities, e.Priority), invalidValue, "priority")
	c.checkLength("aggregation_key", maxAggregationKeyRunes, e.AggregationKey)
	c.checkLength("host", maxHostRunes, e.Host)
	c.failIf(len(e.Tags) > maxTags, "The value provided for parameter 'tags' has more than %d elements", maxTags)
	c.checkLength("tags", maxTagRunes, e.Tags...)
}

func (c *call) checkLength(parameter string, runes int, texts ...string) {
	tooLong := slices.ContainsFunc(texts, func(text string) bool { return utf8.RuneCountInString(text) > runes })
	c.failIf(tooLong, "The value provided for parameter '%s' is longer than %d characters", parameter, runes)
}

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

// schema has what a request's body may hold, by path: "$.data.tags[]" for each of the
// tags.
type schema map[string]rule

type rule struct {
	want   string
	allows func(any) bool
}

// is allows the values of a type that meet a condition.
func is[T any](want string, allows func(T) bool) rule {
	return rule{want, func(v any) bool {
		value, isType := v.(T)
		return isType && allows(value)
	}}
}

func oneOf(words ...string) rule {
	return is(`one of: ["`+strings.Join(words, `", "`)+`"]`, func(text string) bool { return slices.Contains(words, text) })
}

func text(runes int) rule {
	return is(fmt.Sprintf("a string of 1 to %d characters", runes), func(text string) bool {
		return text != "" && utf8.RuneCountInString(text) <= runes
	})
}

func elements(n int) rule {
	return is(fmt.Sprintf("a list of 1 to %d elements", n), func(list []any) bool { return len(list) > 0 && len(list) <= n })
}

func recent(now time.Time) rule {
	return is(fmt.Sprintf("a time in ISO 8601, at most %d hours old", int(maxAge.Hours())), func(text string) bool {
		at, err := time.Parse(time.RFC3339, text)
		return err == nil && !at.Before(now.Add(-maxAge))
	})
}

func properties(required ...string) rule {
	return is("an object with "+strings.Join(required, ", "), func(o object) bool {
		return !slices.ContainsFunc(required, func(name string) bool { _, exists := o[name]; return !exists })
	})
}

var custom = is("an object of at most 100 properties, nested at most 10 levels deep", func(o object) bool { return fits(o, 1) })

// fits reports whether an object has at most 100 properties, also those inside, which are
// nested at most 10 deep. Lists count too.
func fits(v any, depth int) bool {
	var children []any
	switch v := v.(type) {
	case []any:
		children = v
	case object:
		children = slices.Collect(maps.Values(v))
		if len(children) > 100 {
			return false
		}
	default:
		return true
	}
	return depth <= 10 && !slices.ContainsFunc(children, func(child any) bool { return !fits(child, depth+1) })
}

// eventSchema is that of an alert in POST /api/v2/events. Changes are not supported
// (https://docs.datadoghq.com/api/latest/events/#post-an-event, tab v2).
func eventSchema(now time.Time) schema {
	const data, event, alert = "$.data", "$.data.attributes", "$.data.attributes.attributes"
	return schema{
		"$":                         properties("data"),
		data:                        properties("type", "attributes"),
		data + ".type":              oneOf("event"),
		event:                       properties("title", "category", "attributes"),
		event + ".title":            text(500),
		event + ".message":          text(maxTextRunes),
		event + ".category":         oneOf("alert", "change"),
		event + ".tags":             elements(maxTags),
		event + ".tags[]":           text(maxTagRunes),
		event + ".timestamp":        recent(now),
		event + ".aggregation_key":  text(maxAggregationKeyRunes),
		event + ".host":             text(maxHostRunes),
		event + ".integration_id":   oneOf("custom-events"),
		alert:                       properties("status"),
		alert + ".status":           oneOf("ok", "warn", "error"),
		alert + ".priority":         oneOf("1", "2", "3", "4", "5"),
		alert + ".links":            elements(20),
		alert + ".links[]":          properties("category", "url"),
		alert + ".links[].category": oneOf("runbook", "documentation", "dashboard", "resource"),
		alert + ".links[].url":      text(2048),
		alert + ".links[].title":    text(300),
		alert + ".custom":           custom,
	}
}

// problem returns the first thing that is wrong with a value, pattern being its path
// without the numbers of elements. The form of a problem is recorded, and so are the
// words for a value outside an enumeration; the other words are ours.
func (s schema) problem(path, pattern string, v any) (problem string) {
	switch r, known := s[pattern]; {
	case !known:
		return "JSON validation failed at " + path + ": property is not in the schema, which allows no others."
	case !r.allows(v):
		return "JSON validation failed at " + path + ": value must be " + r.want + "."
	case strings.HasSuffix(pattern, ".custom"): // Its properties are the caller's own.
		return ""
	}
	switch v := v.(type) {
	case []any:
		for i := 0; i < len(v) && problem == ""; i++ {
			problem = s.problem(fmt.Sprintf("%s[%d]", path, i), pattern+"[]", v[i])
		}
	case object:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if problem == "" {
				problem = s.problem(path+"."+name, pattern+"."+name, v[name])
			}
		}
	}
	return problem
}
