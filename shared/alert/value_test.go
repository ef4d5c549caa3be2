package alert

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fieldCases are fields of a payload with a title, and the alert without that title.
type fieldCases map[string]Alert

func (tests fieldCases) run(t *testing.T) {
	t.Helper()
	for fields, want := range tests {
		t.Run(fields, func(t *testing.T) {
			if want.Title == "" {
				want.Title = "t"
			}
			got := decode(t, `{"event_title":"t",`+fields+`}`)
			if diff := cmp.Diff(want, got, ignoreDigest); diff != "" {
				t.Errorf("alert (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(got, roundTrip(t, got)); diff != "" {
				t.Errorf("after the queue (-sent +received):\n%s", diff)
			}
		})
	}
}

func unreadable(field, reason string) Alert { return Alert{Unreadable: []Problem{{field, reason}}} }

func TestDecode_Text(t *testing.T) {
	fieldCases{
		`"id":8306082202796025694,"org_id":9007199254740993`:                                               {ID: "8306082202796025694", OrgID: "9007199254740993"},
		`"id":8306082202796025694.0,"alert_id":4.2e1,"org_id":"42.0","cycle_key":1.7593438241221064084e19`: {ID: "8306082202796025694", MonitorID: "42", OrgID: "42", CycleKey: "17593438241221064084"},
		`"event_id":8.306082202796025694E+18,"monitor":42.0,"org":4.2e1,"incident_public_id":7.0`: {
			ID: "8306082202796025694", MonitorID: "42", OrgID: "42", Incident: Incident{PublicID: "7"}, Extra: Extra{"monitor": int64(42), "org": int64(42)},
		},
		`"id":1e400,"monitor_id":4.25,"org_id":"4.2.0"`:                                                 {MonitorID: "4.25", OrgID: "4.2.0", Extra: Extra{"id": json.Number("1e400")}},
		`"id":"v1.0","monitor_id":"-0.0","org_id":"1e1000000000000000000000","a":8306082202796025694.0`: {MonitorID: "-0", OrgID: "1e1000000000000000000000", Extra: Extra{"id": "v1.0", "a": int64(8306082202796025694)}},
		`"host":"*","hostname":"host:a,env:b"`:                                                          {Extra: Extra{"host": "*", "hostname": "host:a,env:b"}},
		`"alert_title":404,"hostname":true,"monitor_id":12`:                                             {AlertTitle: "404", Hostname: "true", MonitorID: "12"},
		`"alert_title":" a ","body":"%%%\n a \n%%% "`:                                                   {AlertTitle: "a", Message: "%%%\n a \n%%% "},
		`"metadata":{"ALERT_TITLE":["a"]}`:                                                              unreadable("metadata.ALERT_TITLE", notText),
		`"event_msg":["b"]`:                                                                             unreadable("event_msg", notText),
		`"other":18446744073709551615,"more":{"n":9007199254740993}`:                                    {Extra: Extra{"other": uint64(18446744073709551615), "more": map[string]any{"n": int64(9007199254740993)}}},
		`"a":1,"b":1.0,"c":1.5,"d":-2,"e":[1e3],"h":1e19`:                                               {Extra: Extra{"a": int64(1), "b": int64(1), "c": 1.5, "d": int64(-2), "e": []any{int64(1000)}, "h": uint64(1e19)}},
		`"f":1e400,"g":123456789012345678901234567890,"i":-1e30`:                                        {Extra: Extra{"f": json.Number("1e400"), "g": json.Number("123456789012345678901234567890"), "i": json.Number("-1e30")}},
		`"alert_scope":["host:a","env:b"]`:                                                              {Scope: "host:a,env:b"},
		`"query":"mutation { x }"`:                                                                      {Message: "mutation { x }", Extra: Extra{"query": "mutation { x }"}},
		`"timestamp":"just now"`:                                                                        {Message: "just now", Extra: Extra{"timestamp": "just now"}},
		`"alert_type":"critical"`:                                                                       {Type: "error", Extra: Extra{"alert_type": "critical"}},
		`"alert_type":"odd"`:                                                                            {Type: "odd", Unreadable: []Problem{{"alert_type", "must be error, warning, success or info"}}},
		`"alert_transition":["Triggered"]`:                                                              unreadable("alert_transition", notText),
		`"INCIDENT_COMMANDER":{"id":"1"},"incident":{"todos":[1]}`:                                      {Incident: Incident{Commander: json.RawMessage(`{"id":"1"}`), Todos: json.RawMessage(`[1]`)}},
		`"incident_fields":{"title":"no"}`:                                                              {Incident: Incident{Fields: json.RawMessage(`{"title":"no"}`)}},
		`"security":{"signal_attributes":{"a":1},"rule_matched_queries":"[{\"q\":1}]"}`:                 {Security: Security{SignalAttributes: json.RawMessage(`{"a":1}`), RuleQueries: json.RawMessage(`[{"q":1}]`)}},
		`"synthetics":{"summary":{"b":2},"test_name":"login"}`:                                          {Synthetics: Synthetics{Summary: json.RawMessage(`{"b":2}`), TestName: "login"}},
	}.run(t)
}

func TestDecode_Dates(t *testing.T) {
	tests := fieldCases{}
	for _, value := range []string{
		`"1759343824000"`, `1759343824000`, `"1759343824"`, `1759343824`, `1.759343824e12`, `"1759343824.000"`, `" 1759343824 "`,
		`"2025-10-01T18:37:04Z"`, `"2025-10-01T20:37:04+02:00"`, `"2025-10-01 18:37:04Z"`, `"2025-10-01T18:37:04.000Z"`,
		`1759343824000000`, `"1759343824000000"`, `1759343824000000000`, `"1759343824000000000"`, `1.759343824e9`, `"1759343824000.0"`,
		`"2025-10-01 18:37:04 UTC"`, `"2025-10-01 18:37:04+0000"`, `"2025-10-01 18:37:04 +0000"`, `"2025-10-01 18:37:04 +0000 UTC"`,
		`"2025-10-01T16:37:04-0200"`, `"2025-10-01 18:37:04.000000 GMT"`, `"2025-10-01t18:37:04z"`, `"2025-10-01 20:37:04 +02:00"`,
		`"2025-10-01T18:37:04 UTC"`, `"01 Oct 2025 18:37:04 GMT"`,
		`"Wed Oct 01 2025 18:37:04 UTC"`, `"Wed Oct 1 2025 18:37:04 UTC"`, `"Wed, 01 Oct 2025 18:37:04 GMT"`, `"Wed, 1 Oct 2025 20:37:04 +0200"`,
	} {
		tests[`"date":`+value+`,"last_updated":`+value] = Alert{Date: sampleDate, LastUpdated: sampleDate}
	}
	for _, value := range []string{
		`1759343824123`, `"1759343824.123"`, `"2025-10-01T18:37:04.123Z"`, `1759343824.123`, `1759343824123000`, `1759343824123000000`, `"1759343824122.9"`,
		`"2025-10-01 18:37:04.123 UTC"`, `"Wed Oct 01 2025 18:37:04.123 UTC"`,
	} {
		tests[`"date":`+value] = Alert{Date: sampleDate.Add(123 * time.Millisecond)}
	}
	for _, value := range []string{
		`"yesterday"`, `"2025-10-01"`, `"NaN"`, `"Inf"`, `1e300`, `true`, `[1]`, `99999999999999999999999`, `"9e20"`, `-1e300`,
		`"2025-10-01 18:37:04 CET"`, `"2025-10-01 18:37:04"`, `"2025-13-01 18:37:04 UTC"`, `"2025-10-01 18:37:04 +9900"`, `"Mon Oct 01 2025"`, `"2025-10-01T18:37:04Z[UTC]"`,
	} {
		tests[`"DATE":`+value] = unreadable("DATE", "is not a date: epoch milliseconds, epoch seconds or RFC 3339")
	}
	for _, value := range []string{`0`, `-1`, `12`, `"0x10p9"`, `9e18`, `"-1759343824000"`, `"2101-01-01T00:00:00Z"`} {
		tests[`"DATE":`+value] = unreadable("DATE", "is a date outside 2000 to 2099")
	}
	tests[`"date":"2025-10-01T18:37Z","last_updated":"2025-10-01 20:37 +02:00"`] = Alert{Date: sampleDate.Add(-4 * time.Second), LastUpdated: sampleDate.Add(-4 * time.Second)}
	tests[`"summary":{"date":"Oct 01, 2025, 06:37PM UTC"}`] = Alert{Date: sampleDate.Add(-4 * time.Second)} // Of $SYNTHETICS_SUMMARY.
	tests.run(t)
}

func TestDecode_Priority(t *testing.T) {
	unknownPriority := []Problem{{"priority", "must be P1 to P5, normal or low"}}
	tests := fieldCases{
		`"priority":"P1"`:                               {Priority: "P1"},
		`"priority":"p5"`:                               {Priority: "P5"},
		`"priority":4`:                                  {Priority: "P4"},
		`"priority":4.0`:                                {Priority: "P4"},
		`"priority":"4"`:                                {Priority: "P4"},
		`"priority":"4 (low)"`:                          {Priority: "P4"},
		`"priority":"4 - Low"`:                          {Priority: "P4"},
		`"priority":"P4 (Low)"`:                         {Priority: "P4"},
		`"priority":"Low (p4)"`:                         {Priority: "P4"},
		`"priority":"[P4]"`:                             {Priority: "P4"},
		`"priority":"priority:p4"`:                      {Priority: "P4"},
		`"priority":"Priority 4"`:                       {Priority: "P4"},
		`"alert_priority":"SEV-3 (P4)"`:                 {Priority: "P4"},
		`"alert":{"priority":4},"event_priority":"low"`: {Priority: "P4", EventPriority: "low"},
		`"alert_priority":"low","priority":2`:           {Priority: "P2", EventPriority: "low"},
		`"priority":0`:                                  {EventPriority: "0", Unreadable: unknownPriority},
		`"priority":"45"`:                               {EventPriority: "45", Unreadable: unknownPriority},
		`"priority":"SEV-4"`:                            {EventPriority: "SEV-4", Unreadable: unknownPriority},
		`"priority":"4 hosts"`:                          {EventPriority: "4 hosts", Unreadable: unknownPriority},
		`"severity":4`:                                  {Extra: Extra{"severity": int64(4)}},
		`"priority":"normal"`:                           {EventPriority: "normal"},
		`"PRIORITY":"low"`:                              {EventPriority: "low"},
		`"priority":"P6"`:                               {EventPriority: "P6", Unreadable: unknownPriority},
		`"priority":"P1","alert_priority":"P2"`:         {Priority: "P2"},
		`"priority":"Critical"`:                         {Priority: "P1", Type: "error", EventPriority: "Critical", Guessed: []Guess{{"priority", "level"}}},
		`"priority":"HIGH","alert_priority":"P3"`:       {Priority: "P3", EventPriority: "HIGH"},

		`"priority":"low","metadata":{"ALERT_PRIORITY":"P3"}`: {Priority: "P3", EventPriority: "low"},
		`"priority":"P3","metadata":{"PRIORITY":"low"}`:       {Priority: "P3", EventPriority: "low"},
		`"alert_priority":"3"`:                                {Priority: "P3"},
		`"alert_priority":4`:                                  {Priority: "P4"},
		`"alertPriority":"p1"`:                                {Priority: "P1"},
		`"alert":{"priority":"P2"}`:                           {Priority: "P2"},
		`"alert":{"priority":"Normal"}`:                       {EventPriority: "Normal"},
		`"severity":"P2"`:                                     {Priority: "P2", Extra: Extra{"severity": "P2"}},
		`"prio":"P2"`:                                         {Priority: "P2", Extra: Extra{"prio": "P2"}},
	}
	for _, value := range []string{`"6"`, `"high"`, `0`, `["P1"]`, `"P10"`, `"1.5"`, `-4`} {
		tests[`"alert_priority":`+value] = unreadable("alert_priority", "must be P1 to P5")
	}
	tests.run(t)
}

func TestDecode_Tags(t *testing.T) {
	fieldCases{
		`"tags":"monitor, name:myService ,role:computing-node"`:                                {Tags: Tags{"monitor", "name:myService", "role:computing-node"}},
		`"tags":"a:1,,a:1, ,a:2,$X"`:                                                           {Tags: Tags{"a:1", "a:2"}},
		`"tags":["a:1","b:x y","a:1",7,true,null,"c,d"]`:                                       {Tags: Tags{"a:1", "b:x y", "7", "true", "c,d"}},
		`"tags":["env:prod","@usr.name:joe,boomerang","a, b"]`:                                 {Tags: Tags{"env:prod", "@usr.name:joe,boomerang", "a, b"}},
		`"tags":"[\"env:prod\",\"name:a,b\"]"`:                                                 {Tags: Tags{"env:prod", "name:a,b"}},
		`"tags":"{\"env\":\"prod\",\"b\":2}"`:                                                  {Tags: Tags{"b:2", "env:prod"}},
		`"tags":"[]","hostname":"h"`:                                                           {Hostname: "h"},
		`"tags":"{a}:b,c"`:                                                                     {Tags: Tags{"{a}:b", "c"}},
		`"tags":[{"key":"env","value":"prod"},{"name":"v","value":1.0},"x"]`:                   {Tags: Tags{"env:prod", "v:1.0", "x"}},
		`"tags":[{"key":"Env","value":"a,b:c"}]`:                                               {Tags: Tags{"Env:a,b:c"}},
		`"tags":["monitor",{"key":"k","value":""},{"value":"v"},{"key":"l","value":[1]},null]`: {Tags: Tags{"monitor"}, Unreadable: []Problem{{"tags", notAllText}}},
		`"tags":[[1],"$X","a"]`:                                                                {Tags: Tags{"a"}, Unreadable: []Problem{{"tags", notAllText}}},
		`"alert_scope":["host:a","env:b"],"tags":[7]`:                                          {Scope: "host:a,env:b", Tags: Tags{"7"}},
		`"tags":"env:prod;service:a|team:b\nn:1 m:2"`:                                          {Tags: Tags{"env:prod", "service:a", "team:b", "n:1", "m:2"}},
		`"tags":"q:a|b c;d:e"`:                                                                 {Tags: Tags{"q:a|b c;d:e"}},
		`"tags":"['env:prod', '#team:b']"`:                                                     {Tags: Tags{"env:prod", "team:b"}},
		`"tags":["datadog","monitor,env:prod,service:a"]`:                                      {Tags: Tags{"datadog", "monitor", "env:prod", "service:a"}},
		`"body":"Host: a\nTags: env:prod, team:b"`:                                             {Message: "Host: a\nTags: env:prod, team:b", Tags: Tags{"env:prod", "team:b"}, Guessed: []Guess{{"tags", "message"}}},
		`"tags":["env:prod,monitor"]`:                                                          {Tags: Tags{"env:prod", "monitor"}},
		`"tags":"[\"a:1\",\"b\"]"`:                                                             {Tags: Tags{"a:1", "b"}},
		`"service":"Checkout","data":{"environment":"prod","team":"$TAGS[team]"}`: {
			Tags: Tags{"service:checkout", "env:prod"}, Guessed: []Guess{{"tags", "service"}}, Extra: Extra{"service": "Checkout", "data": map[string]any{"environment": "prod"}},
		},
		`"service":"checkout","tags":"env:prod"`:                        {Tags: Tags{"env:prod"}, Extra: Extra{"service": "checkout"}},
		`"service":"Datadog","env":1,"team":"All of us","labels":"x y"`: {Message: "All of us", Extra: Extra{"service": "Datadog", "env": int64(1), "team": "All of us", "labels": "x y"}},
		`"tags":{"env":"prod","service":"$TAGS[service]","n":1}`:        {Tags: Tags{"env:prod", "n:1"}},
		`"tags":"url:http://x:80/a"`:                                    {Tags: Tags{"url:http://x:80/a"}},
		`"tags":42`:                                                     {Tags: Tags{"42"}},
		`"tags":["a",{"b":1},{"c":"d","e":"f"}]`:                        {Tags: Tags{"a", "b:1"}, Unreadable: []Problem{{"tags", notAllText}}},
		`"tags":"[env:prod, a:b]"`:                                      {Tags: Tags{"env:prod", "a:b"}},
		`"labels":"env:prod,monitor"`:                                   {Tags: Tags{"env:prod", "monitor"}, Guessed: []Guess{{"tags", "labels"}}, Extra: Extra{"labels": "env:prod,monitor"}},
		`"labels":"env:prod","tags":"team:a"`:                           {Tags: Tags{"team:a"}, Extra: Extra{"labels": "env:prod"}},
		`"labels":"see https://example.com"`:                            {Message: "see https://example.com", Extra: Extra{"labels": "see https://example.com"}},
		`"labels":{"env":"prod","title":"t"}`:                           {Title: "t", Tags: Tags{"env:prod"}, Extra: Extra{"labels": map[string]any{"env": "prod"}}},
		`"tags":"[a],[b]"`:                                              {Tags: Tags{"[a]", "[b]"}},
		`"tags":{"a":[1],"b":"c"}`:                                      {Tags: Tags{"b:c"}, Unreadable: []Problem{{"tags", notAllText}}},
	}.run(t)
}

func TestDecode_Transition(t *testing.T) {
	tests := fieldCases{}
	for value, want := range map[string]Transition{
		"Triggered": Triggered, "TRIGGERED": Triggered, "re-triggered": ReTriggered, "ReTriggered": ReTriggered, "re triggered": ReTriggered,
		"no_data": NoData, "No Data": NoData, "NoData": NoData, "re-no data": ReNoData, "warn": Warn, "Re_Warn": ReWarn,
		"recovered": Recovered, "warn recovered": WarnRecovered, "Re-Notify": Renotify,
		"Muted": "Muted", "Recovered on {host:a}": "Recovered on {host:a}", "  Triggered ": Triggered,
		"something far longer than any transition that is known": "something far longer than any transition that is known",
	} {
		tests[`"alert_transition":"`+value+`"`] = Alert{Transition: want}
	}
	tests.run(t)
}

func TestDecode_Objects(t *testing.T) {
	tests := fieldCases{}
	for value, want := range map[string]string{
		`{"rows":[{"message":"<a> & \"b\""}],"label":"x"}`: `{"label":"x","rows":[{"message":"\u003ca\u003e \u0026 \"b\""}]}`,
		`"{\"rows\":[1.50]}"`:                              `{"rows":[1.50]}`,
		`" [1] "`:                                          `[1]`,
		`"nothing <here>"`:                                 `"nothing \u003chere\u003e"`,
		`"{\"rows\":"`:                                     `"{\"rows\":"`,
		`12345678901234567890123`:                          `12345678901234567890123`,
		`"{}"`:                                             ``,
		`null`:                                             ``,
		`"$LOGS_SAMPLE"`:                                   ``,
	} {
		var a Alert
		if want != "" {
			a.LogsSample = json.RawMessage(want)
		}
		tests[`"logs_sample":`+value] = a
	}
	tests.run(t)
}

func TestIsSecret(t *testing.T) {
	for key, want := range map[string]bool{
		"api_key": true, "apiKey": true, "API Key": true, "X-Auth-Token:": true, "application.key": true, "session_credentials": true, "Pass-Word": true,
		"aggregation_key": false, "tokens_used": false, "monitor": false, "": false,
	} {
		if got := IsSecret(key); got != want {
			t.Errorf("%q: got %v, want %v", key, got, want)
		}
	}
}
