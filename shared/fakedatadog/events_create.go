package fakedatadog

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// The limits of POST /api/v1/events
// (https://docs.datadoghq.com/api/latest/events/#post-an-event).
const (
	maxTextChars           = 4000
	maxAggregationKeyChars = 100
	maxAge                 = 18 * time.Hour
	maxAhead               = 2 * time.Hour
)

var (
	alertTypes = []string{"error", "warning", "info", "success", "user_update", "recommendation", "snapshot"}
	priorities = []string{"normal", "low"}
)

// createRequest is the body of POST /api/v1/events. What is null is as good as absent.
type createRequest struct {
	Title          string   `json:"title"`
	Text           string   `json:"text"`
	DateHappened   *int64   `json:"date_happened"`
	AlertType      *string  `json:"alert_type"`
	Priority       *string  `json:"priority"`
	Host           string   `json:"host"`
	DeviceName     string   `json:"device_name"`
	AggregationKey string   `json:"aggregation_key"`
	RelatedEventID *int64   `json:"related_event_id"`
	SourceTypeName string   `json:"source_type_name"`
	Tags           []string `json:"tags"`
}

// createdEvent is how the answer to a create shows the event.
type createdEvent struct {
	ID             json.Number `json:"id"`
	IDStr          string      `json:"id_str"`
	Title          string      `json:"title"`
	Text           string      `json:"text"`
	DateHappened   int64       `json:"date_happened"`
	Handle         *string     `json:"handle"`
	Priority       *string     `json:"priority"`
	RelatedEventID *int64      `json:"related_event_id"`
	Tags           []string    `json:"tags"`
	URL            string      `json:"url"`
}

// create accepts an event. Its refusals are JSON under text/plain, as recorded.
func (s *stream) create(c call) answer {
	var in createRequest
	if err := json.Unmarshal(c.body, &in); err != nil {
		return failure(http.StatusBadRequest, unreadable(err)).as(mediaText)
	}
	if problem := in.problem(c.now); problem != "" {
		return failure(http.StatusBadRequest, problem).as(mediaText)
	}
	e := s.add(in.event(c.now), c.now.Add(s.visibleAfter))
	s.posted = append(s.posted, PostedEvent{Route: EventsCreate, Body: slices.Clone(c.body), Event: e, Fault: c.fault})
	id := strconv.FormatInt(e.ID, 10)
	return jsonAnswer(http.StatusAccepted, map[string]any{
		"status": "ok",
		"event": createdEvent{
			ID: rounded(e.ID), IDStr: id, Title: e.Title, Text: e.Text, DateHappened: e.DateHappened,
			Priority: in.Priority, RelatedEventID: in.RelatedEventID, Tags: in.Tags,
			URL: s.appURL + "/event/event?id=" + id,
		},
	})
}

func unreadable(err error) string {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		return fmt.Sprintf("The value provided for parameter '%s' is invalid", wrong.Field)
	}
	return "Payload is not valid JSON"
}

// problem returns the first rule that the request breaks, or nothing. Where the
// real API accepts an event and then loses it, over an unknown alert_type for
// one, the stand-in says so.
func (in createRequest) problem(now time.Time) string {
	switch {
	case in.Title == "":
		return "The parameter 'title' is required"
	case in.Text == "":
		return "The parameter 'text' is required"
	case in.DateHappened != nil && time.Unix(*in.DateHappened, 0).Before(now.Add(-maxAge)):
		return "Event too far in the past"
	case in.DateHappened != nil && time.Unix(*in.DateHappened, 0).After(now.Add(maxAhead)):
		return "Event too far in the future"
	case in.AlertType != nil && !slices.Contains(alertTypes, *in.AlertType):
		return "The value provided for parameter 'alert_type' is invalid"
	case in.Priority != nil && !slices.Contains(priorities, *in.Priority):
		return "The value provided for parameter 'priority' is invalid"
	case utf8.RuneCountInString(in.AggregationKey) > maxAggregationKeyChars:
		return fmt.Sprintf("The value provided for parameter 'aggregation_key' is longer than %d characters", maxAggregationKeyChars)
	}
	return ""
}

// event is what the stream keeps: over-long text is cut and not refused.
func (in createRequest) event(now time.Time) Event {
	text := in.Text
	if utf8.RuneCountInString(text) > maxTextChars {
		text = string([]rune(text)[:maxTextChars])
	}
	return Event{
		Title: in.Title, Text: text, Host: in.Host, DeviceName: in.DeviceName,
		DateHappened:   orElse(in.DateHappened, now.Unix()),
		AlertType:      orElse(in.AlertType, ""),
		Priority:       orElse(in.Priority, ""),
		RelatedEventID: orElse(in.RelatedEventID, 0),
		AggregationKey: in.AggregationKey, SourceTypeName: in.SourceTypeName, Tags: in.Tags,
	}
}

func orElse[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}

// rounded writes an id as whatever took it for a float64 does, padded with zeroes.
func rounded(id int64) json.Number {
	return json.Number(strconv.FormatFloat(float64(id), 'f', -1, 64))
}
