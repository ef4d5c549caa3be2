package handler

import (
	"context"
	"fmt"
	"testing"
	"time"

	"boomerang/shared/datadog"
	"boomerang/shared/fault"
)

// flood is a stream of events at a steady pace from one time to another. Every hundredth
// is an alert for us. It answers as Datadog does: newest first, in pages.
type flood struct {
	Datadog
	every    time.Duration
	from, to time.Time
	pageSize int
	tooLarge int // events that do not fit into one answer
	calls    int
}

func (f *flood) event(n int) datadog.Event {
	e := datadog.Event{
		ID: fmt.Sprint(8_306_082_202_796_025_001 + n), Happened: f.from.Add(time.Duration(n) * f.every),
		Tags: []string{"monitor"}, MonitorID: monitorID, Text: "@slack-ops",
	}
	if n%100 == 0 {
		e.Text = "@webhook-boomerang"
	}
	return e
}

func (f *flood) Events(_ context.Context, q datadog.EventQuery) ([]datadog.Event, error) {
	f.calls++
	first := max(0, int((q.Start.Sub(f.from)+f.every-1)/f.every))
	last := int(earlier(q.End, f.to).Sub(f.from)/f.every) - q.Page*f.pageSize
	if f.tooLarge > 0 && min(f.pageSize, last-first+1) >= f.tooLarge {
		return nil, fault.New(fault.Permanent, "Datadog's answer is too large to list events", &datadog.Error{Op: "list events", Status: 200})
	}
	var events []datadog.Event
	for n := last; n >= first && len(events) < f.pageSize; n-- {
		events = append(events, f.event(n))
	}
	return events, nil
}

// ids returns the ids of the alerts for us between two times.
func (f *flood) ids(from, to time.Time) []string {
	var ids []string
	for n := 0; !f.event(n).Happened.After(earlier(to, f.to)); n += 100 {
		if e := f.event(n); !e.Happened.Before(from) {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

func TestHandler_Flood(t *testing.T) {
	end := start.Add(-gracePeriod)
	for name, tt := range map[string]struct {
		stream           flood
		age, length      time.Duration // of the flood
		watermark        time.Duration // before start; 0: none
		minRuns, maxRuns int
		maxPages         int // of one run, with those read in vain and in the overlap
	}{
		"more than one run can read": {
			stream: flood{every: 100 * time.Millisecond, pageSize: 1000}, age: 13 * time.Hour, watermark: 12 * time.Hour, minRuns: 3, maxRuns: 50, maxPages: 2 * maxPages,
		},
		"too many pages for a slice": {stream: flood{every: 20 * time.Millisecond, pageSize: 200}, age: 10 * time.Minute, minRuns: 1, maxRuns: 50, maxPages: 4 * maxPages},
		"too large a page":           {stream: flood{every: 200 * time.Millisecond, pageSize: 1000, tooLarge: 900}, age: 10 * time.Minute, minRuns: 1, maxRuns: 50, maxPages: 4 * maxPages},
		// If pages in the overlap counted, runs would start and end at the same time.
		"more in the overlap than one run can read": {
			stream: flood{every: 50 * time.Millisecond, pageSize: 50}, age: 30 * time.Minute, watermark: 15 * time.Minute, minRuns: 2, maxRuns: 9, maxPages: 8 * maxPages,
		},
		// If slices did not grow again, the quiet hours would be read in slices of seconds.
		"quiet hours after a flood": {
			stream: flood{every: 10 * time.Millisecond, pageSize: 100}, age: 12 * time.Hour, length: 20 * time.Second, watermark: 12 * time.Hour, minRuns: 1, maxRuns: 1, maxPages: 4 * maxPages,
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEnv(t)
			stream := &tt.stream
			stream.Datadog, stream.from, stream.to = e.Datadog, start.Add(-tt.age), end
			if tt.length > 0 {
				stream.to = stream.from.Add(tt.length)
			}
			e.Datadog = stream
			oldest := stream.from
			if tt.watermark > 0 {
				e.watermarks[reader] = start.Add(-tt.watermark)
				oldest = e.watermarks[reader].Add(-overlap)
			}
			runs := 0
			for lag, last := 1.0, e.watermarks[reader]; lag > 0; runs++ {
				calls := stream.calls
				got := e.run("")
				if lag = got.Lag; lag > 0 && got.Level == "INFO" || !got.To.After(last) {
					t.Fatalf("logged %+v after a run until %s", got, last)
				}
				last = got.To
				if pages := stream.calls - calls; pages > tt.maxPages {
					t.Errorf("a run read %d pages", pages)
				}
				if runs > tt.maxRuns {
					break
				}
			}
			if runs < tt.minRuns || runs > tt.maxRuns {
				t.Errorf("%d runs, want %d to %d", runs, tt.minRuns, tt.maxRuns)
			}
			e.checkQueued(stream.ids(oldest, end)...)
		})
	}
}

// A second with too many events is an error, and is not skipped.
func TestHandler_FloodWithinOneSecond(t *testing.T) {
	e := newEnv(t)
	stream := &flood{Datadog: e.Datadog, every: 100 * time.Microsecond, from: start.Add(-4 * time.Minute), to: start, pageSize: 100}
	e.Datadog = stream
	for runs := 0; e.handler.Handle(t.Context()) == nil; runs++ {
		if runs > 5 {
			t.Fatal("it does not fail")
		}
	}
	e.log.Reset()
	if got := e.run("more alerts within a second"); got.To.After(stream.from) || e.watermarks[reader].After(stream.from) {
		t.Errorf("read until %s, with the watermark at %s", got.To, e.watermarks[reader])
	}
}
