package fakedatadog

import (
	"encoding/json"
	"fmt"
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
	if !c.decode(&in) {
		return answer{media: mediaText}
	}
	in.ID, in.MonitorID, in.MonitorGroups, in.Change, in.Payload, in.IsAggregate = 0, 0, nil, nil, "", false // Callers cannot set them.
	sent := in
	if problem := in.problem(c.now); problem != "" {
		return badRequest("%s", problem).as(mediaText)
	}
	in.Text = string(window([]rune(in.Text), 0, maxTextRunes)) // As Datadog does.
	e := s.accept(c, EventsCreate, in)
	id := strconv.FormatInt(e.ID, 10)
	rounded := json.Number(strconv.FormatFloat(float64(e.ID), 'f', -1, 64)) // As if it were a float64.
	return jsonAnswer(http.StatusAccepted, object{"status": "ok", "event": object{
		"id": rounded, "id_str": id, "title": e.Title, "text": e.Text, "date_happened": e.DateHappened,
		"priority": orNull(sent.Priority), "related_event_id": orNull(sent.RelatedEventID), "tags": sent.Tags, "url": s.appURL + "/event/event?id=" + id,
	}})
}

// problem returns the first rule that the request breaks. Where Datadog accepts an
// event and then loses it, such as for an unknown alert_type, it says so.
func (e Event) problem(now time.Time) string {
	happened := e.at()
	switch {
	case e.Title == "":
		return fmt.Sprintf(missingValue, "title")
	case e.Text == "":
		return fmt.Sprintf(missingValue, "text")
	case happened.Before(now.Add(-maxAge)):
		return "Event too far in the past"
	case happened.After(now.Add(maxAhead)):
		return "Event too far in the future"
	case !slices.Contains(alertTypes, e.AlertType):
		return fmt.Sprintf(invalidValue, "alert_type")
	case !slices.Contains(priorities, e.Priority):
		return fmt.Sprintf(invalidValue, "priority")
	case utf8.RuneCountInString(e.AggregationKey) > maxAggregationKeyRunes:
		return tooLong("aggregation_key", maxAggregationKeyRunes)
	case utf8.RuneCountInString(e.Host) > maxHostRunes:
		return tooLong("host", maxHostRunes)
	case len(e.Tags) > maxTags:
		return fmt.Sprintf("The value provided for parameter 'tags' has more than %d elements", maxTags)
	case slices.ContainsFunc(e.Tags, func(tag string) bool { return utf8.RuneCountInString(tag) > maxTagRunes }):
		return tooLong("tags", maxTagRunes)
	}
	return ""
}

func tooLong(parameter string, runes int) string {
	return fmt.Sprintf("The value provided for parameter '%s' is longer than %d characters", parameter, runes)
}
