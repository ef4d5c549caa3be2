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

const anEvent = `{"title":"a","text":"b"}`

// v2Event returns the body of an event with one more attribute.
func v2Event(category, more string) string {
	return `{"data":{"type":"event","attributes":{"title":"a","category":"` + category + `","attributes":{"status":"warn"},` + more + `}}}`
}

// alertWith returns the body of an alert with one more of the attributes that only
// alerts have.
func alertWith(more string) string {
	return `{"data":{"type":"event","attributes":{"title":"a","category":"alert","attributes":{"status":"warn",` + more + `}}}}`
}

func TestEvents_Refused(t *testing.T) {
	const at, missing, invalid = " $.data.attributes", "The parameter 'title' is required", "The value provided for parameter '%s' is invalid"
	v1 := func(more string) string { return `{"title":"a","text":"b",` + more + `}` }
	date := func(ahead time.Duration) string { return v1(fmt.Sprintf(`"date_happened":%d`, noon.Add(ahead).Unix())) }
	stamp := func(ahead time.Duration) string {
		return v2Event("alert", `"timestamp":"`+noon.Add(ahead).Format(time.RFC3339Nano)+`"`)
	}
	quoted := func(n int) string { return strconv.Quote(strings.Repeat("é", n)) }
	list := func(n int, of string) string { return "[" + strings.TrimSuffix(strings.Repeat(of+",", n), ",") + "]" }
	properties := func(n int) string {
		all := map[string]int{}
		for i := range n {
			all[strconv.Itoa(i)] = 1
		}
		raw, _ := json.Marshal(all)
		return string(raw)
	}
	deep := func(n int) string { return strings.Repeat(`{"n":`, n) + "1" + strings.Repeat("}", n) }
	const link = `{"category":"runbook","url":"https://a.example"}`
	for _, c := range []struct{ name, body, want string }{
		{"v1 title and text", anEvent, ""},
		{"v1 null", v1(`"date_happened":null,"alert_type":null,"priority":null,"tags":null,"related_event_id":null`), ""},
		{"v1 unknown key", v1(`"new":1`), ""},
		{"v1 no title", `{"text":"b"}`, missing},
		{"v1 no text", `{"title":"a"}`, "The parameter 'text' is required"},
		{"v1 not JSON", `title=a`, "Payload is not valid JSON"},
		{"v1 18 hours old", date(-18 * time.Hour), ""},
		{"v1 too old", date(-18*time.Hour - time.Second), "Event too far in the past"},
		{"v1 2 hours ahead", date(2 * time.Hour), ""},
		{"v1 too far ahead", date(2*time.Hour + time.Second), "Event too far in the future"},
		{"v1 quoted date", v1(`"date_happened":"1"`), fmt.Sprintf(invalid, "date_happened")},
		{"v1 alert type", v1(`"alert_type":"user_update"`), ""},
		{"v1 unknown alert type", v1(`"alert_type":"fatal"`), fmt.Sprintf(invalid, "alert_type")},
		{"v1 priority of monitors", v1(`"priority":"P1"`), fmt.Sprintf(invalid, "priority")},
		{"v1 aggregation key", v1(`"aggregation_key":` + quoted(100)), ""},
		{"v1 long aggregation key", v1(`"aggregation_key":` + quoted(101)), "The value provided for parameter 'aggregation_key' is longer than 100 characters"},
		{"v1 host and tags", v1(`"host":` + quoted(255) + `,"tags":` + list(100, quoted(200))), ""},
		{"v1 long host", v1(`"host":` + quoted(256)), "The value provided for parameter 'host' is longer than 255 characters"},
		{"v1 101 tags", v1(`"tags":` + list(101, `"a"`)), "The value provided for parameter 'tags' has more than 100 elements"},
		{"v1 long tag", v1(`"tags":["a",` + quoted(201) + `]`), "The value provided for parameter 'tags' is longer than 200 characters"},
		{"v1 tags as text", v1(`"tags":"a,b"`), fmt.Sprintf(invalid, "tags")},

		{"v2 minimal", v2Event("alert", `"host":"a"`), ""},
		{"v2 not JSON", `a=b`, "Payload is not valid JSON"},
		{"v2 not an object", `[]`, " $: value must be an object with data."},
		{"v2 other type", `{"data":{"type":"events","attributes":{"title":"a","category":"alert","attributes":{"status":"ok"}}}}`, ` $.data.type: value must be one of: ["event"].`},
		{"v2 no title", `{"data":{"type":"event","attributes":{"category":"alert","attributes":{"status":"ok"}}}}`, at + ": value must be an object with title, category, attributes."},
		{"v2 unknown key", v2Event("alert", `"new":1`), at + ".new: property is not in the schema, which allows no others."},
		{"v2 unknown key of an alert", alertWith(`"source":"torq"`), at + ".attributes.source: property is not in the schema, which allows no others."},
		{"v2 message", v2Event("alert", `"message":`+quoted(4000)), ""},
		{"v2 long message", v2Event("alert", `"message":`+quoted(4001)), at + ".message: value must be a string of 1 to 4000 characters."},
		{"v2 null host", v2Event("alert", `"host":null`), at + ".host: value must be a string of 1 to 255 characters."},
		{"v2 empty aggregation key", v2Event("alert", `"aggregation_key":""`), at + ".aggregation_key: value must be a string of 1 to 100 characters."},
		{"v2 100 tags", v2Event("alert", `"tags":`+list(100, quoted(200))), ""},
		{"v2 101 tags", v2Event("alert", `"tags":`+list(101, `"a"`)), at + ".tags: value must be a list of 1 to 100 elements."},
		{"v2 long tag", v2Event("alert", `"tags":["a",`+quoted(201)+`]`), at + ".tags[1]: value must be a string of 1 to 200 characters."},
		{"v2 18 hours old", stamp(-18 * time.Hour), ""},
		{"v2 too old", stamp(-18*time.Hour - time.Millisecond), at + ".timestamp: value must be a time in ISO 8601, at most 18 hours old."},
		{"v2 seconds", v2Event("alert", `"timestamp":1773489600`), at + ".timestamp: value must be a time in ISO 8601, at most 18 hours old."},
		{"v2 priority as number", alertWith(`"priority":5`), at + `.attributes.priority: value must be one of: ["1", "2", "3", "4", "5"].`},
		{"v2 20 links", alertWith(`"links":` + list(20, link)), ""},
		{"v2 21 links", alertWith(`"links":` + list(21, link)), at + ".attributes.links: value must be a list of 1 to 20 elements."},
		{"v2 link without URL", alertWith(`"links":[{"category":"runbook"}]`), at + ".attributes.links[0]: value must be an object with category, url."},
		{"v2 link without title", alertWith(`"links":[{"category":"runbook","url":"https://a.example","title":""}]`), at + ".attributes.links[0].title: value must be a string of 1 to 300 characters."},
		{"v2 custom", alertWith(`"custom":{"a":[` + properties(100) + `],"b":` + deep(9) + `}`), ""},
		{"v2 wide custom", alertWith(`"custom":{"a":[` + properties(101) + `]}`), at + ".attributes.custom: value must be an object of at most 100 properties, nested at most 10 levels deep."},
		{"v2 deep custom", alertWith(`"custom":` + deep(11)), at + ".attributes.custom: value must be an object of at most 100 properties, nested at most 10 levels deep."},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newServer()
			path, media := "/api/"+c.name[:2]+"/events", "text/plain; charset=utf-8" // As recorded.
			got := ask(t, s, "POST", path, c.body)
			if c.want == "" {
				got.mustBe(t, 202)
			} else if got.mustBe(t, 400); strings.HasPrefix(c.name, "v2") {
				media = "application/json"
				if text := pick(t, got.body, "errors.*.detail"); strings.TrimPrefix(text, "JSON validation failed at") != c.want {
					t.Errorf("detail %q, want %q", text, c.want)
				}
			} else if text := pick(t, got.body, "errors.*"); text != c.want {
				t.Errorf("error %q, want %q", text, c.want)
			}
			if c.want != "" && got.header.Get("Content-Type") != media {
				t.Errorf("media type %s, want %s", got.header.Get("Content-Type"), media)
			}
			if posted := len(s.Posted()) + len(s.Events()); posted == 0 != (c.want != "") {
				t.Errorf("%d events posted and in the stream", posted)
			}
		})
	}
}

func TestEvents_Create(t *testing.T) {
	s := newServer()
	v1 := `{"title":"a <b>","text":"` + strings.Repeat("ü", 4001) + `","priority":"low","related_event_id":7891,"tags":["x:y"],"host":"web-1",` +
		`"aggregation_key":"k","alert_type":"error","source_type_name":"torq","device_name":"sda","id":7,"monitor_id":7,"payload":"{}","is_aggregate":true}`
	v2 := `{"data":{"type":"event","attributes":{"title":"a","message":"b","category":"alert","timestamp":"2026-03-14T11:59:00.500Z","aggregation_key":"k",` +
		`"host":"web-1","integration_id":"custom-events","tags":["x:y"],"attributes":{"status":"error","priority":"1","custom":{"owner":{"team":"shop"}}}}}}`
	first := ask(t, s, "POST", "/api/v1/events", v1).mustBe(t, 202)
	second := ask(t, s, "POST", "/api/v2/events", v2).mustBe(t, 202)
	posted := s.Posted()
	want := []fakedatadog.PostedEvent{
		{Route: fakedatadog.EventsCreate, Body: json.RawMessage(v1), Event: fakedatadog.Event{
			ID: posted[0].Event.ID, Title: "a <b>", Text: strings.Repeat("ü", 4000), DateHappened: noon.Unix(), AlertType: "error", Priority: "low",
			Host: "web-1", DeviceName: "sda", AggregationKey: "k", RelatedEventID: 7891, SourceTypeName: "torq", Tags: []string{"x:y"},
		}},
		{Route: fakedatadog.EventsCreateV2, Body: json.RawMessage(v2), Event: fakedatadog.Event{
			ID: posted[1].Event.ID, Title: "a", Text: "b", DateHappened: noon.Add(-time.Minute).Unix(), AlertType: "error", Priority: "normal",
			Host: "web-1", AggregationKey: "k", Tags: []string{"x:y"},
		}},
	}
	if diff := cmp.Diff(want, posted); diff != "" {
		t.Errorf("posted (-want +got):\n%s", diff)
	}
	id := strconv.FormatInt(posted[0].Event.ID, 10)
	rounded, _ := strconv.ParseFloat(id, 64)
	for path, value := range map[string]string{
		"event.id": strconv.FormatFloat(rounded, 'f', -1, 64), "event.id_str": id, "event.url": "https://app.datadoghq.com/event/event?id=" + id,
		"event.related_event_id": "7891", "event.priority": "low", "status": "ok",
	} {
		if got := pick(t, first.body, path); got != value {
			t.Errorf("%s is %q, want %q", path, got, value)
		}
	}
	if id == strconv.FormatFloat(rounded, 'f', -1, 64) || !strings.Contains(first.body, `"a <b>"`) || first.header.Get("X-RateLimit-Limit") != "" {
		t.Errorf("a create with %v answered %s", first.header, first.body)
	}
	uid := pick(t, second.body, "data.attributes.attributes.evt.uid")
	if len(uid) != 24 || pick(t, second.body, "links.self") != "https://app.datadoghq.com/event/event?uid="+uid {
		t.Errorf("answered %s", second.body)
	}
}

func TestEvents_VisibilityDelay(t *testing.T) {
	now := noon
	s := fakedatadog.New(fakedatadog.Options{Now: func() time.Time { return now }})
	ask(t, s, "POST", "/api/v1/events", `{"title":"a","text":"b","tags":["z","a:b"]}`).mustBe(t, 202)
	get := "GET /api/v1/events/" + strconv.FormatInt(s.Events()[0].ID, 10)
	const list, search = "GET /api/v1/events?start=0&end=1773489610", "POST /api/v2/events/search"
	run(t, s,
		exchange{call: get, status: 404, want: "No event matches that event_id."},
		exchange{call: list, path: "events.*.title"},
		exchange{call: search, body: "{}", path: "data.*.attributes.message"},
	)
	now = now.Add(fakedatadog.DefaultVisibleAfter)
	run(t, s,
		exchange{call: get, path: "event.tags.*", want: "a:b source:my_apps z"},
		exchange{call: get, path: "event.alert_type", want: "info"},
		exchange{call: list, path: "events.*.title", want: "a"},
		exchange{call: search, body: "{}", path: "data.*.attributes.message", want: "b"},
		exchange{call: "GET /api/v1/events/99999999999999999999", status: 404, want: "No event matches that event_id."},
	)
}

func TestEvents_List(t *testing.T) {
	s := newServer()
	minutesAgo := func(m int) int64 { return noon.Add(-time.Duration(m) * time.Minute).Unix() }
	s.AddEvent(fakedatadog.Event{Title: "deploy", DateHappened: minutesAgo(30), SourceTypeName: "github", Tags: []string{"service:checkout", "env:prod"}})
	s.AddEvent(fakedatadog.Event{Title: "alert", DateHappened: minutesAgo(20), Host: "web-1", Tags: []string{"service:checkout"}, AggregationKey: "k", MonitorID: 42})
	s.AddEvent(fakedatadog.Event{Title: "other", DateHappened: minutesAgo(10), SourceTypeName: "My Tool"})
	s.AddEvent(fakedatadog.Event{Title: "recovered", AggregationKey: "k"})
	const until, always, titles, invalid = "GET /api/v1/events?start=0&end=", "GET /api/v1/events?start=0&end=1773489600", "events.*.title", "The value provided for parameter '%s' is invalid"
	early := until + strconv.FormatInt(minutesAgo(5), 10)
	run(t, s,
		exchange{call: always, path: titles, want: "recovered other alert deploy"},
		exchange{call: always, path: "events.*.source", want: "My Apps My Tool My Apps github"},
		exchange{call: always, path: "events.*.monitor_id", want: "<nil> <nil> 42 <nil>"},
		exchange{call: fmt.Sprintf("GET /api/v1/events?start=%d&end=%d&unaggregated=true", minutesAgo(20), minutesAgo(10)), path: titles, want: "other alert"},
		exchange{call: always + "&tags=service:checkout", path: titles, want: "alert deploy"},
		exchange{call: always + "&tags=service:checkout, env:prod", path: titles, want: "deploy"},
		exchange{call: always + "&tags=host:web-1", path: titles, want: "alert"},
		exchange{call: always + "&tags=source:my_tool", path: titles, want: "other"},
		exchange{call: always + "&tags=service:check", path: titles},
		exchange{call: early, path: titles, want: "other deploy"}, // The parent is later.
		exchange{call: early + "&unaggregated=true", path: titles, want: "other alert deploy"},
		exchange{call: early + "&exclude_aggregate=true", path: titles, want: "other alert deploy"},
		exchange{call: always + "&sources=github, My Tool", path: titles, want: "other deploy"},
		exchange{call: always + "&sources=my_apps&priority=normal", path: titles, want: "recovered alert"},
		exchange{call: always + "&sources=git", path: titles},
		exchange{call: always + "&priority=low", path: titles},
		exchange{call: always + "&priority=high", status: 400, want: fmt.Sprintf(invalid, "priority")},
		exchange{call: always + "&unaggregated=true&page=1", path: titles},
		exchange{call: until, status: 400, want: "The parameter 'end' is required"},
		exchange{call: until + "-2", status: 400, want: fmt.Sprintf(invalid, "end")},
		exchange{call: always + "&unaggregated=maybe", status: 400, want: fmt.Sprintf(invalid, "unaggregated")},
		exchange{call: always + "&page=0", status: 400, want: "The parameter 'page' can only be used with 'unaggregated' or 'exclude_aggregate'"},
	)
}

// Read-only fields are those of events that Datadog writes itself.
func TestEvents_ReadOnlyFields(t *testing.T) {
	s := newServer()
	id := s.AddEvent(fakedatadog.Event{Title: "parent", IsAggregate: true, DeviceName: "sda", Payload: `{"monitor":{"id":7}}`})
	s.AddEvent(fakedatadog.Event{Title: "child"})
	const list = "GET /api/v1/events?start=0&end=1773489600"
	run(t, s,
		exchange{call: "GET /api/v1/events/" + id, path: "event.payload", want: `{"monitor":{"id":7}}`},
		exchange{call: "GET /api/v1/events/" + id, path: "event.device_name", want: "sda"},
		exchange{call: list, path: "events.*.is_aggregate", want: "false true"},
		exchange{call: list + "&unaggregated=true", path: "events.*.title", want: "child parent"},
		exchange{call: list + "&exclude_aggregate=true", path: "events.*.title", want: "child"},
	)
}

func TestEvents_ListPages(t *testing.T) {
	s := newServer()
	for i := range 1003 {
		s.AddEvent(fakedatadog.Event{Title: strconv.Itoa(i), DateHappened: noon.Unix() - int64(i)})
	}
	for page, want := range map[string][2]string{"0": {"0", "999"}, "1": {"1000", "1002"}} {
		query := url.Values{"start": {"0"}, "end": {strconv.FormatInt(noon.Unix(), 10)}, "unaggregated": {"true"}, "page": {page}}
		titles := strings.Fields(pick(t, ask(t, s, "GET", "/api/v1/events?"+query.Encode(), "").body, "events.*.title"))
		if got := [2]string{titles[0], titles[len(titles)-1]}; got != want {
			t.Errorf("page %q goes from %s to %s, want %v", page, got[0], got[1], want)
		}
	}
}

func TestEvents_Search(t *testing.T) {
	s := newServer()
	ago := func(d time.Duration) int64 { return noon.Add(-d).Unix() }
	for _, e := range []fakedatadog.Event{
		{Title: "early", DateHappened: ago(2 * time.Hour)},
		{Title: "Deployed", Text: "by ann", SourceTypeName: "github", Tags: []string{"service:checkout", "env:prod"}, AlertType: "success", DateHappened: ago(50 * time.Minute)},
		{Title: "Flag", Tags: []string{"service:cart"}, DateHappened: ago(40 * time.Minute), Change: &fakedatadog.ChangeEvent{Author: &fakedatadog.NamedType{Name: "ann", Type: "user"}}},
		{Title: "Load", SourceTypeName: "alert", Host: "a", Tags: []string{"monitor:7"}, AlertType: "warning", MonitorID: 7, MonitorGroups: []string{"host:a"}, DateHappened: ago(30 * time.Minute)},
	} {
		s.AddEvent(e)
	}
	find := func(query, path, want string) exchange {
		body := fmt.Sprintf(`{"filter":{"query":%q,"from":"2026-03-14T11:00:00Z"},"sort":"-timestamp"}`, query)
		return exchange{call: "POST /api/v2/events/search", body: body, path: "data.*.attributes." + path, want: want}
	}
	run(t, s,
		find("", "attributes.title", "Load Flag Deployed"),
		find("source:(github OR my_apps)", "attributes.title", "Flag Deployed"),
		find("(service:checkout OR service:cart) -env:prod", "attributes.title", "Flag"),
		find(`monitor:"7"`, "attributes.title", "Load"),
		find("host:a status:warn", "attributes.title", "Load"),
		find("status:ok", "attributes.title", "Deployed"),
		find("ann", "attributes.title", "Deployed"),
		find("@evt.category:change", "attributes.author.name", "ann"),
		find("sources:github", "attributes.title", "Deployed"),
		find("service:none", "attributes.title", ""),
		find("status:ok", "attributes.service", "checkout"),
		find("monitor:7", "attributes.service", "undefined"),
		find("monitor:7", "attributes.monitor_groups.*", "host:a"),
		find("status:ok", "tags.*", "source:github service:checkout env:prod"),
		exchange{call: "POST /api/v2/events/search", body: `{"filter":{"query":"(a"}}`, status: 400, want: `input_validation_error(Field 'filter.query' is invalid: fakedatadog cannot parse "(a")`},
	)
}
