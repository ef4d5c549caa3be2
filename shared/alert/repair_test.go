package alert

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	rawSample = `{"columns":["Time","Host"],"label":"Sample Logs","rows":[{"items":["1","a \"b\""],"message":"late, \",\"id\":\"9\"}"}]}`
	cutSample = `{"columns":["Time","Host"],"label":"Sample Logs","rows":[{"items":["1","a \"b\""],"message":"la`
)

func TestDecode_Repair(t *testing.T) {
	tests := []struct {
		name, body string
		want       Alert
	}{
		{
			"object", `{"title":"t","logs_sample":"` + rawSample + `","org_id":"2"}`,
			Alert{Title: "t", OrgID: "2", LogsSample: json.RawMessage(rawSample)},
		},
		{
			"white space", "{\"title\":\"t\",\"logs_sample\": \"\n " + rawSample + " \n\" \n}",
			Alert{Title: "t", LogsSample: json.RawMessage(rawSample)},
		},
		{
			"list", `{"title":"t","incident_todos":"[{"id":1}]","incident_fields":"{"a":["b"]}","tags":"["a:b","c"]"}`,
			Alert{Title: "t", Tags: Tags{"a:b", "c"}, Incident: Incident{Todos: json.RawMessage(`[{"id":1}]`), Fields: json.RawMessage(`{"a":["b"]}`)}},
		},
		{
			"container", `{"title":"t","metadata":{"LOGS_SAMPLE":"` + rawSample + `","ORG_ID":"2"}}`,
			Alert{Title: "t", OrgID: "2", LogsSample: json.RawMessage(rawSample)},
		},
		{
			"in a list", `{"title":"t","mine":["{"a":true}"]}`,
			Alert{Title: "t", Extra: Extra{"mine": []any{map[string]any{"a": true}}}},
		},
		{
			"text with a bracket", `{"title":"[1] {a}, \"b\"","logs_sample":"{"a":1}","body":"{","alert_title":"[P1]"}`,
			Alert{Title: `[1] {a}, "b"`, AlertTitle: "[P1]", Priority: "P1", Message: "{", LogsSample: json.RawMessage(`{"a":1}`)},
		},
		{
			"truncated object", `{"title":"t","logs_sample":"` + cutSample + `","org_id":"2"}`,
			Alert{Title: "t", OrgID: "2", LogsSample: structured(cutSample)},
		},
		{
			"truncated at the end", `{"title":"t","metadata":{"LOGS_SAMPLE":"` + cutSample + `"}}`,
			Alert{Title: "t", LogsSample: structured(cutSample)},
		},
		{
			"invalid list", `{"title":"t","logs":"[{"a": Infinity}]","incident_fields":"{"a":1}"}`,
			Alert{Title: "t", LogsSample: structured(`[{"a": Infinity}]`), Incident: Incident{Fields: json.RawMessage(`{"a":1}`)}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, decode(t, tt.body), ignoreDigest); diff != "" {
				t.Errorf("alert (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("digest", func(t *testing.T) {
		with, without := decode(t, `{"title":"t","logs_sample":"`+rawSample+`"}`), decode(t, `{"title":"t","logs_sample":`+rawSample+`}`)
		if diff := cmp.Diff(without, with); diff != "" {
			t.Errorf("alert (-without +with):\n%s", diff)
		}
	})
	t.Run("form", func(t *testing.T) {
		a, err := DecodeForm([]byte(`payload={"title":"t","logs_sample":"{"a":1}"}`))
		if err != nil || string(a.LogsSample) != `{"a":1}` {
			t.Errorf("got %s, %v", a.LogsSample, err)
		}
	})
}

func TestDecode_Lenient(t *testing.T) {
	alert := Alert{MonitorID: "1", Title: "t", Tags: Tags{"a:b", "c"}}
	with := func(change func(*Alert)) Alert {
		changed := alert
		change(&changed)
		return changed
	}
	extra := func(e Extra) Alert { return with(func(a *Alert) { a.Extra = e }) }
	tests := []struct {
		body string
		want Alert
	}{
		// Commas.
		{`{"alert_id":"1" "title":"t" "tags":["a:b" "c"]}`, alert},
		{"{\"alert_id\":1\n\"title\":\"t\"\n\"tags\":[\"a:b\"\n\"c\"]\n}", alert},
		{`{"alert_id":"1""title":"t""tags":["a:b","c"]}`, alert},
		{`{"tags":["a:b","c"]"alert_id":1"title":"t"}`, alert},
		{`{"alert_id":"1","title":"t","tags":["a:b","c",],}`, alert},
		{"{\"alert_id\":\"1\",\"title\":\"t\",\"tags\":[\"a:b\",,\"c\"],\n}\n", alert},
		{`{,"alert_id":"1",,"title":"t","tags":[,"a:b","c"]}`, alert},
		{`{"metadata":{"ALERT_ID":"1" "x":{"y":2,},},"title":"t","tags":["a:b","c"]}`, extra(Extra{"metadata": map[string]any{"x": map[string]any{"y": int64(2)}}})},
		{`{"alert_id":"1","title":"[P1] x" "alert_title":"[P1] y" "tags":["a:b","c"]}`, with(func(a *Alert) { a.Title, a.AlertTitle, a.Priority = "[P1] x", "[P1] y", "P1" })},
		{`{"alert_id":"1","title":"{a} x""hostname":"h" "tags":["a:b","c"]}`, with(func(a *Alert) { a.Title, a.Hostname = "{a} x", "h" })},
		// Values without quotes.
		{`{"alert_id":"1","title":"t","tags":["a:b","c"],"logs":}`, alert},
		{`{"logs":,"alert_id":"1","title":"t", "hostname" : , "tags":["a:b","c"]}`, alert},
		{`{"logs": $LOGS_SAMPLE,"alert_id":"1","hostname":$TAGS[host],"title":"t","tags":["a:b","c"],"date":$DATE}`, alert},
		{`{"alert_id":$ALERT_ID,"title":$EVENT_TITLE,"tags":$TAGS,"org":{"id":$ORG_ID},"metadata":{"ALERT_ID":1,"EVENT_TITLE":"t","TAGS":"a:b,c"}}`, alert},
		{`{"alert_id":"1","title":t,"tags":["a:b","c"],"priority":P2,"transition":Triggered}`, with(func(a *Alert) { a.Priority, a.Transition = "P2", Triggered })},
		{`{"alert_id":"1","title":"t","tags":["a:b","c"],"link":https://app.datadoghq.com/event/event?id=1}`, with(func(a *Alert) { a.Link = "https://app.datadoghq.com/event/event?id=1" })},
		{`{"alert_id":"1","title":"t","tags":["a:b","c"],"hostname":$HOSTNAME "logs":{"rows":[]}}`, with(func(a *Alert) { a.LogsSample = json.RawMessage(`{"rows":[]}`) })},
		// Control characters.
		{"{\"alert_id\":\"1\",\"title\":\"t\",\"body\":\"one\n\ttwo\r\n\u0001 \\\"three\\\"\\n\",\"tags\":[\"a:b\",\"c\"]}", with(func(a *Alert) { a.Message = "one\n\ttwo\r\n\u0001 \"three\"\n" })},
		{"{\"alert_id\":\"1\",\"title\":\"t\n\",\"tags\":[\"a:b\n\",\"c\"],}", alert},
		// Several at once.
		{"\ufeff{\"alert_id\":\"1\" \"title\":\"t\",\"tags\":[\"a:b\",\"c\",],\"body\":\"a\nb\",\"logs\":\"{\"a\":1}\",\"hostname\":}", with(func(a *Alert) {
			a.Message, a.LogsSample = "a\nb", json.RawMessage(`{"a":1}`)
		})},
		{`{"alert_id":"1","title":"t" "tags":["a:b","c"],"logs_sample":"` + cutSample + `","hostname":}`, with(func(a *Alert) { a.LogsSample = structured(cutSample) })},
	}
	for _, tt := range tests {
		t.Run(tt.body, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, decode(t, tt.body), ignoreDigest); diff != "" {
				t.Errorf("alert (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecode_Ambiguous(t *testing.T) {
	for _, body := range []string{
		`{"alert_id":"1","tags":["say "hi" now","b"]}`, `{"alert_id":"1","tags":["say ""hi"" now"]}`, `{"alert_id":"1","tags":["a""b"]}`, `{"alert_id":"1","tags":["a" b]}`,
		`{"alert_id":"1","title":"disk "sda": full"}`, `{"alert_id":"1","title":"disk ""sda"": full"}`, `{"alert_id":"1","title":"the " key": x"}`,
		`{"alert_id":"1","title":CPU is high}`, `{"alert_id":"1","tags":env:prod,team:x}`, `{"alert_id":"1","title":'t'}`, `{"alert_id":"1","title":}x`,
		`{"alert_id":"1"`, `{"alert_id":"1","title":"t`, `{"alert_id":"1","tags":["a"}`, `{"alert_id":"1","tags":[}`, `{"alert_id":"1"]`, `{"alert_id":"1","tags":[,`, `{"alert_id":"1"}}`,
		`{"id" "1"}`, `{"alert_id":"1":"2"}`, `{id:1}`, `{"id":/* x`, `{"id":$TAGS[x}`, `{"a":\}`, `"id":"1"`, `id=1`, `{"alert_id":"1" , / "title":"t"}`, `{"a":"\x"}`,
	} {
		if a, err := Decode([]byte(body)); err == nil {
			t.Errorf("%s was read as %+v", body, a)
		} else if _, ok := errors.AsType[*MalformedError](err); !ok {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestDecode_RepairFails(t *testing.T) {
	for name, body := range map[string]string{
		"no end":          `{"alert_id":"1","logs":"{"a":1`,
		"text follows":    `{"alert_id":"1","logs":"{"a":1} and more "b" x}`,
		"another mistake": `{"alert_id":"1","logs":"{"a":1}","org_id": 1 2}`,
		"key":             `{"alert_id":"1","{"a":1}":2}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Decode([]byte(body))
			if malformed, ok := errors.AsType[*MalformedError](err); !ok || malformed.Line != 1 {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A body of 256 KiB must not take seconds, so the search for the end of a truncated
// value may read the body a few times only.
func TestDecode_RepairWork(t *testing.T) {
	const numbers = 20_000
	long := `["a",` + strings.Repeat("1,", numbers)
	for name, body := range map[string]string{
		"every end reads the long list":   `{"logs":"{"x` + strings.Repeat(`","k":"`, 200) + long,
		"many ends":                       `{"logs":"{` + strings.Repeat(`"a","b":`, numbers) + `}`,
		"many ends and beginnings":        `{"logs":"{` + strings.Repeat(`","k":"{"k":"v`, numbers) + `}`,
		"every end reads the other texts": `{"logs":"{` + strings.Repeat(`","k":"[`, numbers) + `}`,
	} {
		t.Run(name, func(t *testing.T) {
			allocated := testing.AllocsPerRun(1, func() {
				_, _ = Decode([]byte(body)) // Some have one reading.
			})
			if allocated > 16*numbers {
				t.Errorf("it allocated %v values", allocated)
			}
		})
	}
}
