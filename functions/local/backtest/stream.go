package backtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"time"

	"boomerang/functions/local/events"
	"boomerang/shared/alert"
	"boomerang/shared/datadog"
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
