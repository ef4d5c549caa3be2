package datadog

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/event"
	"boomerang/shared/fault"
)

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
	Host: "i-0b91c7113c5aae6e1", DeviceName: "sda", Tags: []string{"env:test", "monitor"},
	URL:            "https://app.datadoghq.com/event/event?id=6966206777461602138",
	RelatedEventID: 6966206777461602000,
	MonitorID:      337147, MonitorGroups: []string{"host:a,env:prod", "*"},
}

// asSent adds to an event what is kept of its JSON.
func asSent(e Event, payload, raw string) Event {
	e.Payload, e.Raw = payload, json.RawMessage(raw)
	return e
}

const monitorPayload = `{"monitor": {"id": 337147}}`

func TestClient_Event(t *testing.T) {
	tests := cases[Event]{
		"all fields":     {monitorEvent, asSent(wantMonitorEvent, monitorPayload, "")},
		"nulls":          {`{"id_str":"7","host":null,"device_name":null,"monitor_id":null,"priority":null,"payload":null,"tags":null}`, Event{ID: "7"}},
		"source name":    {`{"id_str":"7","source_type_name":"github"}`, Event{ID: "7", Source: "github"}},
		"unknown values": {`{"id_str":"7","alert_type":"catastrophe","priority":"urgent","tags":["a",7,"b"],"monitor_id":"x","title":"t","payload":{}}`, Event{ID: "7", AlertType: "catastrophe", Priority: "urgent", Tags: []string{"a", "", "b"}, Title: "t"}},
		"negative time":  {`{"id_str":"7","date_happened":-1}`, Event{ID: "7"}},
	}
	for name, tt := range tests {
		tt.want.Raw = json.RawMessage(tt.body)
		tt.body = `{"event":` + tt.body + `}`
		tests[name] = tt
	}
	testDecode(t, func(ctx context.Context, c *Client) (Event, error) { return c.Event(ctx, "7") }, tests)
}

func TestClient_SearchEvents(t *testing.T) {
	testDecode(t, func(ctx context.Context, c *Client) ([]Event, error) {
		return c.SearchEvents(ctx, SearchQuery{})
	}, cases[[]Event]{
		"stream event": {
			`{"meta":{"page":{"after":"x"}},"data":[{"attributes":{"attributes":{"status":"info","event_object":"adip","service":"undefined","title":"Deployed","timestamp":1655744852000,
			  "hostname":"a","priority":"normal","aggregation_key":"adip","monitor_id":null,"evt":{"source_id":100,"type":"api","id":"6567977849972254562"}},
			  "message":"See https://ci.example.com/7","tags":["environment:staging","source:my_apps"],"timestamp":"2022-06-20T17:07:32Z"},"type":"event","id":"AgAAAYGCFXAg"}]}`,
			[]Event{{
				ID: "6567977849972254562", Title: "Deployed", Text: "See https://ci.example.com/7", Happened: time.Date(2022, 6, 20, 17, 7, 32, 0, time.UTC), AlertType: "info", Source: "my_apps", Host: "a",
				Tags: []string{"environment:staging", "source:my_apps"}, URL: "https://app.datadoghq.com/event/event?id=6567977849972254562",
			}},
		},
		"change": {
			`{"data":[{"id":"A1","attributes":{"message":"m","tags":["service:shop"],"timestamp":"2026-08-21T10:00:00.5Z","attributes":{
			  "title":"Flag on","service":"shop","status":"ok","author":{"name":"ann@example.com","type":"user"},"changed_resource":{"name":"fallback","type":"feature_flag"},
			  "prev_value":{"enabled": false},"new_value":{ "enabled": true },"change_metadata":{},"impacted_resources":[{"name":"shop","type":"service"}],
			  "evt":{"category":"change","uid":"AZsKLCxv","id":"7"},"monitor_id":8}}}]}`,
			[]Event{{
				ID: "7", Title: "Flag on", Text: "m", Happened: time.Date(2026, 8, 21, 10, 0, 0, 5e8, time.UTC), AlertType: "ok", Category: "change", Service: "shop",
				Tags: []string{"service:shop"}, URL: "https://app.datadoghq.com/event/event?uid=AZsKLCxv", MonitorID: 8,
				Change: Change{Author: "ann@example.com", Resource: "fallback", ResourceType: "feature_flag", Previous: `{"enabled":false}`, New: `{"enabled":true}`, Impacted: []string{"shop"}},
			}},
		},
		"other types": {
			`{"data":[{"id":7,"attributes":{"tags":"a","timestamp":1,"attributes":{"title":"t","evt":7,"author":"ann","source_type_name":"github","impacted_resources":{},"prev_value":null,"new_value":true}}},7]}`,
			[]Event{{Title: "t", Source: "github", Change: Change{New: "true"}}, {}},
		},
	})
}

func TestClient_Event_InvalidID(t *testing.T) {
	for _, id := range []string{"", "AZsKLCxvAACr", "7/../../monitor", "99999999999999999999", "7?x=1"} {
		var l log
		_, err := clientOver(t, l.answering(200, wholeAnswer), keyring{}).Event(t.Context(), id)
		f, e := failure(t, err)
		if f.Kind != fault.Permanent || e.Status != 0 || len(l.requests) != 0 {
			t.Errorf("%q: got kind %v, %+v and %d requests", id, f.Kind, e, len(l.requests))
		}
		if !strings.Contains(f.Public, strconv.Quote(id)) || id != "" && strings.Contains(err.Error(), id) {
			t.Errorf("the public text is %q, that of the log %q", f.Public, err)
		}
	}
}

func TestClient_Events(t *testing.T) {
	testDecode(t, func(ctx context.Context, c *Client) ([]Event, error) { return c.Events(ctx, EventQuery{}) }, cases[[]Event]{
		"two": {`{"events":[` + monitorEvent + `,{"id_str":"8","alert_type":"new"}]}`, []Event{wantMonitorEvent, {ID: "8", AlertType: "new"}}},
	})
}

func TestClient_Events_Raw(t *testing.T) {
	const later, other = `{ "id":9007199254740993, "new":{"b":1,"a":[1.50]}}`, `{"id_str":"7","payload":{"x":1}}`
	testDecode(t, func(ctx context.Context, c *Client) ([]Event, error) { return c.Events(ctx, EventQuery{Raw: true}) }, cases[[]Event]{
		"all fields":     {`{"events":[` + monitorEvent + `]}`, []Event{asSent(wantMonitorEvent, monitorPayload, monitorEvent)}},
		"unknown fields": {`{"events":[` + later + `,` + other + `]}`, []Event{asSent(Event{ID: "9007199254740993"}, "", later), asSent(Event{ID: "7"}, "", other)}},
		"not objects":    {`{"events":[5]}`, []Event{{Raw: json.RawMessage("5")}}},
	})
}

func TestClient_Create(t *testing.T) {
	testDecode(t, func(ctx context.Context, c *Client) (event.Posted, error) { return c.Create(ctx, event.Event{}) }, cases[event.Posted]{
		"id rounded": {
			`{"status":"ok","event":{"id":6327818702635911000,"id_str":"6327818702635911562","url":"https://app.datadoghq.com/event/event?id=6327818702635911562"}}`,
			event.Posted{ID: "6327818702635911562", URL: "https://app.datadoghq.com/event/event?id=6327818702635911562"},
		},
		"id as a float":  {`{"event":{"id":6.327818702635911e+18,"id_str":"6327818702635911562"}}`, event.Posted{ID: "6327818702635911562"}},
		"no id_str":      {`{"event":{"id":6327818702635911562}}`, event.Posted{ID: "6327818702635911562"}},
		"relative URL":   {`{"event":{"id_str":"7","url":"/event/event?id=7"}}`, event.Posted{ID: "7", URL: "https://app.datadoghq.com/event/event?id=7"}},
		"invalid URL":    {`{"event":{"id_str":"7","url":"https://%zz"}}`, event.Posted{ID: "7"}},
		"unknown values": {`{"event":{"id_str":"7","alert_type":"catastrophe","priority":"urgent"}}`, event.Posted{ID: "7"}},
		"other types":    {`{"event":{"id":"x","id_str":"7","tags":"a","date_happened":"now","payload":{}}}`, event.Posted{ID: "7"}},
		"empty":          {``, event.Posted{}},
		"cut off":        {`{"status":"ok","event":{"id_str":"632781`, event.Posted{}},
		"no event":       {`{"status":"ok"}`, event.Posted{}},
		"no id":          {`{"event":{"url":"https://app.datadoghq.com/event/event?id=7"}}`, event.Posted{URL: "https://app.datadoghq.com/event/event?id=7"}},
	})
}

func TestClient_CreateAlert(t *testing.T) {
	testDecode(t, func(ctx context.Context, c *Client) (event.Posted, error) {
		return c.CreateAlert(ctx, event.AlertEvent{})
	}, cases[event.Posted]{
		"uid": {
			`{"data":{"id":"_","attributes":{"attributes":{"evt":{"id":"8407723285051133019","uid":"AZsKLCxv"}}}},"links":{"self":"https://app.datadoghq.com/event/event?uid=AZsKLCxv"}}`,
			event.Posted{ID: "AZsKLCxv", URL: "https://app.datadoghq.com/event/event?uid=AZsKLCxv"},
		},
		"old id":       {`{"data":{"attributes":{"attributes":{"evt":{"id":"8407723285051133019"}}}}}`, event.Posted{ID: "8407723285051133019"}},
		"relative URL": {`{"links":{"self":"/event/event?uid=A"}}`, event.Posted{URL: "https://app.datadoghq.com/event/event?uid=A"}},
		"other types":  {`{"data":{"attributes":{"attributes":{"evt":{"id":7,"uid":"A"}}}},"links":[]}`, event.Posted{ID: "A"}},
		"empty":        {``, event.Posted{}},
		"cut off":      {`{"data":{"attributes":{"attributes":{"evt":{"uid":"AZs`, event.Posted{}},
	})
}

func TestClient_FindPosted(t *testing.T) {
	const id, key, tag = int64(7284105863092654118), "352347:7284105863092654118", "idempotency_key:7476677d1ca74aca"
	found := func(id int64, tags ...string) string {
		return fmt.Sprintf(`{"id":"A1","type":"event","attributes":{"tags":["%s"],"attributes":{"title":"x","related_event_id":%d,"evt":{"id":"99"}}}}`, strings.Join(tags, `","`), id)
	}
	about := alert.Alert{ID: "7284105863092654118", MonitorID: "4711"}
	guessed := alert.Alert{ID: about.ID, MonitorID: "4711", Digest: "5e"}
	posted := event.Posted{ID: "99", URL: "https://app.datadoghq.com/event/event?id=99"}
	const ours, webhook = "boomerang", "webhook:shop-api"
	for name, tt := range map[string]struct {
		alert   alert.Alert
		webhook string
		answer  []string
		want    event.Posted
		second  bool // search, for the monitor's events
	}{
		"among others": {about, "Shop-API", []string{
			found(0, ours, webhook), found(id+1, ours, webhook, "monitor:4711"), found(id, "monitor:4711"), found(id+1, ours, webhook, "idempotency_key:0000000000000000"),
			found(id, ours, webhook, tag),
		}, posted, false},
		"of no event":                    {alert.Alert{}, "Shop-API", []string{found(0, ours, webhook, tag)}, posted, false},
		"of the v2 API":                  {about, "Shop-API", []string{found(0, ours, webhook, tag, "monitor:4711")}, posted, false},
		"explorer id alone":              {about, "Shop-API", []string{strings.Replace(found(id, ours, webhook, tag), `{"id":"99"}`, `{}`, 1)}, event.Posted{ID: "A1"}, false},
		"any webhook":                    {about, "", []string{found(id, ours, "webhook:shop", tag)}, posted, false},
		"without our tag":                {about, "Shop-API", []string{found(id, webhook, tag)}, event.Posted{}, true},
		"another webhook":                {about, "Shop-API", []string{found(id, ours, "webhook:shop", tag), found(id, ours, tag)}, event.Posted{}, true},
		"another key":                    {about, "Shop-API", []string{found(id+1, ours, webhook, "idempotency_key:0000000000000000")}, event.Posted{}, true},
		"another key, the same event":    {about, "Shop-API", []string{found(id, ours, webhook, "idempotency_key:0000000000000000")}, posted, true},
		"none":                           {about, "Shop-API", nil, event.Posted{}, true},
		"before the tag":                 {about, "Shop-API", []string{found(id, ours, webhook)}, posted, true},
		"before the tag, another event":  {about, "Shop-API", []string{found(id+1, ours, webhook)}, event.Posted{}, true},
		"before the tag, a summary":      {about, "Shop-API", []string{found(id, ours, webhook, "storm:true")}, event.Posted{}, true},
		"before the tag, a guessed id":   {guessed, "Shop-API", []string{found(id, ours, webhook)}, event.Posted{}, false},
		"before the tag, no id":          {alert.Alert{MonitorID: "4711"}, "Shop-API", []string{found(0, ours, webhook)}, event.Posted{}, false},
		"before the tag, an invalid id":  {alert.Alert{ID: "abc", MonitorID: "4711"}, "Shop-API", []string{found(0, ours, webhook)}, event.Posted{}, false},
		"before the tag, and no monitor": {alert.Alert{ID: about.ID}, "Shop-API", []string{found(id, ours, webhook)}, event.Posted{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var l log
			c := clientOver(t, l.answering(200, `{"data":[`+strings.Join(tt.answer, ",")+`]}`), keyring{})
			got, err := c.FindPosted(t.Context(), key, tt.alert, tt.webhook, start, end)
			if err != nil || got != tt.want {
				t.Errorf("got %v, %v, want %v", got, err, tt.want)
			}
			wanted := []string{tag}
			if tt.second {
				wanted = append(wanted, `monitor:\"4711\"`)
			}
			for i, query := range wanted {
				want := `{"filter":{"query":"` + query + `","from":"2023-11-14T22:13:20Z","to":"2023-11-14T22:28:20Z"},"page":{"limit":1000},"sort":"-timestamp"}`
				if i >= len(l.requests) || l.requests[i].body != want {
					t.Errorf("searched %+v, want %s", l.requests, want)
				}
			}
			if len(l.requests) != len(wanted) {
				t.Errorf("%d searches, want %d", len(l.requests), len(wanted))
			}
		})
	}
}
