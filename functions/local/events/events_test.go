package events_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/functions/local/events"
	"boomerang/shared/datadog"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/site"
)

var now = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

func TestTime(t *testing.T) {
	for text, want := range map[string]string{
		"now": "2026-03-14T12:00:00Z", "2026-03-01T10:00:00+02:00": "2026-03-01T08:00:00Z", "2026-03-01": "2026-03-01T00:00:00Z",
		"1773489600": "2026-03-14T12:00:00Z", "1773489600500": "2026-03-14T12:00:00.5Z", "0": "1970-01-01T00:00:00Z",
		"2h": "2026-03-14T10:00:00Z", " 1h30m ": "2026-03-14T10:30:00Z", "7d": "2026-03-07T12:00:00Z", "1d12h": "2026-03-13T00:00:00Z", "0s": "2026-03-14T12:00:00Z",
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

func TestOptions_Query(t *testing.T) {
	valid := events.Options{Start: "2h", End: "now", Page: -1, Limit: 10}
	with := func(change func(*events.Options)) events.Options {
		o := valid
		change(&o)
		return o
	}
	for name, c := range map[string]struct {
		options events.Options
		want    datadog.EventQuery
		fails   string
	}{
		"times": {options: valid},
		"all": {
			options: with(func(o *events.Options) {
				o.Priority, o.Sources, o.Tags, o.ExcludeAggregate, o.Page = "low", []string{" torq ", ""}, []string{"env:prod", " a:b"}, true, 3
			}),
			want: datadog.EventQuery{Priority: "low", Sources: []string{"torq"}, Tags: []string{"env:prod", "a:b"}, ExcludeAggregate: true, Page: 3},
		},
		"a page of unaggregated events": {
			options: with(func(o *events.Options) { o.Unaggregated, o.Page = true, 0 }),
			want:    datadog.EventQuery{Unaggregated: true},
		},
		"a wrong end":     {options: with(func(o *events.Options) { o.End = "later" }), fails: `the end "later" is not a time`},
		"the wrong order": {options: with(func(o *events.Options) { o.Start, o.End = "1h", "2h" }), fails: "the start, 2026-03-14T11:00:00Z, is after the end, 2026-03-14T10:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.options.Query(now)
			if c.fails != "" {
				if err == nil || !strings.Contains(err.Error(), c.fails) {
					t.Errorf("got %v, want %q", err, c.fails)
				}
				return
			}
			c.want.Start, c.want.End, c.want.Raw = now.Add(-2*time.Hour), now, true
			if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
				t.Errorf("-want +got:\n%s%v", diff, err)
			}
		})
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

func TestOptions_Read(t *testing.T) {
	fake, client := stream(t)
	for i := range 2500 { // Three in each second.
		e := fakedatadog.Event{Title: strconv.Itoa(i), DateHappened: now.Unix() - int64(i/3), Tags: []string{"n:" + strconv.Itoa(i%2)}}
		if i%50 == 0 {
			e.Priority, e.SourceTypeName = "low", "torq"
		}
		fake.AddEvent(e)
	}
	for name, c := range map[string]struct {
		options events.Options
		first   string // Its seconds before now.
		events  int
		calls   int
		more    bool
	}{
		"one page":               {events.Options{Limit: 5}, "0", 5, 1, true},
		"all, by time":           {events.Options{Limit: 5000}, "0", 2500, 4, false},
		"all, by page":           {events.Options{Limit: 5000, Unaggregated: true}, "0", 2500, 4, false},
		"all, without parents":   {events.Options{Limit: 5000, ExcludeAggregate: true}, "0", 2500, 4, false},
		"up to a limit":          {events.Options{Limit: 1200, Unaggregated: true}, "0", 1200, 2, true},
		"up to the end of pages": {events.Options{Limit: 1000}, "0", 1000, 1, true},
		"the last page alone":    {events.Options{Limit: 5000, Unaggregated: true, Page: 3}, "666", 500, 1, true},
		"the page after it":      {events.Options{Limit: 5000, Unaggregated: true, Page: 4}, "", 0, 1, false},
		"by source":              {events.Options{Limit: 100, Sources: []string{"Torq", "github"}}, "0", 50, 2, false},
		"by priority":            {events.Options{Limit: 100, Priority: "low", Tags: []string{"n:0"}}, "0", 50, 2, false},
		"by tag":                 {events.Options{Limit: 5000, Tags: []string{"n:1"}, Unaggregated: true}, "0", 1250, 3, false},
		"by time":                {events.Options{Limit: 100, Start: "12s", End: "10s"}, "10", 9, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			o := c.options
			o.Page-- // So that the cases without one read all.
			if o.Start == "" {
				o.Start, o.End = "1d", "now"
			}
			q, err := o.Query(now)
			if err != nil {
				t.Fatal(err)
			}
			client.calls = 0
			got, more, err := o.Read(t.Context(), client, q)
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
			if len(got) > 0 && strconv.FormatInt(now.Unix()-got[0].Happened.Unix(), 10) != c.first {
				t.Errorf("the first is of %s", got[0].Happened)
			}
		})
	}
}

// A second with more than a page of events has no later page by time.
func TestOptions_Read_OneSecond(t *testing.T) {
	fake, client := stream(t)
	for range 1001 {
		fake.AddEvent(fakedatadog.Event{Title: "a"})
	}
	for _, c := range []struct {
		unaggregated bool
		events       int
		fails        string
	}{{false, 1000, "more than 1000 events happened at 2026-03-14T12:00:00Z"}, {true, 1001, ""}} {
		o := events.Options{Start: "1h", End: "now", Page: -1, Limit: 5000, Unaggregated: c.unaggregated}
		q, err := o.Query(now)
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := o.Read(t.Context(), client, q)
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
