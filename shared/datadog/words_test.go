package datadog

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestWords(t *testing.T) {
	tests := map[string]struct{ body, want string }{
		"nothing":                    {"", ""},
		"v1_errors":                  {`{"errors":["Event too far in the past"]}`, "Event too far in the past"},
		"several_errors":             {`{"errors":["one","two"]}`, "one; two"},
		"v1_refusal":                 {`{"status":"error","code":403,"errors":["Forbidden"],"statuspage":"http://status.datadoghq.com"}`, "Forbidden"},
		"v2_errors":                  {`{"errors":[{"status":"400","title":"Bad Request","detail":"JSON validation failed"}]}`, "Bad Request: JSON validation failed"},
		"v2_errors_without_detail":   {`{"errors":[{"title":"Not Found"}]}`, "Not Found"},
		"v2_errors_without_title":    {`{"errors":[{"detail":"no such thing"}]}`, "no such thing"},
		"errors_of_no_known_shape":   {`{"errors":[7,{"x":1},null]}`, `{"errors":[7,{"x":1},null]}`},
		"errors_that_are_no_list":    {`{"errors":"broken"}`, `{"errors":"broken"}`},
		"another_object":             {`{"message":"hello"}`, `{"message":"hello"}`},
		"plain_text":                 {"upstream connect error\r\n\tor disconnect", "upstream connect error or disconnect"},
		"a_page":                     {"\n<!DOCTYPE html><html><title>502</title></html>", ""},
		"JSON_cut_off":               {`{"errors":["Event too fa`, `{"errors":["Event too fa`},
		"control_characters":         {"{\"errors\":[\"a\\u0000b\\u001b[31mred\\u202Eevil\\n\\nend\"]}", "a b [31mred evil end"},
		"broken_UTF-8":               {"caf\xff\xfe", "caf"},
		"an_echoed_API_key":          {`{"errors":["unknown key ` + apiKey + `"]}`, "unknown key <keys>"},
		"an_echoed_application_key":  {"unknown key " + appKey + "!", "unknown key <keys>!"},
		"a_key_that_JSON_escapes":    {`{"errors":["\u0061` + apiKey[1:] + `"]}`, "<keys>"},
		"a_key_across_the_last_rune": {strings.Repeat("x", 290) + apiKey, strings.Repeat("x", 290) + "<keys>"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := words([]byte(tt.body), keys); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestWords_are_cut_between_characters(t *testing.T) {
	for _, n := range []int{maxWordRunes - 1, maxWordRunes, maxWordRunes + 1, 10 * maxWordRunes} {
		got := words([]byte(strings.Repeat("é", n)), keys)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) != min(n, maxWordRunes) {
			t.Errorf("%d characters became %d", n, utf8.RuneCountInString(got))
		}
		if strings.HasSuffix(got, "…") != (n > maxWordRunes) {
			t.Errorf("of %d characters: %q", n, got)
		}
	}
}

func TestWords_without_keys_to_hide(t *testing.T) {
	if got := words([]byte("plain"), Keys{}); got != "plain" {
		t.Errorf("got %q", got)
	}
}
