package alert

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func decode(t testing.TB, body string) Alert {
	t.Helper()
	a, err := Decode([]byte(body))
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return a
}

func TestDecode_absent_values(t *testing.T) {
	for _, absent := range []string{
		`null`, `""`, `" \t\n"`, `"null"`, `"Null"`, `"None"`, `" none "`, `"$HOSTNAME"`, `"$TAGS[service]"`, `" $X_1 "`, `[]`, `{}`,
	} {
		t.Run(absent, func(t *testing.T) {
			got := decode(t, `{"title":"t","hostname":`+absent+`,"unknown":`+absent+`,"logs_sample":`+absent+`,
				"date":`+absent+`,"tags":`+absent+`,"metadata":{"HOSTNAME":"web-1","unknown":`+absent+`}}`)
			want := Alert{Title: "t", Hostname: "web-1"}
			if diff := cmp.Diff(want, got, ignoreDigest); diff != "" {
				t.Errorf("an absent value is there, or hides a present one (-want +got):\n%s", diff)
			}
		})
	}
	for _, present := range []string{"$", "$5", "$hostname", "$HOST is down", "$A[b]c", "nullable", "0", "false", "$TAGS[b", "US$"} {
		if got := decode(t, `{"title":"`+present+`"}`).Title; got != present {
			t.Errorf("%q became %q", present, got)
		}
	}
}

func TestDecode_precedence(t *testing.T) {
	tests := []struct {
		name, body string
		want       Alert
	}{
		{
			"the outermost key wins", `{"metadata":{"ALERT_ID":"2","EVENT_MSG":"inner"},"monitor_id":"1","body":"outer"}`,
			Alert{MonitorID: "1", Message: "outer"},
		},
		{
			"at one depth a variable's own name wins", `{"message":"b","body":"c","event_msg":"a","text":"d"}`,
			Alert{Message: "a"},
		},
		{
			"other names win in the table's order", `{"text":"d","message":"b","body":"c"}`,
			Alert{Message: "c"},
		},
		{
			"between containers the better key wins, then the first name", `{"b":{"title":"2"},"a":{"title":"1"},"c":{"EVENT_TITLE":"3"},"z":{"host":"z"},"y":{"host":"y"}}`,
			Alert{Title: "3", Hostname: "y"},
		},
		{
			"a guess gives way to a certain key further in", `{"summary":"guess","description":"guess","data":{"title":"t","body":"b"}}`,
			Alert{Title: "t", Message: "b", Extra: Extra{"summary": "guess", "description": "guess"}},
		},
		{
			"a value that cannot be read gives way to one that can", `{"title":"t","date":"soon","metadata":{"DATE":1759343824000}}`,
			Alert{Title: "t", Date: sampleDate, Unreadable: []Problem{{"date", "is not a date: epoch milliseconds, epoch seconds or RFC 3339"}}},
		},
		{
			"container and key together name a variable", `{"title":"t","org":{"id":"1","name":"o"},"user":{"name":"u"},"event":{"type":"log_alert"},"alert":{"type":"error"}}`,
			Alert{Title: "t", OrgID: "1", OrgName: "o", Username: "u", EventType: "log_alert", Type: "error"},
		},
		{
			"what an object says of itself is not the alert's",
			`{"title":"t","service":{"id":"7","title":"s","url":"u","tags":"a"},"account":{"id":8,"name":"n"},"user":{"id":"9"}}`,
			Alert{Title: "t", Extra: Extra{
				"service": map[string]any{"id": "7", "title": "s", "url": "u", "tags": "a"},
				"account": map[string]any{"id": int64(8), "name": "n"}, "user": map[string]any{"id": "9"},
			}},
		},
		{
			"an unmistakable key counts in any object", `{"title":"t","service":{"alert_id":"7","hostname":"h"}}`,
			Alert{Title: "t", MonitorID: "7", Hostname: "h"},
		},
		{
			"two objects deep is too deep", `{"title":"t","a":{"b":{"ALERT_ID":"1"}}}`,
			Alert{Title: "t", Extra: Extra{"a": map[string]any{"b": map[string]any{"ALERT_ID": "1"}}}},
		},
		{
			"an object without a name is not looked into", `{"title":"t","":{"title":"u","id":"1"},"_":{"id":"2"}}`,
			Alert{Title: "t", ID: "2", Extra: Extra{"": map[string]any{"title": "u", "id": "1"}}},
		},
		{
			"an id that is no number is one all the same", `{"title":"t","id":"svc-1","x":{"id":8.5}}`,
			Alert{Title: "t", ID: "svc-1"},
		},
		{
			"a constant status is not a transition", `{"title":"t","status":"CPU is high","state":"odd","type":"custom","severity":"SEV-1"}`,
			Alert{Title: "t", Status: "CPU is high", Extra: Extra{"status": "CPU is high", "state": "odd", "type": "custom", "severity": "SEV-1"}},
		},
		{
			"a status that is a transition is not a status", `{"title":"t","alert_status":"Recovered"}`,
			Alert{Title: "t", Transition: Recovered, Extra: Extra{"alert_status": "Recovered"}},
		},
		{
			"a key in another script is not one of ours", `{"title":"t","idи":"5","дid":"6"}`,
			Alert{Title: "t", Extra: Extra{"idи": "5", "дid": "6"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, decode(t, tt.body), ignoreDigest); diff != "" {
				t.Errorf("alert (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecode_test_notification(t *testing.T) {
	for body, want := range map[string]bool{
		`{"title":"[TEST] [Triggered] CPU"}`:                    true,
		`{"title":"[P1] [Triggered] [TEST] CPU"}`:               true,
		`{"title":"CPU","alert_title":"[TEST] CPU"}`:            true,
		`{"title":"TEST of nerves","body":"[TEST] in a body"}`:  false,
		`{"title":"[Triggered] CPU","metadata":{"x":"[TEST]"}}`: false,
	} {
		if decode(t, body).Test != want {
			t.Errorf("%s: want %v", body, want)
		}
	}
}

func TestDecode_a_monitors_id_is_not_the_events(t *testing.T) {
	tests := []struct{ name, body, id, monitorID string }{
		{"same as alert_id", `"id":"1234","alert_id":"1234"`, "", "1234"},
		{"the link's monitor", `"id":1234,"link":"https://app.datadoghq.com/monitors/1234?from_ts=1"`, "", "1234"},
		{"the link's monitor, older form", `"id":"1234","link":"https://app.datadoghq.com/monitors#1234/edit"`, "", "1234"},
		{"short, and the link names the event", `"id":"1234","url":"https://app.datadoghq.com/event/jump_to?event_id=8306082202796025694"`, "8306082202796025694", "1234"},
		{"alert_id stays", `"id":"1234","alert_id":"99","url":"https://x/event?event_id=8306082202796025694"`, "8306082202796025694", "99"},
		{"an event's id", `"id":"8306082202796025694","alert_id":"1234","url":"https://x/monitors/1234?event_id=8306082202796025694"`, "8306082202796025694", "1234"},
		{"another event's link", `"id":"8306082202796025694","url":"https://x/event?event_id=8306082202796025695"`, "8306082202796025694", ""},
		{"a short example", `"id":"123","url":"https://x/event?event_id=456"`, "123", ""},
		{"no link", `"id":"1234"`, "1234", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := decode(t, `{"title":"t",`+tt.body+`}`)
			if a.ID != tt.id || a.MonitorID != tt.monitorID {
				t.Errorf("id %q, monitor id %q; want %q and %q", a.ID, a.MonitorID, tt.id, tt.monitorID)
			}
		})
	}
}

func TestDecode_says_too_little(t *testing.T) {
	for _, body := range []string{
		`{}`, `{"id":null,"title":"$EVENT_TITLE","body":"None"}`, `{"alert_id":"1","tags":"a"}`, `{"id":" "}`, `{"a":{"b":{"title":"t"}}}`,
	} {
		_, err := Decode([]byte(body))
		invalid, ok := errors.AsType[*InvalidError](err)
		if !ok {
			t.Fatalf("%s: got %v", body, err)
		}
		for i, field := range []string{"id", "title", "body"} {
			if invalid.Problems[i].Field != field || !strings.Contains(invalid.Problems[i].Reason, "$") {
				t.Errorf("%s: problem %d is %+v", body, i, invalid.Problems[i])
			}
		}
	}
	t.Run("every unreadable field is named too", func(t *testing.T) {
		_, err := Decode([]byte(`{"title":["a"],"date":"soon","metadata":{"ALERT_PRIORITY":"urgent"}}`))
		for _, name := range []string{"id ", "title ", "body ", "date ", "metadata.ALERT_PRIORITY "} {
			if !strings.Contains(err.Error(), name) {
				t.Errorf("%q is missing in: %v", name, err)
			}
		}
		if strings.Contains(err.Error(), "soon") {
			t.Errorf("the error quotes a value: %v", err)
		}
	})
	for _, body := range []string{
		`{"id":"1"}`, `{"id":1,"alert_id":1}`, `{"alert_title":"a"}`, `{"text_only_msg":"a"}`, `{"event":{"msg":"a"}}`, `{"title":0}`, `{"summary":"a"}`,
	} {
		if _, err := Decode([]byte(body)); err != nil {
			t.Errorf("%s is still an alert: %v", body, err)
		}
	}
}

func TestDecode_templates(t *testing.T) {
	for _, tt := range templates {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Decode(render(t, tt.template))
			if err != nil {
				t.Fatal(err)
			}
			want := tt.want
			if want.ID == "" && want.Link != "" {
				want.ID = sample["ID"] // The link names the event too.
			}
			if diff := cmp.Diff(want, got, ignoreDigest); diff != "" {
				t.Errorf("alert (-want +got):\n%s", diff)
			}
		})
	}
}

// A key order that Go's maps choose must not decide anything.
func TestDecode_is_the_same_every_time(t *testing.T) {
	for _, tt := range templates {
		body := render(t, tt.template)
		first, err := Decode(body)
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			again, err := Decode(body)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(first, again); diff != "" {
				t.Fatalf("%s (-first +again):\n%s", tt.name, diff)
			}
		}
	}
}

func TestDecode_survives_the_queue(t *testing.T) {
	for _, tt := range templates {
		t.Run(tt.name, func(t *testing.T) {
			sent, err := Decode(render(t, tt.template))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(sent, roundTrip(t, sent)); diff != "" {
				t.Errorf("alert (-sent +received):\n%s", diff)
			}
		})
	}
}

func roundTrip(t testing.TB, a Alert) Alert {
	t.Helper()
	message, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	var back Alert
	if err := json.Unmarshal(message, &back); err != nil {
		t.Fatal(err)
	}
	return back
}

var ignoreDigest = cmpopts.IgnoreFields(Alert{}, "Digest")
