package alert

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

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
		a := decode(t, `{"id":"1","metadata":{"EVENT_TITLE":["a"],"EVENT_MSG":["b"]}}`)
		want := []Problem{{"metadata.EVENT_TITLE", notText}, {"metadata.EVENT_MSG", notText}}
		if diff := cmp.Diff(want, a.Unreadable); diff != "" || a.Title+a.Message != "" {
			t.Errorf("title %q, message %q, unreadable (-want +got):\n%s", a.Title, a.Message, diff)
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
		want := []Problem{{"alert_priority", "must be P1 to P5"}}
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
