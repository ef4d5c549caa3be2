package alert

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	rawSample = `{"columns":["Time","Host"],"label":"Sample Logs","rows":[{"items":["1","a \"b\""],"message":"late, \",\"id\":\"9\"}"}]}`
	cutSample = `{"columns":["Time","Host"],"label":"Sample Logs","rows":[{"items":["1","a \"b\""],"message":"la`
)

func TestDecode_JSON_between_quotes(t *testing.T) {
	tests := []struct {
		name, body string
		want       Alert
	}{
		{
			"an object is read as if it had no quotes", `{"id":"1","logs_sample":"` + rawSample + `","org_id":"2"}`,
			Alert{ID: "1", OrgID: "2", LogsSample: json.RawMessage(rawSample)},
		},
		{
			"white space around it changes nothing", "{\"id\":\"1\",\"logs_sample\": \"\n " + rawSample + " \n\" \n}",
			Alert{ID: "1", LogsSample: json.RawMessage(rawSample)},
		},
		{
			"a list is read as if it had no quotes", `{"id":"1","incident_todos":"[{"id":1}]","incident_fields":"{"a":["b"]}","tags":"["a:b","c"]"}`,
			Alert{ID: "1", Tags: Tags{"a:b", "c"}, Incident: Incident{Todos: json.RawMessage(`[{"id":1}]`), Fields: json.RawMessage(`{"a":["b"]}`)}},
		},
		{
			"in a container", `{"id":"1","metadata":{"LOGS_SAMPLE":"` + rawSample + `","ORG_ID":"2"}}`,
			Alert{ID: "1", OrgID: "2", LogsSample: json.RawMessage(rawSample)},
		},
		{
			"in a list", `{"id":"1","mine":["{"a":true}"]}`,
			Alert{ID: "1", Extra: Extra{"mine": []any{map[string]any{"a": true}}}},
		},
		{
			"text that begins with a bracket stays text", `{"title":"[1] {a}, \"b\"","logs_sample":"{"a":1}","body":"{","alert_title":"[P1]"}`,
			Alert{Title: `[1] {a}, "b"`, AlertTitle: "[P1]", Message: "{", LogsSample: json.RawMessage(`{"a":1}`)},
		},
		{
			"an object that breaks off stays text", `{"id":"1","logs_sample":"` + cutSample + `","org_id":"2"}`,
			Alert{ID: "1", OrgID: "2", LogsSample: rawJSON(cutSample)},
		},
		{
			"an object that breaks off at the end stays text", `{"id":"1","metadata":{"LOGS_SAMPLE":"` + cutSample + `"}}`,
			Alert{ID: "1", LogsSample: rawJSON(cutSample)},
		},
		{
			"a list that is no JSON stays text, beside an object that is", `{"id":"1","logs":"[{"a": Infinity}]","incident_fields":"{"a":1}"}`,
			Alert{ID: "1", LogsSample: rawJSON(`[{"a": Infinity}]`), Incident: Incident{Fields: json.RawMessage(`{"a":1}`)}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, decode(t, tt.body), ignoreDigest); diff != "" {
				t.Errorf("alert (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("the payload is the same with quotes and without", func(t *testing.T) {
		with, without := decode(t, `{"title":"t","logs_sample":"`+rawSample+`"}`), decode(t, `{"title":"t","logs_sample":`+rawSample+`}`)
		if diff := cmp.Diff(without, with); diff != "" {
			t.Errorf("alert (-without +with):\n%s", diff)
		}
	})
	t.Run("in a form's payload", func(t *testing.T) {
		a, err := DecodeForm([]byte(`payload={"id":"1","logs_sample":"{"a":1}"}`))
		if err != nil || string(a.LogsSample) != `{"a":1}` {
			t.Errorf("got %s, %v", a.LogsSample, err)
		}
	})
}

func TestDecode_JSON_between_quotes_that_cannot_be_told_from_the_rest(t *testing.T) {
	for name, body := range map[string]string{
		"nothing closes it":              `{"id":"1","logs":"{"a":1`,
		"text behind it":                 `{"id":"1","logs":"{"a":1} and more "b" x}`,
		"something else is wrong behind": `{"id":"1","logs":"{"a":1}","org_id": }`,
		"as a key":                       `{"id":"1","{"a":1}":2}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Decode([]byte(body))
			if malformed, ok := errors.AsType[*MalformedError](err); !ok || malformed.Line != 1 {
				t.Errorf("got %v", err)
			}
		})
	}
	for name, part := range map[string]string{
		"many ends":                `"a","b":`,
		"many ends and beginnings": `","k":"{"k":"v`,
		"many long texts":          `","k":"[`,
	} {
		t.Run(name+" are given up soon", func(t *testing.T) {
			body := `{"logs":"{` + strings.Repeat(part, 20_000) + `}`
			start := time.Now()
			if _, err := Decode([]byte(body)); err == nil {
				t.Error("it was read")
			}
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}
