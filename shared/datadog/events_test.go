package datadog

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/event"
	"boomerang/shared/fault"
)

func TestClient_Create(t *testing.T) {
	full := event.Event{
		Title: "title <&>", Text: "%%% \ntext é \n %%%", DateHappened: 1700000000, AggregationKey: "cycle",
		RelatedEventID: 6327818702635911562, AlertType: "error", Priority: "low", Host: "web-1", Tags: []string{"a:b", "boomerang"},
	}
	t.Run("posts_every_field", func(t *testing.T) {
		var l log
		if _, err := clientOver(t, l.answering(202, wholeAnswer), keyring{}).Create(t.Context(), full); err != nil {
			t.Fatal(err)
		}
		got := l.requests[0]
		if got.method != "POST" || got.url != "https://api.datadoghq.com/api/v1/events" || got.header.Get("Content-Type") != "application/json" {
			t.Errorf("sent %s %s as %s", got.method, got.url, got.header.Get("Content-Type"))
		}
		var sent event.Event
		if err := decode([]byte(got.body), &sent); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(full, sent); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("leaves_empty_fields_out", func(t *testing.T) {
		var l log
		if _, err := clientOver(t, l.answering(202, wholeAnswer), keyring{}).Create(t.Context(), event.Event{Title: "a", Text: "b"}); err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSpace(l.requests[0].body); got != `{"title":"a","text":"b"}` {
			t.Errorf("sent %s", got)
		}
	})

	answers := map[string]struct {
		body string
		want event.Posted
	}{
		"id_str_is_kept_when_id_is_rounded": {
			`{"status":"ok","event":{"id":6327818702635911000,"id_str":"6327818702635911562","url":"https://app.datadoghq.com/event/event?id=6327818702635911562"}}`,
			event.Posted{ID: "6327818702635911562", URL: "https://app.datadoghq.com/event/event?id=6327818702635911562"},
		},
		"id_str_is_kept_when_id_is_a_float": {`{"event":{"id":6.327818702635911e+18,"id_str":"6327818702635911562"}}`, event.Posted{ID: "6327818702635911562"}},
		"id_is_better_than_nothing":         {`{"event":{"id":6327818702635911562}}`, event.Posted{ID: "6327818702635911562"}},
		"an_address_becomes_absolute":       {`{"event":{"id_str":"7","url":"/event/event?id=7"}}`, event.Posted{ID: "7", URL: "https://app.datadoghq.com/event/event?id=7"}},
		"an_address_that_is_none":           {`{"event":{"id_str":"7","url":"https://%zz"}}`, event.Posted{ID: "7"}},
		"an_alert_type_from_the_future":     {`{"event":{"id_str":"7","alert_type":"catastrophe","priority":"urgent"}}`, event.Posted{ID: "7"}},
		"fields_of_other_types":             {`{"event":{"id":"x","id_str":"7","tags":"a","date_happened":"now","payload":{}}}`, event.Posted{ID: "7"}},
		"nothing_to_read":                   {``, event.Posted{}},
		"cut_off":                           {`{"status":"ok","event":{"id_str":"632781`, event.Posted{}},
		"no_event":                          {`{"status":"ok"}`, event.Posted{}},
		"no_id":                             {`{"event":{"url":"https://app.datadoghq.com/event/event?id=7"}}`, event.Posted{URL: "https://app.datadoghq.com/event/event?id=7"}},
	}
	for name, tt := range answers {
		t.Run(name, func(t *testing.T) {
			got, err := clientOver(t, answering(202, tt.body), keyring{}).Create(t.Context(), full)
			if err != nil {
				t.Fatal(err)
			}
			if got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

const monitorEvent = `{
	"id": 6966206777461602138, "id_str": "6966206777461602138", "title": "[Triggered] CPU", "text": "%%%\nhot\n%%%",
	"date_happened": 1679481146, "alert_type": "error", "priority": "normal", "source": "Monitor Alert",
	"host": "i-0b91c7113c5aae6e1", "device_name": "sda", "tags": ["env:test", "monitor"], "url": "/event/event?id=6966206777461602138",
	"related_event_id": 6966206777461602000, "is_aggregate": true, "comments": [], "resource": "/api/v1/events/6966206777461602138",
	"monitor_id": 337147, "monitor_groups": ["host:a,env:prod", "*"], "monitor_group_status": null,
	"payload": "{\"monitor\": {\"id\": 337147}}"
}`

var wantMonitorEvent = Event{
	ID: "6966206777461602138", Title: "[Triggered] CPU", Text: "%%%\nhot\n%%%",
	Happened:  time.Date(2023, 3, 22, 10, 32, 26, 0, time.UTC),
	AlertType: "error", Priority: "normal", Source: "Monitor Alert",
	Host: "i-0b91c7113c5aae6e1", Device: "sda", Tags: []string{"env:test", "monitor"},
	URL:            "https://app.datadoghq.com/event/event?id=6966206777461602138",
	RelatedEventID: 6966206777461602000, Aggregate: true,
	MonitorID: 337147, MonitorGroups: []string{"host:a,env:prod", "*"},
	Payload: `{"monitor": {"id": 337147}}`,
}

func TestClient_Event(t *testing.T) {
	tests := map[string]struct {
		fields string
		want   Event
	}{
		"all_there_is":           {monitorEvent, wantMonitorEvent},
		"nulls":                  {`{"id_str":"7","host":null,"device_name":null,"monitor_id":null,"priority":null,"payload":null,"tags":null}`, Event{ID: "7"}},
		"the_name_of_a_source":   {`{"id_str":"7","source_type_name":"github"}`, Event{ID: "7", Source: "github"}},
		"a_payload_that_is_JSON": {`{"id_str":"7","payload":{"monitor":{"id":1}}}`, Event{ID: "7", Payload: `{"monitor":{"id":1}}`}},
		"unknown_values":         {`{"id_str":"7","alert_type":"catastrophe","priority":"urgent","tags":["a",7,"b"],"monitor_id":"x","title":"t"}`, Event{ID: "7", AlertType: "catastrophe", Priority: "urgent", Tags: []string{"a", "", "b"}, Title: "t"}},
		"a_time_before_all_time": {`{"id_str":"7","date_happened":-1}`, Event{ID: "7"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var l log
			got, err := clientOver(t, l.answering(200, `{"event":`+tt.fields+`}`), keyring{}).Event(t.Context(), "6966206777461602138")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if want := "https://api.datadoghq.com/api/v1/events/6966206777461602138"; l.requests[0].url != want {
				t.Errorf("asked %s, want %s", l.requests[0].url, want)
			}
		})
	}
	for _, id := range []string{"", "AZsKLCxvAACr", "7/../../monitor", "99999999999999999999", "7?x=1"} {
		t.Run(fmt.Sprintf("asks_nothing_for_%q", id), func(t *testing.T) {
			var l log
			_, err := clientOver(t, l.answering(200, wholeAnswer), keyring{}).Event(t.Context(), id)
			f, e := failure(t, err)
			if f.Kind != fault.Permanent || e.Status != 0 || len(l.requests) != 0 {
				t.Errorf("got kind %v, %+v and %d requests", f.Kind, e, len(l.requests))
			}
			if !strings.Contains(f.Public, strconv.Quote(id)) || id != "" && strings.Contains(err.Error(), id) {
				t.Errorf("says %q, and to the log %q", f.Public, err)
			}
		})
	}
}

func TestClient_Events(t *testing.T) {
	start, end := time.Unix(1700000000, 999), time.Unix(1700000900, 0)
	tests := map[string]struct {
		query EventQuery
		want  url.Values
	}{
		"a_time_alone": {
			EventQuery{Start: start, End: end},
			url.Values{"start": {"1700000000"}, "end": {"1700000900"}},
		},
		"every_parameter": {
			EventQuery{Start: start, End: end, Priority: "low", Sources: []string{"github", "my apps"}, Tags: []string{"env:prod", "service:a&b"}, Unaggregated: true, ExcludeAggregate: true, Page: 3},
			url.Values{
				"start": {"1700000000"}, "end": {"1700000900"}, "priority": {"low"}, "sources": {"github,my apps"}, "tags": {"env:prod,service:a&b"},
				"unaggregated": {"true"}, "exclude_aggregate": {"true"}, "page": {"3"},
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var l log
			got, err := clientOver(t, l.answering(200, `{"events":[`+monitorEvent+`,{"id_str":"8","alert_type":"new"}]}`), keyring{}).Events(t.Context(), tt.query)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]Event{wantMonitorEvent, {ID: "8", AlertType: "new"}}, got); diff != "" {
				t.Error(diff)
			}
			asked, err := url.Parse(l.requests[0].url)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, asked.Query()); diff != "" || asked.Path != "/api/v1/events" {
				t.Errorf("asked %s: %s", asked, diff)
			}
		})
	}
	t.Run("there_are_none", func(t *testing.T) {
		got, err := clientOver(t, answering(200, `{"events":[]}`), keyring{}).Events(t.Context(), EventQuery{})
		if err != nil || len(got) != 0 {
			t.Errorf("got %v, %v", got, err)
		}
	})
}
