package alert

import (
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecodeForm_Templates(t *testing.T) {
	for _, tt := range templates {
		t.Run(tt.name, func(t *testing.T) {
			body := render(t, tt.template)
			bodies := map[string][]byte{
				"in payload":            []byte("payload=" + url.QueryEscape(string(body))),
				"in Payload, and more":  []byte("empty=&Payload=" + url.QueryEscape("\n"+string(body))),
				"as JSON":               body,
				"as JSON, with a mark":  append([]byte("\ufeff\n"), body...),
				"as the key of a field": []byte(url.QueryEscape(string(body)) + "="),
				"one field per key":     formOf(t, body),
			}
			want, err := Decode(body)
			if err != nil {
				t.Fatal(err)
			}
			for name, form := range bodies {
				got, err := DecodeForm(form)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if diff := cmp.Diff(want, got, ignoreDigest); diff != "" {
					t.Errorf("%s (-JSON +form):\n%s", name, diff)
				}
				if !slices.Contains([]string{"one field per key", "in Payload, and more"}, name) && got.Digest != want.Digest {
					t.Errorf("%s has another digest", name)
				}
			}
		})
	}
}

// formOf encodes a JSON object as a form: text as it is, the rest as JSON.
func formOf(t *testing.T, body []byte) []byte {
	t.Helper()
	var object map[string]json.RawMessage
	if err := json.Unmarshal(body, &object); err != nil {
		t.Fatal(err)
	}
	values := make(url.Values)
	for key, raw := range object {
		var text string
		if json.Unmarshal(raw, &text) != nil {
			text = string(raw)
		}
		values.Set(key, text)
	}
	return []byte(values.Encode())
}

func TestDecodeForm(t *testing.T) {
	const rest = "&id=8306082202796025694&title=CPU+%26+memory+100%25+%3D+trouble&body=%25%25%25%0Aa%2Bb%0A%25%25%25"
	usual := Alert{
		ID: "8306082202796025694", Title: "CPU & memory 100% = trouble", Message: "%%%\na+b\n%%%", OrgID: "352347", OrgName: "Example Ltd",
		Tags: Tags{"env:prod", "monitor"}, MonitorID: "12",
	}
	tests := []struct {
		name, body string
		want       Alert
	}{
		{"objects as JSON", "org=" + url.QueryEscape(`{"id":"352347","name":"Example Ltd"}`) + "&tags=env%3Aprod%2Cmonitor&alert_id=12" + rest, usual},
		{"org[id]", "org[id]=352347&org%5Bname%5D=Example%20Ltd&tags[]=env:prod&tags[]=monitor&metadata[ALERT_ID]=12" + rest, usual},
		{"org.id", "org.id=352347&org.name=Example+Ltd&tags=env:prod&tags=monitor&alert.id=12" + rest, usual},
		{"numbered list", "org_id=352347&orgName=Example+Ltd&tags[0]=env:prod&tags[1]=monitor&ALERT_ID=12" + rest, usual},
		{"list as JSON", "orgId=352347&ORG_NAME=Example+Ltd&tags=" + url.QueryEscape(`["env:prod","monitor"]`) + "&alert=" + url.QueryEscape(`{"id":12}`) + rest, usual},
		{"stray percent", "title=100%+full&body=a%zz", Alert{Title: "100% full", Message: "a%zz"}},
		{"no value or key", "&title=t&hostname&=x&tags=&", Alert{Title: "t"}},
		{"byte order mark", "\ufeff title=t\r\n", Alert{Title: "t"}},
		{"unresolved variables", "title=t&hostname=%24HOSTNAME&metadata[HOSTNAME]=h", Alert{Title: "t", Hostname: "h"}},
		{"title in brackets", "title=%5B1%5D&body=[2]", Alert{Title: "[1]", Message: "[2]"}},
		{"payload is text", "payload=x&title=t", Alert{Title: "t", Extra: Extra{"payload": "x"}}},
		{
			"payload and fields", "title=u&x=1&a[b]=2&payload=" + url.QueryEscape(`{"title":"t","a":{"alert_id":3}}`),
			Alert{MonitorID: "3", Title: "t", Extra: Extra{"x": "1"}},
		},
		{"broken JSON", "title=t&x=%7B%22a", Alert{Title: "t", Extra: Extra{"x": `{"a`}}},
		{"plain and object", "a=1&a.b=2&title=t", Alert{Title: "t", Extra: Extra{"a": "1", "a.b": "2"}}},
		{"lists", "tags=a&tags[]=b&tags[1]=c&title=t", Alert{Title: "t", Tags: Tags{"a", "b", "c"}}},
		{"repeated inner key", "m[tags]=a&m[tags]=b&title=t", Alert{Title: "t", Tags: Tags{"a", "b"}}},
		{"semicolon", "title=a;b", Alert{Title: "a;b"}},
		{"leading dot", ".title=t&[x]=1", Alert{Title: "t", Extra: Extra{"[x]": "1"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := DecodeForm([]byte(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, ignoreDigest); diff != "" {
				t.Errorf("alert (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeForm_Malformed(t *testing.T) {
	tests := []struct{ name, body, says string }{
		{"nothing", " ", "the body cannot be read as a JSON object: it is empty"},
		{
			"broken JSON in payload", "payload=" + url.QueryEscape(`{"logs": x y}`),
			`the form field "payload" cannot be read as a JSON object at line 1, column 10 (byte 9)`,
		},
		{"broken JSON as the body", `{"logs": x y}`, "the body cannot be read as a JSON object at line 1, column 10 (byte 9)"},
		{"broken JSON as the key", "%7B%22a%22%3A!+!%7D=", "the body cannot be read as a JSON object at line 1, column 6"},
		{"deep JSON in payload", `payload={"a":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + "}", "more than 64 deep"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := DecodeForm([]byte(tt.body))
			if _, ok := errors.AsType[*MalformedError](err); !ok || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want %q in it", err, tt.says)
			}
		})
	}
	t.Run("invalid", func(t *testing.T) {
		for _, body := range []string{"a=", "hello", "payload=", "\x00\x01%"} {
			_, err := DecodeForm([]byte(body))
			if _, ok := errors.AsType[*InvalidError](err); !ok {
				t.Errorf("%q: got %v", body, err)
			}
		}
	})
}
