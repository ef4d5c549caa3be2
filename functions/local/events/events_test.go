package events_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"boomerang/functions/local/events"
	"boomerang/shared/datadog"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/site"
)

var now = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

func TestTime(t *testing.T) {
	for text, want := range map[string]string{
		"now": "", "2026-03-01T10:00:00+02:00": "2026-03-01T08:00:00Z", "2026-03-01": "2026-03-01T00:00:00Z",
		"1773489600": "2026-03-14T12:00:00Z", "1773489600500": "2026-03-14T12:00:00.5Z", "0": "1970-01-01T00:00:00Z",
		"2h": "2026-03-14T10:00:00Z", " 1h30m ": "2026-03-14T10:30:00Z", "7d": "2026-03-07T12:00:00Z", "36h": "2026-03-13T00:00:00Z", "1d12h": "", "0s": "2026-03-14T12:00:00Z",
		"": "", "soon": "", "-2h": "", "1d-2h": "", "d": "", "2": "1970-01-01T00:00:02Z", "1d2": "", "-1": "", "1.5": "", "2026-13-01": "", "99999999999999999999": "", "100000d": "",
	} {
		at, err := events.Time(text, now)
		got := at.Format(time.RFC3339Nano)
		if err != nil {
			got = ""
			if !strings.Contains(err.Error(), strconv.Quote(strings.TrimSpace(text))+" is not a time") {
				t.Errorf("%q: %v", text, err)
			}
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// stream returns the fake of Datadog and a client of it that counts its requests.
func stream(t *testing.T) (*fakedatadog.Server, *counted) {
	t.Helper()
	fake := fakedatadog.New(fakedatadog.Options{Now: func() time.Time { return now }})
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	client, err := datadog.New(datadog.Config{Site: site.US1, BaseURL: server.URL}, datadog.FixedKeys{API: fakedatadog.DefaultAPIKey, App: fakedatadog.DefaultAppKey})
	if err != nil {
		t.Fatal(err)
	}
	return fake, &counted{Client: client}
}

type counted struct {
	*datadog.Client
	calls int
}

func (c *counted) Events(ctx context.Context, q datadog.EventQuery) ([]datadog.Event, error) {
	c.calls++
	return c.Client.Events(ctx, q)
}

func TestAll(t *testing.T) {
	fake, client := stream(t)
	for i := range 2500 { // Three in each second.
		fake.AddEvent(fakedatadog.Event{Title: strconv.Itoa(i), DateHappened: now.Unix() - int64(i/3), Tags: []string{"n:" + strconv.Itoa(i%2)}})
	}
	for name, c := range map[string]struct {
		query  datadog.EventQuery
		limit  int
		events int
		calls  int
		more   bool
	}{
		"one page":             {datadog.EventQuery{}, 5, 5, 1, true},
		"by time":              {datadog.EventQuery{}, 5000, 2500, 4, false},
		"by page":              {datadog.EventQuery{Unaggregated: true}, 5000, 2500, 4, false},
		"without parents":      {datadog.EventQuery{ExcludeAggregate: true}, 5000, 2500, 4, false},
		"up to a limit":        {datadog.EventQuery{Unaggregated: true}, 1200, 1200, 2, true},
		"to the end of a page": {datadog.EventQuery{}, 1000, 1000, 1, true},
		"some":                 {datadog.EventQuery{Tags: []string{"n:1"}, Unaggregated: true}, 5000, 1250, 3, false},
	} {
		t.Run(name, func(t *testing.T) {
			c.query.Start, c.query.End, c.query.Raw = now.Add(-24*time.Hour), now, true
			client.calls = 0
			got, more, err := events.All(t.Context(), client, c.query, c.limit)
			if err != nil || len(got) != c.events || more != c.more || client.calls != c.calls {
				t.Fatalf("got %d events, more: %v, in %d calls, %v", len(got), more, client.calls, err)
			}
			seen := map[string]bool{}
			for i, e := range got {
				if seen[e.ID] || i > 0 && e.Happened.After(got[i-1].Happened) || len(e.Raw) == 0 {
					t.Fatalf("the event %d is %+v", i, e)
				}
				seen[e.ID] = true
			}
		})
	}
}

// A second with more than a page of events has no later page by time.
func TestAll_OneSecond(t *testing.T) {
	fake, client := stream(t)
	for range 1001 {
		fake.AddEvent(fakedatadog.Event{Title: "a"})
	}
	for _, c := range []struct {
		unaggregated bool
		events       int
		fails        string
	}{{false, 1000, "more than 1000 events happened at 2026-03-14T12:00:00Z"}, {true, 1001, ""}} {
		q := datadog.EventQuery{Start: now.Add(-time.Hour), End: now, Raw: true, Unaggregated: c.unaggregated}
		got, _, err := events.All(t.Context(), client, q, 5000)
		if len(got) != c.events || (err != nil) != (c.fails != "") || err != nil && !strings.Contains(err.Error(), c.fails) {
			t.Errorf("unaggregated %v: got %d events, %v", c.unaggregated, len(got), err)
		}
	}
}

// pages are the answers of a stream in turn.
type pages [][]datadog.Event

func (p *pages) Events(context.Context, datadog.EventQuery) ([]datadog.Event, error) {
	if len(*p) == 0 {
		return nil, errors.New("down")
	}
	page := (*p)[0]
	*p = (*p)[1:]
	return page, nil
}

func TestAll_Pages(t *testing.T) {
	of := func(ids string) (page []datadog.Event) {
		for id := range strings.SplitSeq(ids, " ") {
			page = append(page, datadog.Event{ID: strings.Trim(id, "-"), Raw: []byte(id), Happened: now})
		}
		return page
	}
	for name, c := range map[string]struct {
		pages pages
		want  string
		fails bool
	}{
		"an event that came late shifts the pages": {pages{of("4 3"), of("3 2"), nil}, "4 3 2", false},
		"a short page before another":              {pages{of("4 3 2"), of("1"), nil}, "4 3 2 1", false},
		"events without an id":                     {pages{of("- --"), of("-- ---"), nil}, "- -- ---", false},
		"a failure":                                {pages{of("4")}, "4", true},
	} {
		t.Run(name, func(t *testing.T) {
			got, _, err := events.All(t.Context(), &c.pages, datadog.EventQuery{Unaggregated: true}, 100)
			var ids []string
			for _, e := range got {
				ids = append(ids, string(e.Raw))
			}
			if strings.Join(ids, " ") != c.want || (err != nil) != c.fails {
				t.Errorf("got %v, %v, want %s", ids, err, c.want)
			}
		})
	}
}
