package backtest_test

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/functions/local/backtest"
	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/playbook"
	"boomerang/shared/site"
)

const twoEvents = `{"id": 8306082202796025001, "id_str": "8306082202796025001", "title": "a", "text": "b", "date_happened": 1795000000, "tags": ["monitor"], "url": "/event/event?event_id=1"},
	{"id": 8306082202796025003, "title": "c", "unknown": [1]}`

func TestDecode(t *testing.T) {
	one, two, _ := strings.Cut(twoEvents, ",\n")
	for name, responses := range map[string][]string{
		"a list of the API":     {`{"events": [` + twoEvents + `]}`},
		"single events":         {`{"event": ` + one + `}`, `{"event": ` + two + `}`},
		"a list":                {`[` + twoEvents + `]`},
		"one event a line":      {one + "\n" + two + "\n"},
		"one response a line":   {`{"events": [` + one + `]}` + "\n" + `{"events": []}` + "\n" + `{"events": [` + two + `]}`},
		"an empty one between":  {`{"events": [` + one + `]}`, "", `{"events": [` + two + `], "status": "ok"}`},
		"a list of single ones": {`[{"event": ` + one + `}, {"event": ` + two + `}]`},
	} {
		var raw [][]byte
		for _, r := range responses {
			raw = append(raw, []byte(r))
		}
		events, err := backtest.Decode(t.Context(), site.Default, raw...)
		if err != nil || len(events) != 2 || events[0].ID != "8306082202796025001" || events[1].ID != "8306082202796025003" {
			t.Fatalf("%s: %+v, %v", name, events, err)
		}
		if e := events[0]; e.URL != "https://app.datadoghq.com/event/event?event_id=1" || e.Happened.Unix() != 1795000000 {
			t.Errorf("%s: %+v", name, e)
		}
	}
	odd := `[{"id": 7, "title": null, "tags": null, "date_happened": null, "monitor_id": "5"}, {"title": "[Triggered] x", "tags": ["monitor", 5]}, {"title": "[Triggered] x", "tags": ["monitor"]}]`
	events, err := backtest.Decode(t.Context(), site.Default, []byte(odd))
	if s := backtest.Select(events, "boomerang", false, time.Time{}); err != nil || s.Read != 3 || len(s.Alerts) != 2 {
		t.Errorf("odd events: %+v, %v", s, err)
	}
	for text, want := range map[string]string{
		`{"data": [{"id": "AQ"}]}`: "of the v2 API", `[{"id": "AQ", "type": "event", "attributes": {}}]`: "of the v2 API", `{"monitors": []}`: "not events", `"x"`: "not events", `{"events": [`: "ends too early", `[1]`: "not events", `%`: "byte",
	} {
		if _, err := backtest.Decode(t.Context(), site.Default, []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// TestRead reads days and pages, each event of a monitor and of Boomerang once.
func TestRead(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	fake := fakedatadog.New(fakedatadog.Options{Now: func() time.Time { return now }})
	server := httptest.NewServer(fake)
	defer server.Close()
	add := func(age time.Duration, n int, tags ...string) {
		for range n {
			fake.AddEvent(fakedatadog.Event{Title: "[Triggered] x", Text: "@webhook-boomerang", DateHappened: now.Add(-age).Unix(), Tags: tags})
		}
	}
	add(time.Hour, 1, "monitor")
	add(24*time.Hour, 1, "monitor") // On the border of two slices.
	add(30*time.Hour, 1100, "monitor")
	add(49*time.Hour, 1, "boomerang", "playbook:a", "enrichment:none")
	add(50*time.Hour, 1, "deploy")
	add(90*time.Hour, 1, "monitor")
	client, err := datadog.New(datadog.Config{Site: site.Default, BaseURL: server.URL}, datadog.FixedKeys{API: fakedatadog.DefaultAPIKey, App: fakedatadog.DefaultAppKey})
	if err != nil {
		t.Fatal(err)
	}
	var progress []string
	events, err := backtest.Read(t.Context(), client, now.Add(-72*time.Hour), now, func(done, total int) { progress = append(progress, strconv.Itoa(done)+"/"+strconv.Itoa(total)) })
	if err != nil {
		t.Fatal(err)
	}
	if s := backtest.Select(events, "boomerang", false, time.Time{}); len(s.Alerts) != 1102 || s.Read != 1103 {
		t.Errorf("%d alerts in %d events", len(s.Alerts), s.Read)
	}
	if diff := cmp.Diff([]string{"24/72", "48/72", "72/72"}, progress); diff != "" {
		t.Errorf("progress (-want +got):\n%s", diff)
	}
	server.Close()
	if _, err := backtest.Read(t.Context(), client, now.Add(-time.Hour), now, func(int, int) {}); err == nil {
		t.Error("no error for a stream that cannot be read")
	}
}

func TestSelect(t *testing.T) {
	unmentioned := func(e *datadog.Event) { e.Text = "@webhook-boomerang-staging" }
	own := datadog.Event{ID: "100", RelatedEventID: 8, Happened: began.Add(9 * time.Second), Tags: []string{"boomerang", "playbook:a", "enrichment:none"}}
	deploy := datadog.Event{ID: "101", Happened: began, Tags: []string{"deploy"}}
	untagged := func(e *datadog.Event) { e.Tags = nil }
	events := []datadog.Event{
		monitorEvent(9, "c"), monitorEvent(7, "a"), monitorEvent(7, "a"), own, deploy, monitorEvent(8, "b", unmentioned), monitorEvent(6, "d", unmentioned), monitorEvent(5, "e", untagged),
	}
	for name, tt := range map[string]struct {
		events  []datadog.Event
		webhook string
		all     bool
		from    time.Time
		want    string
		skipped int
		note    string
	}{
		"by mention or event":  {events: events, webhook: "boomerang", want: "5 7 8 9", skipped: 1},
		"another webhook":      {events: events, webhook: "boomerang-staging", want: "6 8", skipped: 3},
		"all":                  {events: events, webhook: "boomerang", all: true, want: "5 6 7 8 9"},
		"none":                 {events: events[:3], webhook: "shop", want: "7 9", note: "no event mentions @webhook-shop"},
		"from a time":          {events: events, webhook: "boomerang", from: began.Add(7 * time.Second), want: "7 8 9"},
		"no event":             {webhook: "boomerang"},
		"no event of monitors": {events: []datadog.Event{own, deploy}, webhook: "boomerang"},
	} {
		s := backtest.Select(tt.events, tt.webhook, tt.all, tt.from)
		var ids []string
		for _, a := range s.Alerts {
			ids = append(ids, a.ID)
		}
		if got := strings.Join(ids, " "); got != tt.want || s.Skipped != tt.skipped || !strings.HasPrefix(s.Note, tt.note) || (s.Note == "") != (tt.note == "") {
			t.Errorf("%s: got %q, skipped %d, %q", name, got, s.Skipped, s.Note)
		}
	}
}

// TestFields holds the table in the README, and the fields of an alert that was rebuilt
// from an event with everything.
func TestFields(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(readme), "| field of `alert` | from the event |\n|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	documented := map[string]string{}
	for row := range strings.Lines(table) {
		cells := strings.Split(row, "|")
		for name := range strings.SplitSeq(cells[1], ",") {
			documented[strings.Trim(name, " `")] = strings.TrimSpace(cells[2])
		}
	}
	if diff := cmp.Diff(backtest.Fields, documented); diff != "" {
		t.Errorf("the table in the README (-code +README):\n%s", diff)
	}
	whole := datadog.Event{DeviceName: "sda", RelatedEventID: 1, Payload: "{}", Raw: json.RawMessage(`{}`), Source: "Alert"}
	full := monitorEvent(1, "a", func(e *datadog.Event) {
		e.Title = "[TEST] [P2] [Recovered on {service:a}] x"
		e.DeviceName, e.RelatedEventID, e.Payload, e.Raw, e.Source = whole.DeviceName, whole.RelatedEventID, whole.Payload, whole.Raw, whole.Source
	})
	full.Category, full.Service, full.Change = "alert", "a", datadog.Change{Author: "b"} // Only a search sets them.
	for i := range reflect.TypeFor[datadog.Event]().NumField() {
		if reflect.ValueOf(full).Field(i).IsZero() {
			t.Errorf("the event of this test has no %s", reflect.TypeFor[datadog.Event]().Field(i).Name)
		}
	}
	zero := playbook.View(alert.Alert{})
	for name, value := range playbook.View(full.Alert("")) {
		if has := !reflect.DeepEqual(value, zero[name]); has != (backtest.Fields[name] != "") {
			t.Errorf("a rebuilt alert has alert.%s: %v, table: %q", name, has, backtest.Fields[name])
		}
	}
}
