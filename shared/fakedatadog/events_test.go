package fakedatadog_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fakedatadog"
)

func TestEvents_Create(t *testing.T) {
	ago := func(d time.Duration) int64 { return noon.Add(-d).Unix() }
	for name, tc := range map[string]struct {
		body  string
		error string // Empty: accepted.
	}{
		"title and text are enough":     {body: `{"title":"a","text":"b"}`},
		"null is as good as absent":     {body: `{"title":"a","text":"b","date_happened":null,"alert_type":null,"priority":null,"tags":null,"related_event_id":null}`},
		"unknown keys are ignored":      {body: `{"title":"a","text":"b","novelty":1}`},
		"a long title is fine":          {body: `{"title":"` + strings.Repeat("a", 500) + `","text":"b"}`},
		"no title":                      {body: `{"text":"b"}`, error: "The parameter 'title' is required"},
		"no text":                       {body: `{"title":"a"}`, error: "The parameter 'text' is required"},
		"no JSON":                       {body: `title=a`, error: "Payload is not valid JSON"},
		"no object":                     {body: `[]`, error: "Payload is not valid JSON"},
		"18 hours old":                  {body: fmt.Sprintf(`{"title":"a","text":"b","date_happened":%d}`, ago(18*time.Hour))},
		"older than 18 hours":           {body: fmt.Sprintf(`{"title":"a","text":"b","date_happened":%d}`, ago(18*time.Hour+time.Second)), error: "Event too far in the past"},
		"two hours ahead":               {body: fmt.Sprintf(`{"title":"a","text":"b","date_happened":%d}`, ago(-2*time.Hour))},
		"more than two hours ahead":     {body: fmt.Sprintf(`{"title":"a","text":"b","date_happened":%d}`, ago(-2*time.Hour-time.Second)), error: "Event too far in the future"},
		"milliseconds are the future":   {body: fmt.Sprintf(`{"title":"a","text":"b","date_happened":%d}`, noon.UnixMilli()), error: "Event too far in the future"},
		"a date in quotes":              {body: `{"title":"a","text":"b","date_happened":"1"}`, error: "The value provided for parameter 'date_happened' is invalid"},
		"a known alert type":            {body: `{"title":"a","text":"b","alert_type":"user_update"}`},
		"an unknown alert type":         {body: `{"title":"a","text":"b","alert_type":"fatal"}`, error: "The value provided for parameter 'alert_type' is invalid"},
		"a low priority":                {body: `{"title":"a","text":"b","priority":"low"}`},
		"a monitor priority":            {body: `{"title":"a","text":"b","priority":"P1"}`, error: "The value provided for parameter 'priority' is invalid"},
		"an aggregation key at limit":   {body: `{"title":"a","text":"b","aggregation_key":"` + strings.Repeat("é", 100) + `"}`},
		"an aggregation key over limit": {body: `{"title":"a","text":"b","aggregation_key":"` + strings.Repeat("é", 101) + `"}`, error: "The value provided for parameter 'aggregation_key' is longer than 100 characters"},
		"tags as text":                  {body: `{"title":"a","text":"b","tags":"a,b"}`, error: "The value provided for parameter 'tags' is invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer()
			got := ask(t, s, "POST", "/api/v1/events", tc.body)
			if tc.error == "" {
				got.mustBe(t, 202)
				if len(s.Posted()) != 1 || len(s.Events()) != 1 {
					t.Errorf("%d posted, %d in the stream, want one each", len(s.Posted()), len(s.Events()))
				}
				return
			}
			got.mustBe(t, 400)
			if diff := cmp.Diff([]string{tc.error}, got.errorsIn(t)); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
			if media := got.header.Get("Content-Type"); media != "text/plain; charset=utf-8" {
				t.Errorf("media type %q, want Datadog's text/plain", media)
			}
			if len(s.Posted())+len(s.Events()) != 0 {
				t.Error("a refused event is in the stream")
			}
		})
	}
}

func TestEvents_CreateAnswers(t *testing.T) {
	s := fakedatadog.New(fakedatadog.Options{Now: newWatch().Now, VisibleAfter: -1, AppURL: "http://127.0.0.1:8080"})
	const body = `{"title":"a <b> & c","text":"d","priority":"low","related_event_id":7891,"tags":["x:y"],"host":"web-1","aggregation_key":"k","alert_type":"error","source_type_name":"torq","device_name":"eth0"}`
	got := ask(t, s, "POST", "/api/v1/events", body).mustBe(t, 202)
	e := s.Events()[0]
	id := strconv.FormatInt(e.ID, 10)
	if !strings.HasPrefix(id, "83060822027960250") {
		t.Fatalf("id %s does not look like Datadog's", id)
	}
	want := `{"event":{"date_happened":1773489600,"handle":null,"id":8306082202796025000,"id_str":"` + id + `","priority":"low","related_event_id":7891,` +
		`"tags":["x:y"],"text":"d","title":"a <b> & c","url":"http://127.0.0.1:8080/event/event?id=` + id + `"},"status":"ok"}` + "\n"
	if diff := cmp.Diff(want, got.body); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	if got.header.Get("X-RateLimit-Limit") != "" {
		t.Error("a create showed a rate limit; Datadog shows none")
	}
	stored := fakedatadog.Event{
		ID: e.ID, Title: "a <b> & c", Text: "d", DateHappened: noon.Unix(), AlertType: "error", Priority: "low", Host: "web-1",
		DeviceName: "eth0", AggregationKey: "k", RelatedEventID: 7891, SourceTypeName: "torq", Tags: []string{"x:y"},
	}
	if diff := cmp.Diff([]fakedatadog.PostedEvent{{Route: fakedatadog.EventsCreate, Body: json.RawMessage(body), Event: stored}}, s.Posted()); diff != "" {
		t.Errorf("posted (-want +got):\n%s", diff)
	}
}

func TestEvents_CreateRoundsID(t *testing.T) {
	s := newServer()
	for range 50 {
		body := ask(t, s, "POST", "/api/v1/events", `{"title":"a","text":"b"}`).mustBe(t, 202).body
		e := decode[struct {
			Event struct {
				ID    json.Number
				IDStr string `json:"id_str"`
			}
		}](t, body).Event
		if e.ID.String() == e.IDStr {
			t.Fatalf("id %s is not rounded", e.ID)
		}
		asFloat, err := strconv.ParseFloat(e.IDStr, 64)
		if err != nil || strconv.FormatFloat(asFloat, 'f', -1, 64) != e.ID.String() {
			t.Fatalf("id %s is not what a float64 makes of %s (%v)", e.ID, e.IDStr, err)
		}
	}
	for range 1100 {
		s.AddEvent(fakedatadog.Event{})
	}
	for _, e := range s.Events() {
		if int64(float64(e.ID)) == e.ID {
			t.Fatalf("id %d fits a float64", e.ID)
		}
	}
}

func TestEvents_CreateTruncatesText(t *testing.T) {
	s := newServer()
	for length, kept := range map[int]int{3999: 3999, 4000: 4000, 4001: 4000, 9000: 4000} {
		ask(t, s, "POST", "/api/v1/events", `{"title":"`+strconv.Itoa(length)+`","text":"`+strings.Repeat("ü", length)+`"}`).mustBe(t, 202)
		for _, p := range s.Posted() {
			if p.Event.Title == strconv.Itoa(length) && p.Event.Text != strings.Repeat("ü", kept) {
				t.Errorf("of %d characters %d are kept, want %d", length, len([]rune(p.Event.Text)), kept)
			}
		}
	}
}

func TestEvents_Get(t *testing.T) {
	clock := newWatch()
	s := fakedatadog.New(fakedatadog.Options{Now: clock.Now})
	ask(t, s, "POST", "/api/v1/events", `{"title":"a","text":"b","tags":["z","a:b"]}`).mustBe(t, 202)
	id := strconv.FormatInt(s.Events()[0].ID, 10)

	got := ask(t, s, "GET", "/api/v1/events/"+id, "").mustBe(t, 404)
	if diff := cmp.Diff([]string{"No event matches that event_id."}, got.errorsIn(t)); diff != "" {
		t.Errorf("right after the create (-want +got):\n%s", diff)
	}
	if got.header.Get("X-RateLimit-Name") != "global_org" || got.header.Get("X-RateLimit-Remaining") != "11999" {
		t.Errorf("a 404 without its rate limit: %v", got.header)
	}
	if list := ask(t, s, "GET", fmt.Sprintf("/api/v1/events?start=0&end=%d", noon.Unix()+10), "").body; list != `{"events":[]}`+"\n" {
		t.Errorf("the list shows what is not visible yet: %s", list)
	}

	clock.advance(fakedatadog.DefaultVisibleAfter)
	want := `{"event":{"alert_type":"info","date_happened":1773489600,"device_name":null,"host":null,"id":` + id + `,"id_str":"` + id + `","monitor_groups":[],` +
		`"monitor_id":null,"priority":"normal","resource":"/api/v1/events/` + id + `","tags":["a:b","source:my_apps","z"],"text":"b","title":"a",` +
		`"url":"/event/event?event_id=` + id + `"}}` + "\n"
	if diff := cmp.Diff(want, ask(t, s, "GET", "/api/v1/events/"+id, "").mustBe(t, 200).body); diff != "" {
		t.Errorf("a second later (-want +got):\n%s", diff)
	}
	ask(t, s, "GET", "/api/v1/events/99999999999999999999", "").mustBe(t, 404)
}

func TestServer_AddEvent(t *testing.T) {
	s := fakedatadog.New(fakedatadog.Options{Now: newWatch().Now})
	tags := []string{"service:checkout"}
	id := s.AddEvent(fakedatadog.Event{
		Title: "Deployed", Tags: tags, SourceTypeName: "github", Host: "web-1", DateHappened: noon.Add(-time.Hour).Unix(),
		MonitorID: 42, MonitorGroups: []string{"host:web-1"},
	})
	tags[0] = "changed later"
	s.AddEvent(fakedatadog.Event{ID: 5, Title: "Latest", AlertType: "error", Priority: "low"})
	s.AddEvent(fakedatadog.Event{Title: "Between", DateHappened: noon.Add(-time.Minute).Unix()})

	var titles []string
	for _, e := range s.Events() {
		titles = append(titles, e.Title)
	}
	if diff := cmp.Diff([]string{"Latest", "Between", "Deployed"}, titles); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	got := ask(t, s, "GET", "/api/v1/events/"+id, "").mustBe(t, 200).body
	for _, part := range []string{`"title":"Deployed"`, `"tags":["service:checkout","source:github"]`, `"host":"web-1"`, `"monitor_id":42`, `"monitor_groups":["host:web-1"]`, `"date_happened":1773486000`} {
		if !strings.Contains(got, part) {
			t.Errorf("a seeded event shows no %s: %s", part, got)
		}
	}
	ask(t, s, "GET", "/api/v1/events/5", "").mustBe(t, 200)
	if len(s.Posted()) != 0 {
		t.Error("a seeded event counts as posted")
	}
}

func TestEvents_List(t *testing.T) {
	s := newServer()
	minutesAgo := func(m int) int64 { return noon.Add(-time.Duration(m) * time.Minute).Unix() }
	s.AddEvent(fakedatadog.Event{Title: "deploy", DateHappened: minutesAgo(30), SourceTypeName: "github", Tags: []string{"service:checkout", "env:prod"}})
	s.AddEvent(fakedatadog.Event{Title: "alert", DateHappened: minutesAgo(20), Host: "web-1", Tags: []string{"service:checkout", "env:dev"}, Priority: "low", AggregationKey: "k"})
	s.AddEvent(fakedatadog.Event{Title: "other", DateHappened: minutesAgo(10), SourceTypeName: "My Tool", Tags: []string{"service:cart"}})
	s.AddEvent(fakedatadog.Event{Title: "recovered", DateHappened: minutesAgo(0), AggregationKey: "k"})

	const always = "start=0&end=1773489600" // Until noon.
	for name, tc := range map[string]struct {
		query string
		want  []string
	}{
		"the newest first":                      {always, []string{"recovered", "other", "alert", "deploy"}},
		"both ends belong to the period":        {fmt.Sprintf("start=%d&end=%d&unaggregated=true", minutesAgo(20), minutesAgo(10)), []string{"other", "alert"}},
		"priority":                              {always + "&priority=low", []string{"alert"}},
		"one tag":                               {always + "&tags=service:checkout", []string{"alert", "deploy"}},
		"all of the tags":                       {always + "&tags=service:checkout,+env:prod", []string{"deploy"}},
		"the host is a tag":                     {always + "&tags=host:web-1", []string{"alert"}},
		"the source is a tag":                   {always + "&tags=source:github", []string{"deploy"}},
		"no event with the tag":                 {always + "&tags=service:check", nil},
		"any of the sources":                    {always + "&sources=GitHub,my_tool", []string{"other", "deploy"}},
		"nothing in the period":                 {"start=1&end=2", nil},
		"an aggregated event outside is hidden": {fmt.Sprintf("start=0&end=%d", minutesAgo(5)), []string{"other", "deploy"}},
		"unaggregated shows it":                 {fmt.Sprintf("start=0&end=%d&unaggregated=true", minutesAgo(5)), []string{"other", "alert", "deploy"}},
		"exclude aggregate shows it too":        {fmt.Sprintf("start=0&end=%d&exclude_aggregate=true&unaggregated=false", minutesAgo(5)), []string{"other", "alert", "deploy"}},
		"the second page is empty":              {always + "&unaggregated=true&page=1", nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := titlesOf(t, ask(t, s, "GET", "/api/v1/events?"+tc.query, "").mustBe(t, 200).body)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.query, diff)
			}
		})
	}
}

func titlesOf(t *testing.T, body string) (titles []string) {
	t.Helper()
	for _, e := range decode[struct{ Events []struct{ Title string } }](t, body).Events {
		titles = append(titles, e.Title)
	}
	return titles
}

func TestEvents_ListPages(t *testing.T) {
	s := newServer()
	for i := range 1003 {
		s.AddEvent(fakedatadog.Event{Title: strconv.Itoa(i), DateHappened: noon.Unix() - int64(i)})
	}
	for page, want := range map[string][2]string{"": {"0", "999"}, "0": {"0", "999"}, "1": {"1000", "1002"}} {
		query := url.Values{"start": {"0"}, "end": {strconv.FormatInt(noon.Unix(), 10)}, "unaggregated": {"true"}}
		if page != "" {
			query.Set("page", page)
		}
		titles := titlesOf(t, ask(t, s, "GET", "/api/v1/events?"+query.Encode(), "").mustBe(t, 200).body)
		if got := [2]string{titles[0], titles[len(titles)-1]}; got != want {
			t.Errorf("page %q goes from %s to %s, want %v", page, got[0], got[1], want)
		}
	}
}
