package fakedatadog_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fakedatadog"
)

const eventSearchPath = "/api/v2/events/search"

type eventList struct {
	Data []struct {
		ID         string
		Attributes struct {
			Message, Timestamp string
			Tags               []string
			Attributes         map[string]any
		}
	}
	Meta  struct{ Page struct{ After string } }
	Links struct{ Next string }
}

func (l eventList) titles() []string {
	titles := []string{}
	for _, e := range l.Data {
		titles = append(titles, e.Attributes.Attributes["title"].(string))
	}
	return titles
}

func searchEvents(t *testing.T, s *fakedatadog.Server, query string) eventList {
	t.Helper()
	body, err := json.Marshal(map[string]any{"filter": map[string]string{"query": query, "from": "now-1h"}, "sort": "timestamp"})
	if err != nil {
		t.Fatal(err)
	}
	return decode[eventList](t, ask(t, s, "POST", eventSearchPath, string(body)).mustBe(t, 200).body)
}

func streamed() *fakedatadog.Server {
	s := newServer()
	for _, e := range []fakedatadog.Event{
		{Title: "early", DateHappened: noon.Add(-2 * time.Hour).Unix()},
		{Title: "Deployed checkout", Text: "by ann", SourceTypeName: "github", Tags: []string{"service:checkout", "env:prod"}, AlertType: "success", DateHappened: noon.Add(-50 * time.Minute).Unix()},
		{Title: "Flag", Tags: []string{"service:cart", "env:dev"}, DateHappened: noon.Add(-40 * time.Minute).Unix(), Change: &fakedatadog.ChangeEvent{Author: &fakedatadog.NamedType{Name: "ann", Type: "user"}}},
		{Title: "[Triggered] Load", SourceTypeName: "alert", Host: "a", Tags: []string{"team:shop"}, AlertType: "warning", MonitorID: 7, MonitorGroups: []string{"host:a"}, DateHappened: noon.Add(-30 * time.Minute).Unix()},
	} {
		s.AddEvent(e)
	}
	return s
}

func TestEventsSearch_Query(t *testing.T) {
	const deploy, flag, load = "Deployed checkout", "Flag", "[Triggered] Load"
	s := streamed()
	for query, want := range map[string][]string{
		"":                 {deploy, flag, load},
		"*":                {deploy, flag, load},
		"service:checkout": {deploy}, `service:"checkout"`: {deploy}, "service:check*": {deploy}, `service:"check*"`: {}, "service:(checkout OR cart)": {deploy, flag},
		"source:github": {deploy}, "source:my_apps": {flag}, "-source:alert": {deploy, flag}, "NOT source:(alert OR github)": {flag}, "-source:(alert OR github)": {flag},
		"host:a": {load}, "host:b": {}, "team:shop": {load}, "tags:env:prod": nil, `tags:"env:prod"`: {deploy}, "env:*": {deploy, flag}, "-env:*": {load},
		"status:ok": {deploy}, "status:(warn OR error)": {load}, "@monitor.id:7": {load}, "@evt.category:change": {flag},
		"deploy*": {deploy}, "deploy": {}, "ann": {deploy}, `"by ann"`: {deploy}, "triggered": {load},
		"(service:checkout OR host:a) (env:prod OR -env:*)": {deploy, load}, "service:checkout AND env:dev": {}, "service:checkout env:prod": {deploy},
		`service:"a\"b"`: {}, "service:a\\:b": {}, "-(service:checkout OR service:cart)": {load},
	} {
		if want == nil { // A value with a colon must be quoted.
			ask(t, s, "POST", eventSearchPath, `{"filter":{"query":"`+query+`"}}`).mustBe(t, 400)
			continue
		}
		if diff := cmp.Diff(want, searchEvents(t, s, query).titles()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
}

func TestEventsSearch_Attributes(t *testing.T) {
	got := searchEvents(t, streamed(), "*")
	want := []map[string]any{
		{"title": "Deployed checkout", "status": "success", "service": "checkout", "tags": []string{"source:github", "service:checkout", "env:prod"}},
		{"title": "Flag", "status": "info", "service": "cart", "tags": []string{"source:my_apps", "service:cart", "env:dev"}},
		{"title": "[Triggered] Load", "status": "warning", "service": "undefined", "tags": []string{"source:alert", "team:shop"}},
	}
	for i, e := range got.Data {
		shown := map[string]any{"tags": e.Attributes.Tags}
		for _, key := range []string{"title", "status", "service"} {
			shown[key] = e.Attributes.Attributes[key]
		}
		if diff := cmp.Diff(want[i], shown); diff != "" {
			t.Errorf("event %d (-want +got):\n%s", i, diff)
		}
	}
	change, alert := got.Data[1].Attributes.Attributes, got.Data[2].Attributes.Attributes
	if author, _ := change["author"].(map[string]any); author["name"] != "ann" || change["evt"].(map[string]any)["category"] != "change" {
		t.Errorf("the change is %v", change)
	}
	if alert["hostname"] != "a" || alert["monitor_id"].(json.Number) != "7" || change["hostname"] != nil {
		t.Errorf("the alert is %v", alert)
	}
}

func TestEventsSearch_Pages(t *testing.T) {
	s := streamed()
	var titles []string
	cursor := ""
	for range 4 {
		body := `{"filter":{"from":"now-3h"},"sort":"-timestamp","page":{"limit":2,"cursor":"` + cursor + `"}}`
		got := decode[eventList](t, ask(t, s, "POST", eventSearchPath, body).mustBe(t, 200).body)
		titles = append(titles, got.titles()...)
		if cursor = got.Meta.Page.After; cursor == "" {
			break
		}
		if !strings.HasSuffix(got.Links.Next, cursor) {
			t.Errorf("next is %s", got.Links.Next)
		}
	}
	if diff := cmp.Diff([]string{"[Triggered] Load", "Flag", "Deployed checkout", "early"}, titles); diff != "" {
		t.Errorf("titles (-want +got):\n%s", diff)
	}
	// A cursor that stands behind an event that is gone.
	gone := `{"page":{"cursor":"eyJhZnRlciI6IngifQ"}}`
	if got := ask(t, s, "POST", eventSearchPath, gone).mustBe(t, 200).body; got != `{"data":[]}`+"\n" {
		t.Errorf("answer %s", got)
	}
}

func TestEventsSearch_BadRequest(t *testing.T) {
	s := newServer()
	for _, body := range []string{
		"no JSON", `{"filter":{"from":"yesterday"}}`, `{"filter":{"to":"later"}}`, `{"page":{"limit":1001}}`, `{"page":{"limit":-1}}`, `{"page":{"cursor":"%"}}`, `{"page":{"cursor":"e30"}}`,
		`{"filter":{"query":"@http.status_code:[200 TO 299]"}}`, `{"filter":{"query":"@usr.name:ann"}}`, `{"filter":{"query":"(a"}}`, `{"filter":{"query":"a)"}}`, `{"filter":{"query":"a OR"}}`,
		`{"filter":{"query":"OR a"}}`, `{"filter":{"query":"service:"}}`, `{"filter":{"query":"service:)"}}`, `{"filter":{"query":"service:(a"}}`, `{"filter":{"query":"\"a"}}`, `{"filter":{"query":"a AND"}}`,
		`{"filter":{"query":"source:(a b:c)"}}`, `{"filter":{"query":"service:-(a)"}}`, `{"filter":{"query":"NOT"}}`,
	} {
		if got := ask(t, s, "POST", eventSearchPath, body).mustBe(t, 400).errorsIn(t); len(got) != 1 || got[0] == "" {
			t.Errorf("%s: %q", body, got)
		}
	}
}

func TestEventsSearch_NotYetVisible(t *testing.T) {
	s := fakedatadog.New(fakedatadog.Options{Now: newWatch().Now})
	ask(t, s, "POST", "/api/v1/events", anEvent).mustBe(t, 202)
	if got := searchEvents(t, s, "*"); len(got.Data) != 0 {
		t.Errorf("an event that was just posted is found: %v", got.titles())
	}
}
