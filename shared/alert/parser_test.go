package alert

import (
	"errors"
	"strings"
	"testing"
)

func TestDecode_Malformed(t *testing.T) {
	tests := []struct {
		name, body   string
		line, column int
		says         []string
	}{
		{"empty", "", 0, 0, []string{"empty"}},
		{"white space", " \n\t ", 0, 0, []string{"empty"}},
		{"byte order mark only", "\ufeff", 0, 0, []string{"empty"}},
		{"list", `["a"]`, 0, 0, []string{"list", "send an object"}},
		{"text", `"hello"`, 0, 0, []string{"a text"}},
		{"number", `12`, 0, 0, []string{"a number"}},
		{"true", `true`, 0, 0, []string{"true or false"}},
		{"null", `null`, 0, 0, []string{"null"}},
		{"not JSON", `id=1&title=2`, 1, 1, []string{"invalid character 'i'; it is not JSON"}},
		{"truncated", "{\"id\":\"1\",\n\"title\":\"x", 2, 11, []string{"ends in the middle"}},
		{"two objects", `{"id":"1"} {"id":"2"}`, 1, 12, []string{"something follows"}},
		{"text follows", "{\"title\":\"1 a\"}\n\nbye", 3, 1, []string{"something follows"}},
		{"unquoted text", "{\"title\": \"t\",\n \"logs\": CPU load}", 2, 10, []string{"variable without quotes", "put it in quotes"}},
		{"unquoted text like a word of JSON", `{"title": no data}`, 1, 12, []string{"variable without quotes"}},
		{"unquoted list", `{"tags": env:prod,team:x, "title": "t"}`, 1, 10, []string{"variable without quotes"}},
		{"two variables", `{"title": $EVENT_TITLE on $HOSTNAME}`, 1, 11, []string{"variable without quotes", "found $EVENT_TITLE;"}},
		{"single quotes", `{"title": 't'}`, 1, 11, []string{"invalid character"}},
		{"truncated object in quotes", `{"title":"t","logs":"{"columns":[]}`, 1, 24, []string{"holds JSON stands in quotes"}},
		{"missing comma", "{\"event_msg\": \"m\"\n\"id\" \"1\"}", 2, 1, []string{"comma is missing"}},
		{"byte order mark", "\ufeff{\"é\": x y}", 1, 8, []string{"invalid character 'x'"}},
		{"deep list", `{"a":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`, 1, 69, []string{"more than 64 deep"}},
		{"deep objects", strings.Repeat(`{"a":`, 65) + "1" + strings.Repeat("}", 65), 1, 321, []string{"more than 64 deep"}},
		{"unclosed objects", strings.Repeat(`{"a":`, 100_000), 1, 321, []string{"more than 64 deep"}},
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
	t.Run("maximum depth", func(t *testing.T) {
		a := decode(t, `{"title":"t\\\"[[[","a":`+strings.Repeat("[", 63)+strings.Repeat("]", 63)+`}`)
		if a.Title != `t\"[[[` {
			t.Errorf("got %q", a.Title)
		}
	})
	t.Run("white space and byte order mark", func(t *testing.T) {
		for _, body := range []string{"\ufeff {\"title\":\"1 a\"}\r\n", "\n\ufeff{\"title\":\"1 a\"}", "\t{\"title\":\"1 a\"} "} {
			if decode(t, body).Title != "1 a" {
				t.Errorf("%q was not understood", body)
			}
		}
	})
}

// Errors are logged, and a log must not hold the text of an alert.
func TestMalformedError_QuotesNothing(t *testing.T) {
	for _, body := range []string{
		`{"title":"t","user":Jane jane@example.com}`, `{"title":"t"} jane@example.com`, `jane@example.com`, `{"title":"t" jane@example.com`, `{"a":$jane@example.com "b"}`, `{"token": secret secretjasecret}`,
	} {
		if _, err := Decode([]byte(body)); err == nil || strings.Contains(err.Error(), "ja") {
			t.Errorf("%s: %v", body, err)
		}
	}
}
