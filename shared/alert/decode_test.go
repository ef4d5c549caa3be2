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

func TestDecode_AbsentValues(t *testing.T) {
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

func TestDecode_Precedence(t *testing.T) {
	for name, tt := range map[string]struct {
		body string
		want Alert
	}{
		"outermost key":      {`{"metadata":{"ALERT_ID":"2","EVENT_MSG":"inner"},"monitor_id":"1","body":"outer"}`, Alert{MonitorID: "1", Message: "outer"}},
		"own name":           {`{"message":"b","body":"c","event_msg":"a","text":"d"}`, Alert{Message: "a"}},
		"order of the table": {`{"text":"d","message":"b","body":"c"}`, Alert{Message: "c"}},
		"containers":         {`{"b":{"title":"2"},"a":{"title":"1"},"c":{"EVENT_TITLE":"3"},"z":{"host":"z"},"y":{"host":"y"}}`, Alert{Title: "3", Hostname: "y"}},
		"guess": {
			`{"summary":"guess","description":"guess","data":{"title":"t","body":"b"}}`,
			Alert{Title: "t", Message: "b", Extra: Extra{"summary": "guess", "description": "guess"}},
		},
		"unnamed object": {`{"title":"t","":{"title":"u","id":"1"},"_":{"id":"2"}}`, Alert{Title: "t", ID: "2", Extra: Extra{"": map[string]any{"title": "u", "id": "1"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, decode(t, tt.body), ignoreDigest); diff != "" {
				t.Errorf("alert (-want +got):\n%s", diff)
			}
		})
	}
	fieldCases{
		`"date":"soon","metadata":{"DATE":1759343824000}`: {Date: sampleDate, Unreadable: []Problem{{"date", "is not a date: epoch milliseconds, epoch seconds or RFC 3339"}}},
		// Container and key together name a variable.
		`"org":{"id":"1","name":"o"},"user":{"name":"u"},"event":{"type":"log_alert"},"alert":{"type":"error"}`: {OrgID: "1", OrgName: "o", Username: "u", EventType: "log_alert", Type: "error"},
		// An entity's own keys are not the alert's, but certain keys are.
		`"service":{"id":"7","title":"s","url":"u","tags":"a"},"account":{"id":8,"name":"n"},"user":{"id":"9"}`: {Extra: Extra{
			"service": map[string]any{"id": "7", "title": "s", "url": "u", "tags": "a"},
			"account": map[string]any{"id": int64(8), "name": "n"}, "user": map[string]any{"id": "9"},
		}},
		`"service":{"alert_id":"7","hostname":"h"}`: {MonitorID: "7", Hostname: "h"},
		`"a":{"b":{"ALERT_ID":"1"}}`:                {Extra: Extra{"a": map[string]any{"b": map[string]any{"ALERT_ID": "1"}}}},
		`"id":"svc-1","x":{"id":8.5}`:               {ID: "svc-1"},
		`"status":"CPU is high","state":"odd","type":"custom","severity":"SEV-1"`: {
			Status: "CPU is high", Extra: Extra{"status": "CPU is high", "state": "odd", "type": "custom", "severity": "SEV-1"},
		},
		`"alert_status":"Recovered"`: {Transition: Recovered, Extra: Extra{"alert_status": "Recovered"}},
		`"idи":"5","дid":"6"`:        {Extra: Extra{"idи": "5", "дid": "6"}},
	}.run(t)
}

func TestDecode_TestNotification(t *testing.T) {
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

func TestDecode_MonitorIDAsID(t *testing.T) {
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

func TestDecode_Invalid(t *testing.T) {
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

func TestDecode_Templates(t *testing.T) {
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
			if diff := cmp.Diff(got, roundTrip(t, got)); diff != "" {
				t.Errorf("after the queue (-sent +received):\n%s", diff)
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
