package fakedatadog

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The limits of POST /api/v1/events
// (https://docs.datadoghq.com/api/latest/events/#post-an-event).
const (
	maxTextRunes           = 4000
	maxAggregationKeyRunes = 100
	maxAge                 = 18 * time.Hour
	maxAhead               = 2 * time.Hour
)

var (
	alertTypes = []string{"error", "warning", "info", "success", "user_update", "recommendation", "snapshot"}
	priorities = []string{"normal", "low"}
)

// createEventRequest is the body of POST /api/v1/events.
type createEventRequest struct {
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

// createEvent accepts an event. Its refusals are JSON as text/plain, as recorded.
func (s *Server) createEvent(c *call) answer {
	var in createEventRequest
	if err := json.Unmarshal(c.body, &in); err != nil {
		return failure(http.StatusBadRequest, decodeProblem(err)).as(mediaText)
	}
	if problem := in.problem(c.now); problem != "" {
		return failure(http.StatusBadRequest, problem).as(mediaText)
	}
	e := s.accept(c, EventsCreate, in.event(c.now))
	id := strconv.FormatInt(e.ID, 10)
	rounded := json.Number(strconv.FormatFloat(float64(e.ID), 'f', -1, 64)) // As if it were a float64.
	return jsonAnswer(http.StatusAccepted, object{
		"status": "ok",
		"event": object{
			"id": rounded, "id_str": id, "title": e.Title, "text": e.Text, "date_happened": e.DateHappened, "handle": nil,
			"priority": in.Priority, "related_event_id": in.RelatedEventID, "tags": in.Tags, "url": s.appURL + "/event/event?id=" + id,
		},
	})
}

// problem returns the first rule that the request breaks. Where Datadog accepts an
// event and then loses it, such as for an unknown alert_type, it says so.
func (in createEventRequest) problem(now time.Time) string {
	happened := time.Unix(valueOr(in.DateHappened, now.Unix()), 0)
	switch {
	case in.Title == "":
		return fmt.Sprintf(missingValue, "title")
	case in.Text == "":
		return fmt.Sprintf(missingValue, "text")
	case happened.Before(now.Add(-maxAge)):
		return "Event too far in the past"
	case happened.After(now.Add(maxAhead)):
		return "Event too far in the future"
	case in.AlertType != nil && !slices.Contains(alertTypes, *in.AlertType):
		return fmt.Sprintf(invalidValue, "alert_type")
	case in.Priority != nil && !slices.Contains(priorities, *in.Priority):
		return fmt.Sprintf(invalidValue, "priority")
	case utf8.RuneCountInString(in.AggregationKey) > maxAggregationKeyRunes:
		return fmt.Sprintf("The value provided for parameter 'aggregation_key' is longer than %d characters", maxAggregationKeyRunes)
	}
	return ""
}

// event truncates the text, as Datadog does.
func (in createEventRequest) event(now time.Time) Event {
	return Event{
		Title: in.Title, Text: string(window([]rune(in.Text), 0, maxTextRunes)), Host: in.Host, DeviceName: in.DeviceName,
		DateHappened: valueOr(in.DateHappened, now.Unix()), AlertType: valueOr(in.AlertType, ""), Priority: valueOr(in.Priority, ""),
		RelatedEventID: valueOr(in.RelatedEventID, 0), AggregationKey: in.AggregationKey, SourceTypeName: in.SourceTypeName, Tags: in.Tags,
	}
}

func valueOr[T any](p *T, defaultValue T) T {
	if p == nil {
		return defaultValue
	}
	return *p
}

// shown is the event as the API shows it by itself.
func (e storedEvent) shown() object {
	id := strconv.FormatInt(e.ID, 10)
	return object{
		"id": e.ID, "id_str": id, "title": e.Title, "text": e.Text, "date_happened": e.DateHappened,
		"alert_type": e.AlertType, "priority": e.Priority, "host": orNull(e.Host), "device_name": orNull(e.DeviceName),
		"tags": e.allTags, "url": "/event/event?event_id=" + id, "resource": "/api/v1/events/" + id,
		"monitor_id": orNull(e.MonitorID), "monitor_groups": orEmpty(e.MonitorGroups),
	}
}

// listed is the event as the API shows it in a list.
func (e storedEvent) listed() object {
	listed := e.shown()
	listed["source"], listed["is_aggregate"] = cmp.Or(e.SourceTypeName, "My Apps"), false
	listed["comments"], listed["monitor_group_status"] = []string{}, nil
	return listed
}

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
	if start > end {
		c.fail("start param must be greater than end param") // Wrong, but recorded.
	}
	if c.Has("page") && !unaggregated {
		c.fail("The parameter 'page' can only be used with 'unaggregated' or 'exclude_aggregate'")
	}
	covers := func(date int64) bool { return start <= date && date <= end }
	var parents map[string]int64
	if !unaggregated {
		parents = s.stream.parents(c.now)
	}
	matching := []object{}
	for _, e := range slices.Backward(s.stream.events) {
		if e.DateHappened < start {
			break
		}
		parent, aggregated := parents[e.AggregationKey]
		switch {
		case !covers(e.DateHappened), e.visibleFrom.After(c.now), aggregated && !covers(parent):
		case priority != "" && priority != e.Priority, !e.hasSource(sources), !e.hasTags(tags):
		default:
			matching = append(matching, e.listed())
		}
	}
	return success(object{"events": window(matching, min(page, 1<<20)*maxEventsPerPage, maxEventsPerPage)})
}

// parents returns the date of the newest visible event of each aggregation key.
func (s *stream) parents(now time.Time) map[string]int64 {
	dates := map[string]int64{}
	for _, e := range s.events {
		if e.AggregationKey != "" && !e.visibleFrom.After(now) {
			dates[e.AggregationKey] = e.DateHappened
		}
	}
	return dates
}

// hasSource reports whether the event has one of the sources.
func (e storedEvent) hasSource(sources []string) bool {
	return len(sources) == 0 || slices.ContainsFunc(sources, func(s string) bool { return strings.EqualFold(s, e.source()) })
}

// hasTags reports whether the event has all of the tags.
func (e storedEvent) hasTags(tags []string) bool {
	return !slices.ContainsFunc(tags, func(t string) bool { return !slices.Contains(e.allTags, t) && t != "host:"+e.Host })
}
