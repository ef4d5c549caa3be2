package alert

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
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
			"an id that is no number is not $ID", `{"title":"t","id":"svc-1","event_id":"ID","x":{"id":8.5}}`,
			Alert{Title: "t", Extra: Extra{"id": "svc-1", "event_id": "ID", "x": map[string]any{"id": 8.5}}},
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

func TestDecode_values(t *testing.T) {
	t.Run("a large id keeps its digits", func(t *testing.T) {
		a := decode(t, `{"id":8306082202796025694,"org_id":9007199254740993,"other":18446744073709551615,"more":{"n":9007199254740993}}`)
		want := Alert{
			ID: "8306082202796025694", OrgID: "9007199254740993",
			Extra: Extra{"other": uint64(18446744073709551615), "more": map[string]any{"n": int64(9007199254740993)}},
		}
		if diff := cmp.Diff(want, a, ignoreDigest); diff != "" {
			t.Errorf("alert (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(a, roundTrip(t, a)); diff != "" {
			t.Errorf("after the queue (-want +got):\n%s", diff)
		}
	})
	t.Run("numbers and truth values are text where text is expected", func(t *testing.T) {
		a := decode(t, `{"title":404,"hostname":true,"monitor_id":12}`)
		if a.Title != "404" || a.Hostname != "true" || a.MonitorID != "12" {
			t.Errorf("got %+v", a)
		}
	})
	t.Run("a message keeps its white space and a title does not", func(t *testing.T) {
		a := decode(t, `{"title":" a ","body":"%%%\n a \n%%% "}`)
		if a.Title != "a" || a.Message != "%%%\n a \n%%% " {
			t.Errorf("got title %q, message %q", a.Title, a.Message)
		}
	})
	t.Run("a list where text is expected costs its field", func(t *testing.T) {
		a := decode(t, `{"id":"1","metadata":{"EVENT_TITLE":["a"]}}`)
		want := []Problem{{"metadata.EVENT_TITLE", "is a list or an object where text is expected"}}
		if diff := cmp.Diff(want, a.Unreadable); diff != "" || a.Title != "" {
			t.Errorf("title %q, unreadable (-want +got):\n%s", a.Title, diff)
		}
	})
	t.Run("numbers in extra compare as numbers", func(t *testing.T) {
		a := decode(t, `{"title":"t","a":1,"b":1.0,"c":1.5,"d":-2,"e":[1e3],"f":1e400,"g":123456789012345678901234567890,"h":1e19,"i":-1e30}`)
		want := Extra{
			"a": int64(1), "b": int64(1), "c": 1.5, "d": int64(-2), "e": []any{int64(1000)}, "f": json.Number("1e400"),
			"g": json.Number("123456789012345678901234567890"), "h": uint64(1e19), "i": json.Number("-1e30"),
		}
		if diff := cmp.Diff(want, a.Extra); diff != "" {
			t.Errorf("extra (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(a, roundTrip(t, a)); diff != "" {
			t.Errorf("after the queue (-want +got):\n%s", diff)
		}
	})
}

func TestDecode_dates(t *testing.T) {
	for _, value := range []string{
		`"1759343824000"`, `1759343824000`, `"1759343824"`, `1759343824`, `1.759343824e12`, `"1759343824.000"`, `" 1759343824 "`,
		`"2025-10-01T18:37:04Z"`, `"2025-10-01T20:37:04+02:00"`, `"2025-10-01 18:37:04Z"`, `"2025-10-01T18:37:04.000Z"`,
	} {
		t.Run(value, func(t *testing.T) {
			a := decode(t, `{"title":"t","date":`+value+`,"last_updated":`+value+`}`)
			if !a.Date.Equal(sampleDate) || !a.LastUpdated.Equal(sampleDate) || a.Date.Location() != time.UTC {
				t.Errorf("got %v and %v", a.Date, a.LastUpdated)
			}
		})
	}
	t.Run("milliseconds are kept", func(t *testing.T) {
		for _, value := range []string{`1759343824123`, `"1759343824.123"`, `"2025-10-01T18:37:04.123Z"`} {
			if got := decode(t, `{"title":"t","date":`+value+`}`).Date.UnixMilli(); got != 1759343824123 {
				t.Errorf("%s became %d", value, got)
			}
		}
	})
	for _, value := range []string{
		`"yesterday"`, `"2025-10-01"`, `0`, `-1`, `12`, `"NaN"`, `"Inf"`, `1e300`, `"1759343824000000000"`, `true`, `[1]`, `{"a":1}`, `"9e18"`,
		`"2101-01-01T00:00:00Z"`, `99999999999999999999999`,
	} {
		t.Run("unreadable "+value, func(t *testing.T) {
			a := decode(t, `{"title":"t","last_updated":1759343824,"DATE":`+value+`}`)
			isContainer := strings.HasPrefix(value, "{")
			if !a.Date.IsZero() || a.LastUpdated.IsZero() || len(a.Unreadable) != 1 && !isContainer {
				t.Fatalf("date %v, last updated %v, unreadable %v", a.Date, a.LastUpdated, a.Unreadable)
			}
			if !isContainer && (a.Unreadable[0].Field != "DATE" || strings.Contains(a.Unreadable[0].Reason, "yesterday")) {
				t.Errorf("problem %+v", a.Unreadable[0])
			}
		})
	}
	t.Run("a guess that is no date is no problem", func(t *testing.T) {
		a := decode(t, `{"title":"t","timestamp":"just now"}`)
		want := Alert{Title: "t", Extra: Extra{"timestamp": "just now"}}
		if diff := cmp.Diff(want, a, ignoreDigest); diff != "" {
			t.Errorf("alert (-want +got):\n%s", diff)
		}
	})
}

func TestDecode_priority(t *testing.T) {
	tests := []struct{ body, priority, eventPriority string }{
		{`"priority":"P1"`, "P1", ""},
		{`"priority":"p5"`, "P5", ""},
		{`"priority":"normal"`, "", "normal"},
		{`"PRIORITY":"low"`, "", "low"},
		{`"priority":"P6"`, "", "P6"},
		{`"priority":"P1","alert_priority":"P2"`, "P2", ""},
		{`"priority":"low","metadata":{"ALERT_PRIORITY":"P3"}`, "P3", "low"},
		{`"priority":"P3","metadata":{"PRIORITY":"low"}`, "P3", "low"},
		{`"alert_priority":"3"`, "P3", ""},
		{`"alert_priority":4`, "P4", ""},
		{`"alertPriority":"p1"`, "P1", ""},
		{`"alert":{"priority":"P2"}`, "P2", ""},
		{`"alert":{"priority":"Normal"}`, "", "Normal"},
		{`"severity":"P2"`, "P2", ""},
	}
	for _, tt := range tests {
		t.Run(tt.body, func(t *testing.T) {
			a := decode(t, `{"title":"t",`+tt.body+`}`)
			if a.Priority != tt.priority || a.EventPriority != tt.eventPriority || a.Unreadable != nil {
				t.Errorf("priority %q, event priority %q, unreadable %v", a.Priority, a.EventPriority, a.Unreadable)
			}
		})
	}
	for _, value := range []string{`"6"`, `"high"`, `0`, `["P1"]`} {
		a := decode(t, `{"title":"t","alert_priority":`+value+`}`)
		want := []Problem{{"alert_priority", "is none of P1, P2, P3, P4 and P5"}}
		if diff := cmp.Diff(want, a.Unreadable); diff != "" || a.Priority != "" {
			t.Errorf("%s: priority %q, unreadable (-want +got):\n%s", value, a.Priority, diff)
		}
	}
}

func TestDecode_tags(t *testing.T) {
	tests := []struct {
		value string
		want  Tags
	}{
		{`"monitor, name:myService ,role:computing-node"`, Tags{"monitor", "name:myService", "role:computing-node"}},
		{`"a:1,,a:1, ,a:2,$X"`, Tags{"a:1", "a:2"}},
		{`["a:1","b:x y","a:1",7,true,null,"c,d"]`, Tags{"a:1", "b:x y", "7", "true", "c", "d"}},
		{`["env:prod,monitor"]`, Tags{"env:prod", "monitor"}},
		{`"[\"a:1\",\"b\"]"`, Tags{"a:1", "b"}},
		{`{"env":"prod","service":"$TAGS[service]","n":1}`, Tags{"env:prod", "n:1"}},
		{`"url:http://x:80/a"`, Tags{"url:http://x:80/a"}},
		{`42`, Tags{"42"}},
	}
	for _, tt := range tests {
		t.Run(tt.value, func(t *testing.T) {
			a := decode(t, `{"title":"t","tags":`+tt.value+`}`)
			if diff := cmp.Diff(tt.want, a.Tags); diff != "" || a.Unreadable != nil {
				t.Errorf("unreadable %v, tags (-want +got):\n%s", a.Unreadable, diff)
			}
		})
	}
	t.Run("an entry that is no text costs itself", func(t *testing.T) {
		for _, value := range []string{`["a",{"b":1}]`, `{"a":[1],"b":"c"}`} {
			a := decode(t, `{"title":"t","tags":`+value+`}`)
			if len(a.Tags) != 1 || len(a.Unreadable) != 1 || a.Unreadable[0].Field != "tags" {
				t.Errorf("%s: tags %v, unreadable %v", value, a.Tags, a.Unreadable)
			}
		}
	})
	t.Run("a scope may be a list", func(t *testing.T) {
		if got := decode(t, `{"title":"t","alert_scope":["host:a","env:b"]}`).Scope; got != "host:a,env:b" {
			t.Errorf("got %q", got)
		}
	})
}

func TestDecode_transition(t *testing.T) {
	tests := map[string]Transition{
		"Triggered": Triggered, "TRIGGERED": Triggered, "re-triggered": ReTriggered, "ReTriggered": ReTriggered, "re triggered": ReTriggered,
		"no_data": NoData, "No Data": NoData, "NoData": NoData, "re-no data": ReNoData, "warn": Warn, "Re_Warn": ReWarn,
		"recovered": Recovered, "warn recovered": WarnRecovered, "Re-Notify": Renotify,
		"Muted": "Muted", "Recovered on {host:a}": "Recovered on {host:a}", "  Triggered ": Triggered,
		"something far longer than any transition that is known": "something far longer than any transition that is known",
	}
	for value, want := range tests {
		if got := decode(t, `{"title":"t","alert_transition":"`+value+`"}`).Transition; got != want {
			t.Errorf("%q became %q, want %q", value, got, want)
		}
	}
	if a := decode(t, `{"title":"t","transition":["Triggered"]}`); len(a.Unreadable) != 1 {
		t.Errorf("a list is taken for a transition: %+v", a)
	}
}

func TestTransition_IsRecovery(t *testing.T) {
	for transition, want := range map[Transition]bool{
		Recovered: true, WarnRecovered: true, "RECOVERED by hand": true, Triggered: false, NoData: false, "": false,
	} {
		if transition.IsRecovery() != want {
			t.Errorf("%q: want %v", transition, want)
		}
	}
}

func TestDecode_objects(t *testing.T) {
	tests := []struct{ name, value, want string }{
		{"an object", `{"rows":[{"message":"<a> & \"b\""}],"label":"x"}`, `{"label":"x","rows":[{"message":"\u003ca\u003e \u0026 \"b\""}]}`},
		{"an object in a string", `"{\"rows\":[1.50]}"`, `{"rows":[1.50]}`},
		{"a list in a string", `" [1] "`, `[1]`},
		{"text", `"nothing <here>"`, `"nothing \u003chere\u003e"`},
		{"broken JSON in a string", `"{\"rows\":"`, `"{\"rows\":"`},
		{"a number", `12345678901234567890123`, `12345678901234567890123`},
		{"an empty object in a string", `"{}"`, ``},
		{"null", `null`, ``},
		{"unresolved", `"$LOGS_SAMPLE"`, ``},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := decode(t, `{"title":"t","logs_sample":`+tt.value+`}`)
			if string(a.LogsSample) != tt.want || a.Unreadable != nil || a.Extra != nil {
				t.Errorf("got %s, want %s; unreadable %v, extra %v", a.LogsSample, tt.want, a.Unreadable, a.Extra)
			}
			if diff := cmp.Diff(a, roundTrip(t, a)); diff != "" {
				t.Errorf("after the queue (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("every object variable", func(t *testing.T) {
		a := decode(t, `{"title":"t","INCIDENT_COMMANDER":{"email":"a@b.c","id":"1"},"incident_fields":{"title":"no"},"incident":{"todos":[{"id":1}]},
			"security":{"signal_attributes":{"a":1},"rule_matched_queries":"[{\"q\":1}]"},"synthetics":{"summary":{"b":2},"test_name":"login"}}`)
		want := Alert{
			Title: "t",
			Incident: Incident{
				Commander: json.RawMessage(`{"email":"a@b.c","id":"1"}`), Fields: json.RawMessage(`{"title":"no"}`),
				Todos: json.RawMessage(`[{"id":1}]`),
			},
			Security:   Security{SignalAttributes: json.RawMessage(`{"a":1}`), RuleQueries: json.RawMessage(`[{"q":1}]`)},
			Synthetics: Synthetics{Summary: json.RawMessage(`{"b":2}`), TestName: "login"},
		}
		if diff := cmp.Diff(want, a, ignoreDigest); diff != "" {
			t.Errorf("alert (-want +got):\n%s", diff)
		}
	})
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
		{"short, and the link names the event", `"id":"1234","url":"https://app.datadoghq.com/event/jump_to?event_id=8306082202796025694"`, "", "1234"},
		{"alert_id stays", `"id":"1234","alert_id":"99","url":"https://x/event?event_id=8306082202796025694"`, "", "99"},
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
		`{}`, `{"id":null,"title":"$EVENT_TITLE","body":"None"}`, `{"alert_id":"1","tags":"a"}`, `{"id":"abc"}`, `{"a":{"b":{"title":"t"}}}`,
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

func TestDecode_malformed(t *testing.T) {
	tests := []struct {
		name, body   string
		line, column int
		says         []string
	}{
		{"nothing", "", 0, 0, []string{"empty"}},
		{"white space", " \n\t ", 0, 0, []string{"empty"}},
		{"only a byte-order mark", "\ufeff", 0, 0, []string{"empty"}},
		{"a list", `[{"id":1}]`, 0, 0, []string{"a list", "send an object"}},
		{"a text", `"hello"`, 0, 0, []string{"a text"}},
		{"a number", `12`, 0, 0, []string{"a number"}},
		{"true", `true`, 0, 0, []string{"true or false"}},
		{"null", `null`, 0, 0, []string{"null"}},
		{"not JSON", `id=1&title=2`, 1, 1, []string{"invalid character 'i'", `found "id=1&title=2"`}},
		{"cut off", "{\"id\":\"1\",\n\"title\":\"x", 2, 11, []string{"ends in the middle"}},
		{"two objects", `{"id":"1"} {"id":"2"}`, 1, 12, []string{"something follows"}},
		{"text behind it", "{\"id\":\"1\"}\n\nbye", 3, 1, []string{"something follows", `found "bye"`}},
		{"a variable without quotes, empty", "{\"title\": \"t\",\n \"logs\": }", 2, 10, []string{"variable without quotes", "put it in quotes"}},
		{"a variable without quotes, empty, in the middle", `{"logs": , "title": "t"}`, 1, 10, []string{"variable without quotes"}},
		{"a variable without quotes, unresolved", `{"logs": $LOGS_SAMPLE}`, 1, 10, []string{"variable without quotes", `found "$LOGS_SAMPLE}"`}},
		{"a variable without quotes, text", `{"priority": P1}`, 1, 14, []string{"variable without quotes"}},
		{"an object variable in quotes", `{"title":"t","logs":"{"columns":[]}"}`, 1, 24, []string{"holds JSON stands in quotes"}},
		{"a comma missing", "{\"event_msg\": \"m\"\n\"id\": \"1\"}", 2, 1, []string{"comma is missing"}},
		{"a byte-order mark in front", "\ufeff{\"é\": x}", 1, 8, []string{"invalid character 'x'"}},
		{"nested too deep", `{"a":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`, 1, 69, []string{"more than 64 deep"}},
		{"endlessly nested", strings.Repeat(`{"a":`, 100_000), 1, 50_001, []string{"more than 64 deep"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Decode([]byte(tt.body))
			malformed, ok := errors.AsType[*MalformedError](err)
			if !ok {
				t.Fatalf("got %v", err)
			}
			if malformed.Line != tt.line || malformed.Column != tt.column {
				t.Errorf("at line %d, column %d; want %d, %d: %v", malformed.Line, malformed.Column, tt.line, tt.column, err)
			}
			for _, text := range tt.says {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("%q is missing in: %v", text, err)
				}
			}
		})
	}
	t.Run("a long body is not quoted", func(t *testing.T) {
		_, err := Decode([]byte(`{"token": secretsecretsecretsecret}`))
		if strings.Contains(err.Error(), "secretsecretsecret") {
			t.Errorf("too much of the body is in: %v", err)
		}
	})
	t.Run("just deep enough", func(t *testing.T) {
		a := decode(t, `{"title":"t\\\"[[[","a":`+strings.Repeat("[", 63)+strings.Repeat("]", 63)+`}`)
		if a.Title != `t\"[[[` {
			t.Errorf("got %q", a.Title)
		}
	})
	t.Run("white space and a byte-order mark around it", func(t *testing.T) {
		for _, body := range []string{"\ufeff {\"id\":\"1\"}\r\n", "\n\ufeff{\"id\":\"1\"}", "\t{\"id\":\"1\"} "} {
			if decode(t, body).ID != "1" {
				t.Errorf("%q was not understood", body)
			}
		}
	})
}

func TestDecode_digest(t *testing.T) {
	digestOf := func(body string) string { return decode(t, body).Digest }
	first := digestOf(`{"title":"a \"b\"\n","n":[1,2.50,null,true,false],"o":{"x":"1","y":"é"}}`)
	if len(first) != 64 {
		t.Fatalf("digest is %q", first)
	}
	for _, same := range []string{
		`{ "o": {"y":"\u00e9","x":"1"}, "n":[1, 2.50,null,true,false], "title":"a \u0022b\"\u000a" }`,
	} {
		if digestOf(same) != first {
			t.Errorf("%s has another digest", same)
		}
	}
	for _, other := range []string{
		`{"title":"a \"b\"\n","n":[2.50,1,null,true,false],"o":{"x":"1","y":"é"}}`,
		`{"title":"a \"b\"\n","n":[1,2.5,null,true,false],"o":{"x":"1","y":"é"}}`,
		`{"title":"a \"b\"\n","n":[1,2.50,null,true,false],"o":{"x":1,"y":"é"}}`,
		`{"title":"a \"b\"\n","n":[1,2.50,null,true,false],"o":{"x":"1","y":"é"},"p":null}`,
	} {
		if digestOf(other) == first {
			t.Errorf("%s has the same digest", other)
		}
	}
	// Computed outside: printf '%s' '{"a":{"b":["\u0001",1e2]},"title":"t"}' | sha256sum
	if got := digestOf(`{"title":"t","a":{"b":["\u0001",1e2]}}`); got != "0bc40d896e29cbe662d6132978850257bc2fc02f2fd24c2f655ff0d7a12bc591" {
		t.Errorf("digest is %s", got)
	}
}

func TestAlert_Key(t *testing.T) {
	for _, tt := range []struct {
		a    Alert
		want string
	}{
		{Alert{ID: "1", OrgID: "352347", OrgName: "x", Digest: "d"}, "352347:1"},
		{Alert{ID: "1", OrgName: "x"}, "x:1"},
		{Alert{ID: "1"}, ":1"},
		{Alert{OrgID: "2", Digest: "d"}, "2:sha256:d"},
	} {
		if got := tt.a.Key(); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

func TestAlert_Own(t *testing.T) {
	for tags, want := range map[string]bool{
		"env:prod,boomerang": true, "Boomerang": true, "service:boomerang": false, "boomerang:yes": false, "boomerangs": false, "": false,
	} {
		if got := decode(t, `{"title":"t","tags":"`+tags+`"}`).Own(); got != want {
			t.Errorf("%q: want %v", tags, want)
		}
	}
}

func TestAlert_Scopes(t *testing.T) {
	for scope, want := range map[string]Tags{
		"availability-zone:us-east-1a, role:node": {"availability-zone:us-east-1a", "role:node"}, "*": nil, "": nil,
	} {
		if diff := cmp.Diff(want, Alert{Scope: scope}.Scopes()); diff != "" {
			t.Errorf("%q (-want +got):\n%s", scope, diff)
		}
	}
}

func TestTags(t *testing.T) {
	tags := Tags{"monitor", "url:http://x:80", "env:prod", "ENV:stage", "empty:"}
	if got := tags.Get("url"); got != "http://x:80" {
		t.Errorf("url is %q", got)
	}
	if tags.Get("monitor") != "" || tags.Get("none") != "" || tags.Get("Env") != "prod" {
		t.Error("Get finds a bare or missing tag, or minds case")
	}
	if diff := cmp.Diff([]string{"prod", "stage"}, tags.All("env")); diff != "" {
		t.Errorf("All (-want +got):\n%s", diff)
	}
	if !tags.Has("monitor") || !tags.Has("env:prod") || tags.Has("env") || tags.Has("url") {
		t.Error("Has does not compare the whole tag")
	}
	want := map[string]string{"monitor": "", "url": "http://x:80", "env": "prod", "ENV": "stage", "empty": ""}
	if diff := cmp.Diff(want, tags.Map()); diff != "" {
		t.Errorf("Map (-want +got):\n%s", diff)
	}
}

func TestExtra_refuses_what_is_no_object(t *testing.T) {
	var a Alert
	if err := json.Unmarshal([]byte(`{"extra":[1]}`), &a); err == nil {
		t.Error("a list was taken for extra")
	}
}
