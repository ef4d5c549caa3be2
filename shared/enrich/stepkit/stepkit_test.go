package stepkit_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich/stepkit"
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
			key, value, err := stepkit.Tag(tt.a, tt.configured, tt.keys...)
			if got := strings.Trim(key+":"+value, ":"); got != tt.want || fault.Public(err) != tt.skip {
				t.Errorf("got %q, %v; want %q, %q", got, err, tt.want, tt.skip)
			}
		})
	}
}

func TestMonitorID(t *testing.T) {
	for text, want := range map[string]int64{"7": 7, " 8 ": 8, "": 0, "0": 0, "-1": 0, "seven": 0, "99999999999999999999": 0} {
		if got, err := stepkit.MonitorID(text); got != want || (err == nil) != (want > 0) {
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
		if got := stepkit.DifferentEnv(tt.tags, tt.env); got != tt.want {
			t.Errorf("%s: got %v", tt.name, got)
		}
	}
}

func TestWrapNotFound(t *testing.T) {
	missing := fault.New(fault.Permanent, "404", &datadog.Error{Status: http.StatusNotFound})
	got := fault.From(stepkit.WrapNotFound(missing, "Datadog has no team ", "sh\"op", ""))
	if got.Public != `Datadog has no team "sh\"op"` || got.Kind != fault.Permanent || !errors.Is(got, missing) {
		t.Errorf("got %+v", got)
	}
	for _, other := range []error{nil, errors.New("broken"), fault.New(fault.Permanent, "no", &datadog.Error{Status: http.StatusForbidden})} {
		if got := stepkit.WrapNotFound(other, "a", "b", "c"); got != other {
			t.Errorf("got %v, want %v", got, other)
		}
	}
}

func TestPartTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if got := stepkit.PartTimeout(t.Context()); got != time.Minute {
			t.Errorf("without a deadline: %v", got)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		if got := stepkit.PartTimeout(ctx); got != 3800*time.Millisecond {
			t.Errorf("with 4s left: %v", got)
		}
	})
}

func TestTexts(t *testing.T) {
	afternoon := time.Date(2026, 11, 21, 17, 0, 0, 0, time.FixedZone("", 3600))
	for got, want := range map[string]string{
		stepkit.FormatTime(afternoon):     "21 Nov 16:00 UTC",
		stepkit.Until(afternoon):          "until 21 Nov 16:00 UTC",
		stepkit.Until(time.Time{}):        "indefinitely",
		stepkit.Times(1):                  "once",
		stepkit.Times(2):                  "twice",
		stepkit.Times(3):                  "3 times",
		stepkit.NameAndID("Shop", "shop"): "Shop (shop)",
		stepkit.NameAndID("", "shop"):     "shop",
		stepkit.NameAndID("Shop", ""):     "Shop",
		stepkit.NameAndID("cart", "cart"): "cart",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
