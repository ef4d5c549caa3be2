package fakedatadog

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"time"
)

// Event is an event as the stream keeps it. Its JSON names are Datadog's.
type Event struct {
	// ID is a 64-bit number that a float64 cannot hold, which is why Datadog's own
	// answer to a create rounds it.
	ID             int64  `json:"id,string"`
	Title          string `json:"title"`
	Text           string `json:"text"`
	DateHappened   int64  `json:"date_happened"` // Epoch seconds.
	AlertType      string `json:"alert_type"`    // error, warning, info, success, user_update, recommendation, snapshot.
	Priority       string `json:"priority"`      // normal or low.
	Host           string `json:"host,omitempty"`
	DeviceName     string `json:"device_name,omitempty"`
	AggregationKey string `json:"aggregation_key,omitempty"`
	RelatedEventID int64  `json:"related_event_id,omitempty,string"`
	// SourceTypeName is what sent the event, "github"; empty is Datadog's "my_apps".
	SourceTypeName string   `json:"source_type_name,omitempty"`
	Tags           []string `json:"tags"`
	// MonitorID and MonitorGroups are those of an event that a monitor sent.
	MonitorID     int64    `json:"monitor_id,omitempty"`
	MonitorGroups []string `json:"monitor_groups,omitempty"`
	// Change is what an event of the category "change" says besides.
	Change *ChangeEvent `json:"change,omitempty"`
	// SearchID is the id that a search shows the event by; one is made where none is given.
	SearchID string `json:"search_id,omitempty"`
}

// PostedEvent is what came in through one of the two ways to post, and was accepted.
type PostedEvent struct {
	// Route is the way: EventsCreate or EventsCreateV2.
	Route Route `json:"route"`
	// Body is the request's, as it came.
	Body json.RawMessage `json:"body"`
	// Event is what the stream made of it: text cut at 4,000 characters, defaults
	// filled in, the status of an alert as an alert_type.
	Event Event `json:"event"`
	// Fault is what the caller met instead of the right answer.
	Fault Fault `json:"fault,omitempty"`
}

// stream is Datadog's event stream.
type stream struct {
	appURL       string
	visibleAfter time.Duration

	stored []stored // By date, then by id; the newest last.
	posted []PostedEvent
	issued int64
}

type stored struct {
	Event
	allTags     []string // Event.allTags, which a list would make anew for each event.
	visibleFrom time.Time
}

// AddEvent puts an event into the stream as a monitor or a deploy would, visible
// at once, and returns its id. Whatever is zero gets Datadog's default, the date
// the server's clock, the id a new one.
func (s *Server) AddEvent(e Event) (id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if e.DateHappened == 0 {
		e.DateHappened = now.Unix()
	}
	return strconv.FormatInt(s.stream.add(e, now).ID, 10)
}

// Events returns everything in the stream, the newest first, also what is not
// visible to the API yet.
func (s *Server) Events() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	events := make([]Event, 0, len(s.stream.stored))
	for _, e := range slices.Backward(s.stream.stored) {
		events = append(events, e.copy())
	}
	return events
}

// Posted returns the events that were posted and accepted, in the order in which
// they came.
func (s *Server) Posted() []PostedEvent {
	s.mu.Lock()
	defer s.mu.Unlock()
	posted := make([]PostedEvent, 0, len(s.stream.posted))
	for _, p := range s.stream.posted {
		p.Body, p.Event = slices.Clone(p.Body), p.Event.copy()
		posted = append(posted, p)
	}
	return posted
}

func (e Event) copy() Event {
	e.Tags, e.MonitorGroups = slices.Clone(e.Tags), slices.Clone(e.MonitorGroups)
	return e
}

func (s *stream) add(e Event, visibleFrom time.Time) Event {
	e = e.copy()
	e.AlertType = cmp.Or(e.AlertType, "info")
	e.Priority = cmp.Or(e.Priority, "normal")
	if e.ID == 0 {
		e.ID = s.nextID()
	}
	at, _ := slices.BinarySearchFunc(s.stored, e, func(a stored, b Event) int {
		return cmp.Or(cmp.Compare(a.DateHappened, b.DateHappened), cmp.Compare(a.ID, b.ID))
	})
	s.stored = slices.Insert(s.stored, at, stored{Event: e, allTags: e.allTags(), visibleFrom: visibleFrom})
	return e
}

// nextID returns ids as large as Datadog's. They are odd, and so no float64 holds
// any of them: whoever keeps the rounded one has the wrong id, always.
func (s *stream) nextID() int64 {
	s.issued++
	return 8_306_082_202_796_025_001 + 2*s.issued
}

// find returns the event with an id if the API shows it already.
func (s *stream) find(id int64, now time.Time) (Event, bool) {
	for _, e := range slices.Backward(s.stored) {
		if e.ID == id {
			return e.Event, !e.visibleFrom.After(now)
		}
	}
	return Event{}, false
}
