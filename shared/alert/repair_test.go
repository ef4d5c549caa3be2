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
			"object", `{"id":"1","logs_sample":"` + rawSample + `","org_id":"2"}`,
			Alert{ID: "1", OrgID: "2", LogsSample: json.RawMessage(rawSample)},
		},
		{
			"white space", "{\"id\":\"1\",\"logs_sample\": \"\n " + rawSample + " \n\" \n}",
			Alert{ID: "1", LogsSample: json.RawMessage(rawSample)},
		},
		{
			"list", `{"id":"1","incident_todos":"[{"id":1}]","incident_fields":"{"a":["b"]}","tags":"["a:b","c"]"}`,
			Alert{ID: "1", Tags: Tags{"a:b", "c"}, Incident: Incident{Todos: json.RawMessage(`[{"id":1}]`), Fields: json.RawMessage(`{"a":["b"]}`)}},
		},
		{
			"container", `{"id":"1","metadata":{"LOGS_SAMPLE":"` + rawSample + `","ORG_ID":"2"}}`,
			Alert{ID: "1", OrgID: "2", LogsSample: json.RawMessage(rawSample)},
		},
		{
			"in a list", `{"id":"1","mine":["{"a":true}"]}`,
			Alert{ID: "1", Extra: Extra{"mine": []any{map[string]any{"a": true}}}},
		},
		{
			"text with a bracket", `{"title":"[1] {a}, \"b\"","logs_sample":"{"a":1}","body":"{","alert_title":"[P1]"}`,
			Alert{Title: `[1] {a}, "b"`, AlertTitle: "[P1]", Message: "{", LogsSample: json.RawMessage(`{"a":1}`)},
		},
		{
			"truncated object", `{"id":"1","logs_sample":"` + cutSample + `","org_id":"2"}`,
			Alert{ID: "1", OrgID: "2", LogsSample: rawJSON(cutSample)},
		},
		{
			"truncated at the end", `{"id":"1","metadata":{"LOGS_SAMPLE":"` + cutSample + `"}}`,
			Alert{ID: "1", LogsSample: rawJSON(cutSample)},
		},
		{
			"invalid list", `{"id":"1","logs":"[{"a": Infinity}]","incident_fields":"{"a":1}"}`,
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
	t.Run("digest", func(t *testing.T) {
		with, without := decode(t, `{"title":"t","logs_sample":"`+rawSample+`"}`), decode(t, `{"title":"t","logs_sample":`+rawSample+`}`)
		if diff := cmp.Diff(without, with); diff != "" {
			t.Errorf("alert (-without +with):\n%s", diff)
		}
	})
	t.Run("form", func(t *testing.T) {
		a, err := DecodeForm([]byte(`payload={"id":"1","logs_sample":"{"a":1}"}`))
		if err != nil || string(a.LogsSample) != `{"a":1}` {
			t.Errorf("got %s, %v", a.LogsSample, err)
		}
	})
}

func TestDecode_RepairFails(t *testing.T) {
	for name, body := range map[string]string{
		"no end":          `{"id":"1","logs":"{"a":1`,
		"text follows":    `{"id":"1","logs":"{"a":1} and more "b" x}`,
		"another mistake": `{"id":"1","logs":"{"a":1}","org_id": }`,
		"key":             `{"id":"1","{"a":1}":2}`,
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
				if _, err := Decode([]byte(body)); err == nil {
					t.Error("it was read")
				}
			})
			if allocated > 16*numbers {
				t.Errorf("it allocated %v values", allocated)
			}
		})
	}
}
