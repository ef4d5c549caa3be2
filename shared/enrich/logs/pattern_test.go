package logs

import (
	"strings"
	"testing"
	"unicode/utf8"

	"boomerang/shared/datadog"
)

func TestPatternOf(t *testing.T) {
	for message, want := range map[string]string{
		"timeout after 5003 ms":                                 "timeout after <n> ms",
		"took 1,234.5s (-3)":                                    "took <n>s (-<n>)",
		"order 3f2504e0-4f89-11d3-9a0c-0305e82c3301 lost":       "order <uuid> lost",
		"at 2026-11-21T12:00:00.123Z and 2026-11-21 12:00:00,5": "at <time> and <time>",
		"on 2026-11-21":                                         "on <time>",
		"to 10.0.0.1:5432 and 192.168.1.20":                     "to <ip> and <ip>",
		"to fe80::1 or 2001:db8:0:0:1:0:0:7":                    "to <ip> or <ip>",
		"at 0xDEADbeef in 9f86d081884c7d65, build cafe42":       "at <hex> in <hex>, build <hex>",
		"defaced facade decade":                                 "defaced facade decade",
		`user "bob \" smith" of 'acme' and ` + "`x y`":          `user <text> of <text> and <text>`,
		"can't open what isn't there":                           "can't open what isn't there",
		`{"level":"error","msg":"lost 5 of 7"}`:                 `{"level":"error","msg":"lost <n> of <n>"}`,
		"panic: nil map\n\tat main.go:17\n\tat x.go:3":          "panic: nil map",
		"\n\n  web-1 down  ":                                    "web-<n> down",
		"":                                                      "",
		"<script>alert(1)</script> {{.}} @all":                  "<script>alert(<n>)</script> {{.}} @all",
	} {
		if got := patternOf(message); got != want {
			t.Errorf("%q: got %q, want %q", message, got, want)
		}
	}
}

func TestPatternOf_Truncated(t *testing.T) {
	for shift := range utf8.UTFMax {
		got := patternOf(strings.Repeat("x", shift) + strings.Repeat("😀", 1000))
		if !utf8.ValidString(got) || len([]rune(got)) > maxSampleRunes {
			t.Errorf("got %q", got)
		}
	}
}

func TestGroupByPattern(t *testing.T) {
	got := groupByPattern([]datadog.Log{
		{Message: "lost 1", Time: noon},
		{Message: "lost 2", Time: noon.Add(1)},
		{Message: "", Time: noon.Add(2)},
	})
	if len(got) != 2 || got[0].Sample != "lost 2" || got[0].Count != 2 || got[1].Sample != "(no message)" {
		t.Errorf("got %+v", got)
	}
}

func FuzzPatternOf(f *testing.F) {
	for _, seed := range []string{"timeout after 5003 ms", `{"a":"b\"`, "'a\\", "\xff\xfe\x00", "::::1:2:3", strings.Repeat("9", 1000)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, message string) {
		got := patternOf(message)
		if !utf8.ValidString(got) || len([]rune(got)) > maxSampleRunes || strings.ContainsAny(got, "0123456789\n\r\x00") {
			t.Errorf("pattern %q", got)
		}
	})
}
