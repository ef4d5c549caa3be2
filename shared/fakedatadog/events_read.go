package fakedatadog

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The routes of the event stream.
const (
	EventsCreate Route = "events.create"
	EventsGet    Route = "events.get"
	EventsList   Route = "events.list"
)

// maxEventsPerPage is how many events one list holds
// (https://docs.datadoghq.com/api/latest/events/#get-a-list-of-events).
const maxEventsPerPage = 1000

// eventSubmission is for both ways to post. The number is documented, the name is not.
var eventSubmission = limit{name: "event_submission", calls: 250_000, period: time.Minute, silent: true}

func (s *stream) routes() []route {
	return []route{
		{
			name: EventsCreate, method: http.MethodPost, path: "/api/v1/events", needs: apiKey, handle: s.create,
			limit: eventSubmission,
		},
		{
			name: EventsGet, method: http.MethodGet, path: "/api/v1/events/{event_id:number}", needs: bothKeys, handle: s.get,
			limit: globalLimit,
		},
		{
			name: EventsList, method: http.MethodGet, path: "/api/v1/events", needs: bothKeys, handle: s.list,
			limit: limit{name: "event_stream_api", calls: 600, period: time.Minute},
		},
	}
}

// shownEvent is how the API shows an event by itself.
type shownEvent struct {
	ID            int64    `json:"id"`
	IDStr         string   `json:"id_str"`
	Title         string   `json:"title"`
	Text          string   `json:"text"`
	DateHappened  int64    `json:"date_happened"`
	AlertType     string   `json:"alert_type"`
	Priority      string   `json:"priority"`
	Host          *string  `json:"host"`
	DeviceName    *string  `json:"device_name"`
	Tags          []string `json:"tags"`
	URL           string   `json:"url"`
	Resource      string   `json:"resource"`
	MonitorID     *int64   `json:"monitor_id"`
	MonitorGroups []string `json:"monitor_groups"`
}

// listedEvent is how the API shows an event in a list.
type listedEvent struct {
	shownEvent
	Source             string   `json:"source"`
	IsAggregate        bool     `json:"is_aggregate"`
	Comments           []string `json:"comments"`
	MonitorGroupStatus *int     `json:"monitor_group_status"`
}

func (e Event) shown() shownEvent {
	id := strconv.FormatInt(e.ID, 10)
	return shownEvent{
		ID: e.ID, IDStr: id, Title: e.Title, Text: e.Text, DateHappened: e.DateHappened,
		AlertType: e.AlertType, Priority: e.Priority, Host: orNull(e.Host), DeviceName: orNull(e.DeviceName),
		Tags: e.allTags(), URL: "/event/event?event_id=" + id, Resource: "/api/v1/events/" + id,
		MonitorID: orNull(e.MonitorID), MonitorGroups: append([]string{}, e.MonitorGroups...),
	}
}

func (e Event) listed() listedEvent {
	return listedEvent{shownEvent: e.shown(), Source: cmp.Or(e.SourceTypeName, "My Apps"), Comments: []string{}}
}

// orNull shows what is not set as null, as Datadog does.
func orNull[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func (e Event) source() string {
	return strings.ReplaceAll(strings.ToLower(cmp.Or(e.SourceTypeName, "my_apps")), " ", "_")
}

// allTags returns the tags as Datadog shows them: in order, the source among them.
func (e Event) allTags() []string {
	tags := append([]string{"source:" + e.source()}, e.Tags...)
	slices.Sort(tags)
	return slices.Compact(tags)
}

func (s *stream) get(c call) answer {
	id, err := strconv.ParseInt(c.params["event_id"], 10, 64)
	if e, visible := s.find(id, c.now); err == nil && visible {
		return success(map[string]any{"event": e.shown()})
	}
	return failure(http.StatusNotFound, "No event matches that event_id.")
}

func (s *stream) list(c call) answer {
	q, problem := parseListQuery(c.query)
	if problem != "" {
		return failure(http.StatusBadRequest, problem)
	}
	var parents map[string]int64
	if !q.unaggregated {
		parents = s.parents(c.now)
	}
	matching := []listedEvent{}
	for _, e := range slices.Backward(s.stored) {
		if e.DateHappened < q.start {
			break
		}
		if e.visibleFrom.After(c.now) || !q.matches(e) {
			continue
		}
		if parent, aggregated := parents[e.AggregationKey]; aggregated && !q.covers(parent) {
			continue
		}
		matching = append(matching, e.listed())
	}
	first := min(q.page*maxEventsPerPage, len(matching))
	return success(map[string]any{"events": matching[first:min(first+maxEventsPerPage, len(matching))]})
}

// parents returns the date of the newest visible event of each aggregation key.
// Unless the caller asks for unaggregated events, an event is left out whose
// parent is outside the period.
func (s *stream) parents(now time.Time) map[string]int64 {
	dates := map[string]int64{}
	for _, e := range s.stored {
		if e.AggregationKey != "" && !e.visibleFrom.After(now) {
			dates[e.AggregationKey] = e.DateHappened
		}
	}
	return dates
}

// listQuery is the query of GET /api/v1/events. A list of sources matches any of
// them, a list of tags all of them.
type listQuery struct {
	start, end    int64
	priority      string
	sources, tags []string
	unaggregated  bool
	page          int
}

func parseListQuery(v url.Values) (q listQuery, problem string) {
	p := queryParams{Values: v}
	q = listQuery{
		start: p.integer("start", true), end: p.integer("end", true),
		priority: p.oneOf("priority", priorities),
		sources:  p.list("sources"), tags: p.list("tags"),
		unaggregated: p.flag("unaggregated"),
		page:         int(min(p.integer("page", false), 1<<20)),
	}
	q.unaggregated = p.flag("exclude_aggregate") || q.unaggregated
	switch {
	case p.problem != "":
		return q, p.problem
	case q.start > q.end:
		return q, "start param must be greater than end param" // The wrong way round, and recorded so.
	case v.Has("page") && !q.unaggregated:
		return q, "The parameter 'page' can only be used with 'unaggregated' or 'exclude_aggregate'"
	}
	return q, ""
}

func (q listQuery) covers(date int64) bool { return q.start <= date && date <= q.end }

func (q listQuery) matches(e stored) bool {
	if !q.covers(e.DateHappened) || q.priority != "" && q.priority != e.Priority {
		return false
	}
	if len(q.sources) > 0 && !slices.ContainsFunc(q.sources, func(s string) bool { return strings.EqualFold(s, e.source()) }) {
		return false
	}
	if len(q.tags) == 0 {
		return true
	}
	return !slices.ContainsFunc(q.tags, func(t string) bool { return !slices.Contains(e.allTags, t) && t != "host:"+e.Host })
}
