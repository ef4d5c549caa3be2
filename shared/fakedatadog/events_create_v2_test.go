package fakedatadog_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fakedatadog"
)

// alertWith returns the body of an alert with one more attribute, detailWith with
// one more of those that only alerts have.
func alertWith(more string) string { return v2Event("alert", more, `{"status":"warn"}`) }

func detailWith(more string) string {
	return v2Event("alert", `"host":"a"`, `{"status":"warn",`+more+`}`)
}

func changeWith(details string) string { return v2Event("change", `"host":"a"`, details) }

func v2Event(category, more, details string) string {
	return `{"data":{"type":"event","attributes":{"title":"a","category":"` + category + `",` + more + `,"attributes":` + details + `}}}`
}

func TestEvents_CreateV2(t *testing.T) {
	const at, failed = "$.data.attributes", "JSON validation failed at "
	text := func(n int) string { return strconv.Quote(strings.Repeat("é", n)) }
	list := func(n int, of string) string { return "[" + strings.TrimSuffix(strings.Repeat(of+",", n), ",") + "]" }
	object := func(n int) string {
		var properties []string
		for i := range n {
			properties = append(properties, fmt.Sprintf(`"k%d":1`, i))
		}
		return "{" + strings.Join(properties, ",") + "}"
	}
	deep := func(n int) string { return strings.Repeat(`{"n":`, n) + "1" + strings.Repeat("}", n) }
	ago := func(d time.Duration) string { return noon.Add(-d).Format(time.RFC3339Nano) }
	for name, tc := range map[string]struct {
		body  string
		error string // Empty: accepted.
	}{
		"an alert with a status is enough": {body: `{"data":{"type":"event","attributes":{"title":"a","category":"alert","attributes":{"status":"ok"}}}}`},
		"no JSON":                          {body: `a=b`, error: "Payload is not valid JSON"},
		"no object":                        {body: `[]`, error: failed + "$: value must be an object."},
		"no data":                          {body: `{}`, error: failed + "$.data: value is required."},
		"no type":                          {body: `{"data":{}}`, error: failed + "$.data.type: value is required."},
		"another type":                     {body: `{"data":{"type":"events"}}`, error: failed + `$.data.type: value must be one of: ["event"].`},
		"no attributes":                    {body: `{"data":{"type":"event"}}`, error: failed + at + ": value is required."},
		"no title":                         {body: `{"data":{"type":"event","attributes":{"category":"alert","attributes":{"status":"ok"}}}}`, error: failed + at + ".title: value is required."},
		"no category":                      {body: `{"data":{"type":"event","attributes":{"title":"a"}}}`, error: failed + at + ".category: value is required."},
		"no status":                        {body: v2Event("alert", `"host":"a"`, `{}`), error: failed + at + ".attributes.status: value is required."},
		"a status of v1":                   {body: v2Event("alert", `"host":"a"`, `{"status":"success"}`), error: failed + at + `.attributes.status: value must be one of: ["ok", "warn", "error"].`},
		"a novelty":                        {body: alertWith(`"novelty":1`), error: failed + at + ".novelty: property is not in the schema, which allows no others."},
		"a novelty of an alert":            {body: detailWith(`"source":"torq"`), error: failed + at + ".attributes.source: property is not in the schema, which allows no others."},
		"a message at the limit":           {body: alertWith(`"message":` + text(4000))},
		"a message over the limit":         {body: alertWith(`"message":` + text(4001)), error: failed + at + ".message: value must be a string of 1 to 4000 characters."},
		"an empty message":                 {body: alertWith(`"message":""`), error: failed + at + ".message: value must be a string of 1 to 4000 characters."},
		"a host that is null":              {body: alertWith(`"host":null`), error: failed + at + ".host: value must be a string of 1 to 255 characters."},
		"an empty aggregation key":         {body: alertWith(`"aggregation_key":""`), error: failed + at + ".aggregation_key: value must be a string of 1 to 100 characters."},
		"100 tags of 200 characters":       {body: alertWith(`"tags":` + list(100, text(200)))},
		"101 tags":                         {body: alertWith(`"tags":` + list(101, `"a"`)), error: failed + at + ".tags: value must be a list of 1 to 100 elements."},
		"no tags":                          {body: alertWith(`"tags":[]`), error: failed + at + ".tags: value must be a list of 1 to 100 elements."},
		"a long tag":                       {body: alertWith(`"tags":["a",` + text(201) + `]`), error: failed + at + ".tags[1]: value must be a string of 1 to 200 characters."},
		"another integration":              {body: alertWith(`"integration_id":"torq"`), error: failed + at + `.integration_id: value must be one of: ["custom-events"].`},
		"18 hours old":                     {body: alertWith(`"timestamp":"` + ago(18*time.Hour) + `"`)},
		"older than 18 hours":              {body: alertWith(`"timestamp":"` + ago(18*time.Hour+time.Millisecond) + `"`), error: failed + at + ".timestamp: value must not be older than 18 hours."},
		"a timestamp in seconds":           {body: alertWith(`"timestamp":1773489600`), error: failed + at + ".timestamp: value must be a time in ISO 8601."},
		"a priority":                       {body: detailWith(`"priority":"5"`)},
		"a priority that is a number":      {body: detailWith(`"priority":5`), error: failed + at + `.attributes.priority: value must be one of: ["1", "2", "3", "4", "5"].`},
		"20 links":                         {body: detailWith(`"links":` + list(20, `{"category":"runbook","url":"https://a.example"}`))},
		"21 links":                         {body: detailWith(`"links":` + list(21, `{"category":"runbook","url":"https://a.example"}`)), error: failed + at + ".attributes.links: value must be a list of 1 to 20 elements."},
		"a link of another category":       {body: detailWith(`"links":[{"category":"repo","url":"https://a.example"}]`), error: failed + at + `.attributes.links[0].category: value must be one of: ["runbook", "documentation", "dashboard", "resource"].`},
		"a link without an address":        {body: detailWith(`"links":[{"category":"runbook"}]`), error: failed + at + ".attributes.links[0].url: value is required."},
		"a link without words":             {body: detailWith(`"links":[{"category":"runbook","url":"https://a.example","title":""}]`), error: failed + at + ".attributes.links[0].title: value must be a string of 1 to 300 characters."},
		"custom with 100 properties":       {body: detailWith(`"custom":` + object(100))},
		"custom with 101 properties":       {body: detailWith(`"custom":{"a":[` + object(101) + `]}`), error: failed + at + ".attributes.custom.a[0]: value must have at most 100 properties."},
		"custom 10 levels deep":            {body: detailWith(`"custom":` + deep(10))},
		"custom 11 levels deep":            {body: detailWith(`"custom":` + deep(11)), error: failed + at + ".attributes.custom" + strings.Repeat(".n", 10) + ": value must be nested at most 10 levels deep."},
		"custom that is a list":            {body: detailWith(`"custom":[1]`), error: failed + at + ".attributes.custom: value must be an object."},
		"a change":                         {body: changeWith(`{"changed_resource":{"name":"a","type":"configuration"}}`)},
		"a change of nothing":              {body: changeWith(`{}`), error: failed + at + ".attributes.changed_resource: value is required."},
		"a change of anything":             {body: changeWith(`{"changed_resource":{"name":"a","type":"deploy"}}`), error: failed + at + `.attributes.changed_resource.type: value must be one of: ["feature_flag", "configuration"].`},
		"a change without author":          {body: changeWith(`{"changed_resource":{"name":"a","type":"configuration"},"author":{"type":"user"}}`), error: failed + at + ".attributes.author.name: value is required."},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer()
			got := ask(t, s, "POST", "/api/v2/events", tc.body)
			if tc.error == "" {
				got.mustBe(t, 202)
				if len(s.Posted()) != 1 || len(s.Events()) != 1 {
					t.Errorf("%d posted, %d in the stream, want one each", len(s.Posted()), len(s.Events()))
				}
				return
			}
			want, _ := json.Marshal(tc.error)
			if diff := cmp.Diff(`{"errors":[{"status":"400","title":"Bad Request","detail":`+string(want)+`}]}`+"\n", got.mustBe(t, 400).body); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if len(s.Posted())+len(s.Events()) != 0 {
				t.Error("a refused event is in the stream")
			}
		})
	}
}

func TestEvents_CreateV2Answers(t *testing.T) {
	s := fakedatadog.New(fakedatadog.Options{Now: newWatch().Now, VisibleAfter: -1, AppURL: "http://127.0.0.1:8080"})
	body := `{"data":{"type":"event","attributes":{"title":"a","message":"b","category":"alert","timestamp":"2026-03-14T11:59:00.500Z","aggregation_key":"k",` +
		`"host":"web-1","integration_id":"custom-events","tags":["x:y"],"attributes":{"status":"error","priority":"1","custom":{"owner":{"team":"shop"}}}}}}`
	got := ask(t, s, "POST", "/api/v2/events", body).mustBe(t, 202)
	answer := decode[struct {
		Data struct {
			Attributes struct {
				Attributes struct{ Evt struct{ ID, UID string } }
			}
		}
		Links struct{ Self string }
	}](t, got.body)
	evt := answer.Data.Attributes.Attributes.Evt
	e := s.Events()[0]
	if evt.ID != strconv.FormatInt(e.ID, 10) || len(evt.UID) != 24 || answer.Links.Self != "http://127.0.0.1:8080/event/event?uid="+evt.UID {
		t.Errorf("answered %s", got.body)
	}
	stored := fakedatadog.Event{
		ID: e.ID, Title: "a", Text: "b", DateHappened: noon.Add(-time.Minute).Unix(), AlertType: "error", Priority: "normal", Host: "web-1",
		AggregationKey: "k", Tags: []string{"x:y"},
	}
	if diff := cmp.Diff([]fakedatadog.PostedEvent{{Route: fakedatadog.EventsCreateV2, Body: json.RawMessage(body), Event: stored}}, s.Posted()); diff != "" {
		t.Errorf("posted (-want +got):\n%s", diff)
	}
	ask(t, s, "POST", "/api/v2/events", body).mustBe(t, 202)
	if other := s.Events()[0]; other.ID == e.ID {
		t.Error("two events have one id")
	}
	for status, want := range map[string]string{"ok": "success", "warn": "warning"} {
		ask(t, s, "POST", "/api/v2/events", v2Event("alert", `"host":"a"`, `{"status":"`+status+`"}`)).mustBe(t, 202)
		if posted := s.Posted(); posted[len(posted)-1].Event.AlertType != want {
			t.Errorf("the status %s is kept as %s", status, posted[len(posted)-1].Event.AlertType)
		}
	}
}

func TestEvents_CreateV2WithoutAppKey(t *testing.T) {
	s := newServer()
	apiKeyOnly := rightKeys.Clone()
	apiKeyOnly.Del("DD-APPLICATION-KEY")
	askWith(t, s, apiKeyOnly, "POST", "/api/v2/events", alertWith(`"host":"a"`)).mustBe(t, 401)
	if len(s.Posted()) != 0 {
		t.Error("an event without the application key was taken")
	}
}
