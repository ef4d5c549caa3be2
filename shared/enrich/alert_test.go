package enrich

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/fault"
)

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
