package fakedatadog

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
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
