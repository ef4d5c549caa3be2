package enrich

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/fault"
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
	facts := Facts{{Name: "A", Value: "a\nb"}, {Name: "B", Value: " "}, {Name: "C", Value: "long value"}}
	if diff := cmp.Diff(Facts{{Name: "A", Value: "a b"}, {Name: "C", Value: "long…"}}, facts.Known(5)); diff != "" || facts[0].Value != "a\nb" {
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
		FormatTime(afternoon):                       "21 Nov 16:00 UTC",
		Until(afternoon, time.Time{}):               "until 21 Nov 16:00 UTC",
		Until(afternoon, afternoon.Add(-time.Hour)): "until 21 Nov 16:00 UTC, 1 h after",
		Until(time.Time{}, afternoon):               "indefinitely",
		Times(1):                                    "once",
		Times(2):                                    "twice",
		Times(3):                                    "3 times",
		Quote(`a" OR b\`):                           `"a\" OR b\\"`,
		NameAndID("Shop", "shop"):                   "Shop (shop)",
		NameAndID("", "shop"):                       "shop",
		NameAndID("Shop", ""):                       "Shop",
		NameAndID("cart", "cart"):                   "cart",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestTag(t *testing.T) {
	long := strings.Repeat("a", 1<<20)
	for _, tt := range []struct {
		name, configured string
		a                alert.Alert
		keys             []string
		want, skip       string
	}{
		{name: "first tag", a: alert.Alert{Tags: alert.Tags{"service:checkout", "service:cart"}}, keys: []string{"service"}, want: "service:checkout"},
		{name: "group before tags", a: alert.Alert{Scope: "service:cart", Tags: alert.Tags{"service:checkout"}}, keys: []string{"service"}, want: "service:cart"},
		{name: "configured", configured: " cart ", a: alert.Alert{Tags: alert.Tags{"service:checkout"}}, keys: []string{"service"}, want: "service:cart"},
		{name: "second key", a: alert.Alert{Tags: alert.Tags{"team:shop"}}, keys: []string{"service", "team"}, want: "team:shop"},
		{name: "no tag", a: alert.Alert{Tags: alert.Tags{"env:prod"}}, keys: []string{"team"}, skip: "the alert has no team tag"},
		{name: "neither tag", keys: []string{"service", "team"}, skip: "the alert has no service or team tag"},
		{name: "too long", a: alert.Alert{Tags: alert.Tags{"service:" + long}}, keys: []string{"service", "team"}, skip: "the alert's service tag is longer than Datadog allows"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			key, value, err := Tag(tt.a, tt.configured, tt.keys...)
			if got := strings.Trim(key+":"+value, ":"); got != tt.want || fault.Public(err) != tt.skip {
				t.Errorf("got %q, %v; want %q, %q", got, err, tt.want, tt.skip)
			}
		})
	}
}

func TestMonitorID(t *testing.T) {
	for text, want := range map[string]int64{"7": 7, " 8 ": 8, "": 0, "0": 0, "-1": 0, "seven": 0, "99999999999999999999": 0} {
		if got, err := MonitorID(text); got != want || (err == nil) != (want > 0) {
			t.Errorf("%q: got %d, %v", text, got, err)
		}
	}
}

func TestDifferentEnv(t *testing.T) {
	for _, tt := range []struct {
		name      string
		tags, env []string
		want      bool
	}{
		{"no env of its own", nil, []string{"prod"}, false},
		{"no env asked for", []string{"env:dev"}, nil, false},
		{"same", []string{"env:prod"}, []string{"prod"}, false},
		{"another", []string{"env:dev"}, []string{"prod"}, true},
		{"one of two", []string{"env:dev", "env:prod"}, []string{"prod"}, false},
		{"two asked for", []string{"env:dev"}, []string{"prod", "dev"}, false},
	} {
		if got := DifferentEnv(tt.tags, tt.env); got != tt.want {
			t.Errorf("%s: got %v", tt.name, got)
		}
	}
}

func TestTags(t *testing.T) {
	for name, tt := range map[string]struct {
		a    alert.Alert
		want alert.Tags
	}{
		"none":              {alert.Alert{}, nil},
		"scope of no group": {alert.Alert{Scope: "*"}, nil},
		"group, tags, host": {
			alert.Alert{Scope: "host:a, env:prod", Tags: alert.Tags{"monitor", "env:eu"}, Hostname: "b"},
			alert.Tags{"host:a", "env:prod", "monitor", "env:eu", "host:b"},
		},
	} {
		if diff := cmp.Diff(tt.want, Tags(tt.a)); diff != "" {
			t.Errorf("%s: tags (-want +got):\n%s", name, diff)
		}
	}
	tags := append(make(alert.Tags, 0, 8), "a:1")
	a := alert.Alert{Tags: tags, Hostname: "b"}
	if got := NewTags([]string{"a:1", "source:x", "c:2"}, a, "source:"); !cmp.Equal(got, []string{"c:2"}) || tags[:2][1] != "" {
		t.Errorf("new tags %v, the alert's tags %v", got, tags[:2])
	}
}

func TestWindow(t *testing.T) {
	noon := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for date, want := range map[time.Time]time.Time{noon: noon, noon.Add(time.Second): noon.Add(time.Minute), noon.Add(59 * time.Second): noon.Add(time.Minute)} {
		if from, to := Window(alert.Alert{Date: date}, time.Hour); !to.Equal(want) || !from.Equal(want.Add(-time.Hour)) {
			t.Errorf("%v: got %v to %v", date, from, to)
		}
	}
	if _, to := Window(alert.Alert{}, time.Hour); time.Until(to).Abs() > time.Minute {
		t.Errorf("an alert without a time: got %v", to)
	}
}

func TestBlocks(t *testing.T) {
	list := ListOf([]string{"a", "b", "c"}, 2, func(text string) Item { return Item{Text: text} })
	want := []Block{Facts{{Name: "A", Value: "a"}}, List{Items: []Item{{Text: "a"}, {Text: "b"}}, More: 1}, Paragraph("a"), Links{{URL: "https://x.example"}}, Code("a"), Image{URL: "https://x.example"}}
	got := Blocks(want[0], nil, Facts{}, list, List{}, want[2], Paragraph(""), want[3], Links{}, want[4], Code(""), want[5], Image{})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
}

func TestIsGroup(t *testing.T) {
	for group, want := range map[string]bool{"env:prod,host:a": true, "host:a, env:prod": true, "host:a": true, "host:b": false, "host:a,zone:c": false, "": false, "*": false} {
		if got := IsGroup(alert.Alert{Scope: "host:a, env:prod"})(group); got != want {
			t.Errorf("%q: got %v", group, got)
		}
	}
	if IsGroup(alert.Alert{})("") {
		t.Error("an alert without a scope has a group")
	}
}

func TestMoment(t *testing.T) {
	noon := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for want, about := range map[string]time.Time{
		"12:00 UTC":                    noon.Add(59 * time.Second),
		"12:00 UTC, 6 min before":      noon.Add(6*time.Minute + time.Second),
		"12:00 UTC, 2 h 3 min after":   noon.Add(-2*time.Hour - 3*time.Minute),
		"21 Nov 12:00 UTC, 1 d before": noon.AddDate(0, 0, 1),
		"21 Nov 12:00 UTC":             {},
		"12:00 UTC, 1 h 30 min before": noon.Add(90 * time.Minute).In(time.FixedZone("", 3600)),
	} {
		if got := Moment(noon, about); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestShortDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{time.Hour: "1h", 5 * time.Minute: "5m", 90 * time.Minute: "1h30m", 90 * time.Second: "1m30s", 720 * time.Hour: "720h", 10 * time.Minute: "10m", 20 * time.Second: "20s"} {
		if got := ShortDuration(d); got != want {
			t.Errorf("%v: got %s, want %s", d, got, want)
		}
	}
}
