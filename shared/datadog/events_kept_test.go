package datadog_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"boomerang/shared/datadog"
)

func TestCached_reads_a_list_of_events_once(t *testing.T) {
	client, calls := counted(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"events":[{"id":7,"id_str":"7","title":"x"}]}`))
	})
	view := client.Cached(time.Minute)
	first := make([]*datadog.Event, 20)
	var all sync.WaitGroup
	for i := range first {
		all.Go(func() {
			events, err := view.Events(t.Context(), datadog.EventQuery{})
			if err != nil || len(events) != 1 || events[0].Title != "x" {
				t.Errorf("got %+v, %v", events, err)
				return
			}
			first[i] = &events[0]
		})
	}
	all.Wait()
	lists := map[*datadog.Event]bool{}
	for _, one := range first {
		lists[one] = true
	}
	if len(lists) != 1 || calls.Load() != 1 {
		t.Errorf("20 equal questions were %d calls, and the answer was read %d times", calls.Load(), len(lists))
	}
	if events, err := client.Events(t.Context(), datadog.EventQuery{}); err != nil || lists[&events[0]] {
		t.Errorf("a client without a cache was given what others have, %v", err)
	}
}

func TestCached_tells_everybody_of_a_list_that_cannot_be_read(t *testing.T) {
	client, _ := counted(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"events":`)) })
	view := client.Cached(time.Minute)
	for range 2 {
		if events, err := view.Events(t.Context(), datadog.EventQuery{}); err == nil {
			t.Errorf("got %+v", events)
		}
	}
}
