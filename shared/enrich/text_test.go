package enrich

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestLine(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"short":                {"connection lost", "connection lost"},
		"blank":                {" \n\t ", ""},
		"several lines":        {"a\r\n\tb\u2028c  d ", "a b c d"},
		"invisible":            {"a\x00\x1b[31mb\u202ec\u200bd\xff", "a[31mbcd"},
		"long":                 {"0123456789abcdefg", "0123456789abcde…"},
		"space before the end": {"0123456789abcd efg", "0123456789abcd…"},
		"short in runes":       {strings.Repeat("é", 16), strings.Repeat("é", 16)},
		"long in runes":        {strings.Repeat("é", 17), strings.Repeat("é", 15) + "…"},
		"a megabyte":           {strings.Repeat("ab ", 1<<20), "ab ab ab ab ab…"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Line(tt.text, 16); got != tt.want || !utf8.ValidString(got) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestFacts_Known(t *testing.T) {
	facts := Facts{{"A", "a\nb"}, {"B", " "}, {"C", "long value"}}
	if diff := cmp.Diff(Facts{{"A", "a b"}, {"C", "long…"}}, facts.Known(5)); diff != "" || facts[0].Value != "a\nb" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
}

func TestCounts(t *testing.T) {
	got := []string{Count(0, "line"), Count(1, "line"), Count(2, "line"), Join(nil, ", ", 2), Join([]string{"a", "b"}, "; ", 2), Join([]string{"a", "b", "c"}, ", ", 2)}
	if diff := cmp.Diff([]string{"0 lines", "1 line", "2 lines", "", "a; b", "a, b and 1 more"}, got); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
}

func TestIsWebURL(t *testing.T) {
	for s, want := range map[string]bool{
		"https://x.example/1?a=b": true, "http://x.example": true,
		"": false, "/x": false, "https:///x": false, "javascript:alert(1)": false, "mailto:a@example.com": false, "https://x.example/ y": false, "%": false,
		"https://x.example/" + strings.Repeat("x", maxURLBytes): false,
	} {
		if IsWebURL(s) != want {
			t.Errorf("IsWebURL(%.40q) = %v", s, !want)
		}
	}
}

func TestDecodeJSON(t *testing.T) {
	for _, tt := range []struct {
		json string
		want any
		text string
	}{
		{`{"id":9007199254740993,"load":2.5,"huge":1e999,"list":[1,null]}`, map[string]any{"id": int64(9007199254740993), "load": 2.5, "huge": "1e999", "list": []any{int64(1), nil}}, `{"huge":"1e999","id":9007199254740993,"list":[1,null],"load":2.5}`},
		{`"a"`, "a", "a"},
		{`null`, nil, ""},
		{` false `, false, "false"},
		{`[1,"a",0.5]`, []any{int64(1), "a", 0.5}, "1, a, 0.5"},
		{`["a",{"b":1}]`, []any{"a", map[string]any{"b": int64(1)}}, `["a",{"b":1}]`},
	} {
		got, err := DecodeJSON([]byte(tt.json))
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil || Text(got) != tt.text {
			t.Errorf("%s: %v, text %q, value (-want +got):\n%s", tt.json, err, Text(got), diff)
		}
	}
	for _, bad := range []string{"", "{", "1 2", `{"a":1}]`, "12 monkeys"} {
		if v, err := DecodeJSON([]byte(bad)); err == nil {
			t.Errorf("%q: got %v", bad, v)
		}
	}
}

func TestTexts(t *testing.T) {
	afternoon := time.Date(2026, 11, 21, 17, 0, 0, 0, time.FixedZone("", 3600))
	for got, want := range map[string]string{
		FormatTime(afternoon):     "21 Nov 16:00 UTC",
		Until(afternoon):          "until 21 Nov 16:00 UTC",
		Until(time.Time{}):        "indefinitely",
		Times(1):                  "once",
		Times(2):                  "twice",
		Times(3):                  "3 times",
		NameAndID("Shop", "shop"): "Shop (shop)",
		NameAndID("", "shop"):     "shop",
		NameAndID("Shop", ""):     "Shop",
		NameAndID("cart", "cart"): "cart",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
