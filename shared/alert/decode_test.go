package alert

import (
	std "cmp"
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
		`"{{alert_title}}"`, `"{{{ event.title | upper }}}"`, `"${EVENT_TITLE}"`, `"<% event.title %>"`,
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
	for _, present := range []string{"$", "$5", "$hostname", "$HOST is down", "$A[b]c", "nullable", "0 a", "false", "$TAGS[b", "US$", "{{a}} is down", "{{[P2] a}}", "${5}", "{{a}} and {{b}}"} {
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
		"containers":         {`{"b":{"title":"v"},"a":{"title":"u"},"c":{"EVENT_TITLE":"t"},"z":{"host":"z"},"y":{"host":"y"}}`, Alert{Title: "t", Hostname: "y"}},
		"guess": {
			`{"summary":"guess","description":"guess","data":{"title":"t","body":"b"}}`,
			Alert{Title: "t", Message: "b", Extra: Extra{"summary": "guess", "description": "guess"}},
		},
		"unnamed object": {`{"title":"t","":{"title":"u","alert_id":"1"},"_":{"alert_id":"2"}}`, Alert{Title: "t", MonitorID: "2", Extra: Extra{"": map[string]any{"title": "u", "alert_id": "1"}}}},
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
		`"a":{"b":{"ALERT_ID":"1"}}`:                {MonitorID: "1", Extra: Extra{"a": map[string]any{"b": map[string]any{"ALERT_ID": "1"}}}},
		`"id":"svc-1","x":{"id":8.5}`:               {Extra: Extra{"id": "svc-1", "x": map[string]any{"id": 8.5}}},
		`"status":"CPU is high","state":"odd","type":"custom","severity":"SEV-1"`: {
			Status: "CPU is high", Priority: "P1", Type: "error", Extra: Extra{"status": "CPU is high", "state": "odd", "type": "custom", "severity": "SEV-1"},
		},
		`"status":"firing"`:          {Extra: Extra{"status": "firing"}},
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

func TestDecode_Invalid(t *testing.T) {
	for _, body := range []string{
		`{}`, `{"id":null,"title":"$EVENT_TITLE","body":"None"}`, `{"id":" "}`, `{"a":{"b":[true,null," ","$TAGS"]}}`, `{"a":true}`, `{"a":[null,{}],"b":" "}`,
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
	for _, body := range []string{
		`{"id":"1"}`, `{"n":1}`, `{"id":1,"alert_id":1}`, `{"alert_id":"1","tags":"a"}`, `{"a":{"b":{"title":"t"}}}`, `{"title":["a"],"date":"soon"}`, `{"alert_title":"a"}`, `{"text_only_msg":"a"}`, `{"event":{"msg":"a"}}`, `{"title":0}`, `{"summary":"a"}`,
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
			want := inferred(tt.want)
			if diff := cmp.Diff(want, got, ignoreDigest); diff != "" {
				t.Errorf("alert (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(got, roundTrip(t, got)); diff != "" {
				t.Errorf("after the queue (-sent +received):\n%s", diff)
			}
		})
	}
}

// inferred adds what the sample's title and link say.
func inferred(want Alert) Alert {
	if want.Link != "" {
		want.ID, want.MonitorID, want.Scope = sample["ID"], sample["ALERT_ID"], std.Or(want.Scope, "host:orders-1")
	}
	if want.Title == sample["EVENT_TITLE"] || want.AlertTitle == sample["EVENT_TITLE"] {
		want.Priority = "P2"
	}
	if want.Title != "" || want.AlertTitle != "" {
		want.Transition, want.Scope = Triggered, std.Or(want.Scope, "host:orders-1")
	}
	return want
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

var ignoreDigest = cmpopts.IgnoreFields(Alert{}, "Digest", "Guessed")
