package handler

import (
	"testing"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
)

func TestHandleOf(t *testing.T) {
	for name, c := range map[string]struct {
		ours, others []string
	}{
		"boomerang": {
			ours: []string{
				"@webhook-boomerang", "see the runbook @webhook-boomerang", "@webhook-boomerang @slack-ops", "@slack-ops\n@webhook-boomerang\n%%%",
				"%%%\n@webhook-boomerang\n- - -", "(@webhook-boomerang)", "tell @webhook-boomerang.", "tell @webhook-boomerang, please", "@webhook-boomerang: go",
				"@webhook-boomerang-staging @webhook-boomerang", "@Webhook-Boomerang", "@webhook-boomerang...", "@webhook-boomerang- or not", "**@webhook-boomerang**",
			},
			others: []string{
				"", "webhook-boomerang", "@webhook-boomerang-staging", "@webhook-boomerang2", "@webhook-boomerang_eu", "@webhook-boomerang.eu", "@webhook-boomerangé",
				"ops@webhook-boomerang", "@webhook-my-boomerang", "@webhook-", "＠webhook-boomerang", "@webhook-boomeran", "@webhook-boomerang--b", "@slack-boomerang",
			},
		},
		"a.b-c": {
			ours:   []string{"@webhook-a.b-c", "@webhook-a.b-c."},
			others: []string{"@webhook-axb-c", "@webhook-a.b", "@webhook-a.b-c-d"},
		},
	} {
		handle := handleOf(name)
		for _, text := range c.ours {
			if !handle.MatchString(text) {
				t.Errorf("@webhook-%s is not found in %q", name, text)
			}
		}
		for _, text := range c.others {
			if handle.MatchString(text) {
				t.Errorf("@webhook-%s is found in %q", name, text)
			}
		}
	}
}

func TestReadTitle(t *testing.T) {
	for title, want := range map[string]struct {
		priority   string
		transition alert.Transition
	}{
		"[Triggered] Load is high":                           {"", alert.Triggered},
		"[P1] [Triggered on {host:a,env:prod}] Load is high": {"P1", alert.Triggered},
		"[Triggered on {host:a}] [P3] Load is high":          {"P3", alert.Triggered},
		"[Re-Triggered] Load":                                {"", alert.ReTriggered},
		"[P2] [Warn] Load":                                   {"P2", alert.Warn},
		"[Re-Warn on {host:a}] Load":                         {"", alert.ReWarn},
		"[No data on {host:a}] Load":                         {"", alert.NoData},
		"[Recovered] Load":                                   {"", alert.Recovered},
		"[Warn Recovered on {host:a}] Load":                  {"", alert.WarnRecovered},
		"[Renotify] Load":                                    {"", alert.Renotify},
		"[TEST] [Triggered] Load":                            {"", alert.Triggered},
		"[Recovered] [Triggered] is part of the name":        {"", alert.Recovered},
		"[Checkout] Load":                                    {"", ""},
		"Load [Triggered]":                                   {"", ""},
		"[P6] [p1] Load":                                     {"", ""},
		"[":                                                  {"", ""}, "[Triggered": {"", alert.Triggered}, "[]": {"", ""}, "": {"", ""},
	} {
		priority, transition := readTitle(title)
		if priority != want.priority || transition != want.transition {
			t.Errorf("%q: got %q, %q, want %q, %q", title, priority, transition, want.priority, want.transition)
		}
	}
}

func TestMonitorOf(t *testing.T) {
	for name, c := range map[string]struct {
		event datadog.Event
		want  int64
	}{
		"the field":                    {datadog.Event{MonitorID: 7, Text: "https://app.datadoghq.com/monitors/8"}, 7},
		"a link in the text":           {datadog.Event{Text: "[x](https://app.datadoghq.com/monitors/221164084?from_ts=1)"}, 221164084},
		"an older link":                {datadog.Event{Text: "https://app.datadoghq.com/monitors#1234/edit"}, 1234},
		"neither":                      {datadog.Event{Text: "https://app.datadoghq.com/monitors/manage"}, 0},
		"more digits than an id holds": {datadog.Event{Text: "/monitors/99999999999999999999"}, 0},
	} {
		if got := monitorOf(c.event); got != c.want {
			t.Errorf("%s: got %d, want %d", name, got, c.want)
		}
	}
}
