package backtest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"boomerang/functions/local/events"
	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/playbook"
	"boomerang/shared/site"
)

// maxSlice keeps the pages of one list few.
const maxSlice = 24 * time.Hour

// Read returns the events of monitors, and those of Boomerang, between two times. It needs
// the permission events_read.
func Read(ctx context.Context, stream events.Lister, from, to time.Time, progress func(done, total int)) ([]datadog.Event, error) {
	var all []datadog.Event
	for at := from; at.Before(to); at = at.Add(maxSlice) {
		end := at.Add(maxSlice)
		if end.After(to) {
			end = to
		}
		for _, tag := range []string{datadog.MonitorTag, alert.SourceTag} {
			query := datadog.EventQuery{Start: at, End: end, Tags: []string{tag}, Unaggregated: true, ExcludeAggregate: true}
			found, _, err := events.All(ctx, stream, query, math.MaxInt)
			if err != nil {
				return nil, err
			}
			all = append(all, found...)
		}
		progress(int(end.Sub(from).Hours()), int(to.Sub(from).Hours()))
	}
	return all, nil
}

// Decode returns the events in responses of Datadog: lists and single events, a list of
// events, or one event a line.
func Decode(ctx context.Context, s site.Site, responses ...[]byte) ([]datadog.Event, error) {
	var found pages
	for _, response := range responses {
		decoder := json.NewDecoder(bytes.NewReader(response))
		for {
			var value json.RawMessage
			err := decoder.Decode(&value)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				err = errors.New("it is not JSON, or ends too early: give responses of GET /api/v1/events")
			} else {
				err = found.add(value)
			}
			if err != nil {
				return nil, fmt.Errorf("byte %d: %w", decoder.InputOffset(), err)
			}
		}
	}
	client, err := datadog.New(datadog.Config{Site: s, HTTPClient: &http.Client{Transport: found}}, datadog.FixedKeys{API: "none", App: "none"})
	if err != nil {
		return nil, err
	}
	var all []datadog.Event
	for query := (datadog.EventQuery{Unaggregated: true}); query.Page*datadog.MaxEvents < len(found); query.Page++ {
		page, err := client.Events(ctx, query)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
	}
	return all, nil
}

// pages answers lists of events from what was recorded, so that the client decodes it.
type pages []json.RawMessage

var errNotEvents = errors.New("these are not events of GET /api/v1/events")

func (p *pages) add(value json.RawMessage) error {
	var object struct {
		Events                 []json.RawMessage
		Event, ID, Title       json.RawMessage // null is there, too.
		Data, Type, Attributes json.RawMessage // of the v2 API
	}
	list := &object.Events
	if json.Unmarshal(value, list) != nil && json.Unmarshal(value, &object) != nil {
		return errNotEvents
	}
	switch {
	case object.Event != nil:
		return p.add(object.Event)
	case object.Data != nil, object.Type != nil && object.Attributes != nil:
		return fmt.Errorf("%w but of the v2 API, which have other ids", errNotEvents)
	case object.ID != nil, object.Title != nil:
		*p = append(*p, value)
	case *list == nil:
		return errNotEvents
	}
	for _, one := range *list {
		if err := p.add(one); err != nil {
			return err
		}
	}
	return nil
}

func (p pages) RoundTrip(r *http.Request) (*http.Response, error) {
	page, _ := strconv.Atoi(r.URL.Query().Get("page")) // The first page has none.
	first := min(page*datadog.MaxEvents, len(p))
	body, err := json.Marshal(map[string]any{"events": append(pages{}, p[first:min(first+datadog.MaxEvents, len(p))]...)})
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body)), Request: r}, err
}

// Alert is an alert that was rebuilt from its event.
type Alert struct {
	alert.Alert

	unknown playbook.Unknown
}

// Fields are those that a rebuilt alert has, and where each is from.
var Fields = map[string]string{
	"id": "`id`", "date": "`date_happened`", "title": "`title`", "message": "`text`", "tags": "`tags`", "tag_list": "`tags`", "host": "`host`", "link": "`url`",
	"type": "`alert_type`", "event_priority": "`priority`", "test": "`[TEST]` in the title",
	"monitor_id": "`monitor_id`, or a link to the monitor",
	"scope":      "`monitor_groups`, or the title",
	"transition": "the title, or the sentence of a person who resolved the monitor",
	"recovered":  "the transition",
	"priority":   "the title, or the tag `priority`",
}

// neverKnown are the paths that no rebuilt alert has.
var neverKnown = sync.OnceValue(func() playbook.Unknown {
	unknown := playbook.Unknown{"memory", "steps", "suspects", "cycle"}
	for _, name := range slices.Sorted(maps.Keys(playbook.View(alert.Alert{}))) {
		if Fields[name] == "" {
			unknown = append(unknown, "alert."+name)
		}
	}
	return unknown
})

// unknownOf returns what one rebuilt alert lacks. A payload has these fields of each alert.
func unknownOf(a alert.Alert) playbook.Unknown {
	unknown := slices.Clip(neverKnown())
	if a.MonitorID == "" {
		unknown = append(unknown, "alert.monitor_id")
	}
	if a.Type == "" {
		unknown = append(unknown, "alert.type")
	}
	if a.Transition == "" {
		unknown = append(unknown, "alert.transition", "alert.recovered")
		if a.Priority == "" { // A title with a transition has the priority of its monitor, too.
			unknown = append(unknown, "alert.priority")
		}
	}
	return unknown
}

type Selection struct {
	Alerts  []Alert // the oldest first
	Read    int     // events, each once
	Skipped int     // of monitors that do not mention our webhook
	Note    string  // how the alerts were chosen, if not by the webhook
}

// Select returns the alerts of the monitors that notified the webhook: by a mention, or so
// that Boomerang posted an event about it. With all, and where it finds none, it returns the
// alerts of all monitors. Events before a time are left out.
func Select(events []datadog.Event, webhook string, all bool, from time.Time) Selection {
	events = once(events, from)
	s := Selection{Read: len(events)}
	posted, mention := map[string]bool{}, datadog.Mention(webhook)
	var ours, others []Alert
	for _, e := range events {
		if isOwn(e) {
			posted[strconv.FormatInt(e.RelatedEventID, 10)] = true
		}
	}
	for _, e := range events {
		a := Alert{Alert: e.Alert("")}
		if isOwn(e) || e.MonitorID == 0 && !a.Tags.Has(datadog.MonitorTag) {
			continue
		}
		a.unknown = unknownOf(a.Alert)
		if all || posted[a.ID] || mention.MatchString(e.Text) {
			ours = append(ours, a)
		} else {
			others = append(others, a)
		}
	}
	s.Alerts, s.Skipped = ours, len(others)
	if len(ours) == 0 && len(others) > 0 {
		s.Alerts, s.Skipped = others, 0
		s.Note = fmt.Sprintf("no event mentions @webhook-%s, so the alerts of all monitors count", webhook)
	}
	return s
}

// isOwn reports whether Boomerang posted the event, whose text may be that of a monitor.
func isOwn(e datadog.Event) bool { return alert.Alert{Tags: e.Tags}.IsFromBoomerang() }

// once returns each event once, the oldest first.
func once(events []datadog.Event, from time.Time) []datadog.Event {
	all := slices.DeleteFunc(slices.Clone(events), func(e datadog.Event) bool { return e.Happened.Before(from) })
	slices.SortFunc(all, func(a, b datadog.Event) int { return cmp.Or(a.Happened.Compare(b.Happened), cmp.Compare(a.ID, b.ID)) })
	return slices.CompactFunc(all, func(a, b datadog.Event) bool { return a.ID == b.ID && a.ID != "" })
}

func Newest(events []datadog.Event) (at time.Time) {
	for _, e := range events {
		if e.Happened.After(at) {
			at = e.Happened
		}
	}
	return at
}
