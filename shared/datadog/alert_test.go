package datadog

import (
	"testing"

	"boomerang/shared/alert"
)

func TestMention(t *testing.T) {
	for name, texts := range map[string]struct{ ours, others []string }{
		"boomerang": {
			ours: []string{
				"@webhook-boomerang", "see the runbook @webhook-boomerang", "@webhook-boomerang @slack-ops", "@slack-ops\n@webhook-boomerang\n%%%",
				"%%%\n@webhook-boomerang\n- - -", "(@webhook-boomerang)", "call @webhook-boomerang.", "call @webhook-boomerang, please", "@webhook-boomerang: go",
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
		mention := Mention(name)
		for _, text := range texts.ours {
			if !mention.MatchString(text) {
				t.Errorf("@webhook-%s is not found in %q", name, text)
			}
		}
		for _, text := range texts.others {
			if mention.MatchString(text) {
				t.Errorf("@webhook-%s is found in %q", name, text)
			}
		}
	}
}

func TestEvent_AlertTitle(t *testing.T) {
	for title, want := range map[string]struct {
		priority   string
		transition alert.Transition
		test       bool
	}{
		"[Triggered] Load is high":                           {"", alert.Triggered, false},
		"[P1] [Triggered on {host:a,env:prod}] Load is high": {"P1", alert.Triggered, false},
		"[Triggered on {host:a}] [P3] Load is high":          {"P3", alert.Triggered, false},
		"[Re-Triggered] Load":                                {"", alert.ReTriggered, false},
		"[P2] [Warn] Load":                                   {"P2", alert.Warn, false},
		"[Re-Warn on {host:a}] Load":                         {"", alert.ReWarn, false},
		"[No data on {host:a}] Load":                         {"", alert.NoData, false},
		"[Recovered] Load":                                   {"", alert.Recovered, false},
		"[Warn Recovered on {host:a}] Load":                  {"", alert.WarnRecovered, false},
		"[Renotify] Load":                                    {"", alert.Renotify, false},
		"[TEST] [Triggered] Load":                            {"", alert.Triggered, true},
		"[P1] [TEST] [Warn on {host:a}] Load":                {"P1", alert.Warn, true},
		"[Recovered] [Triggered] is part of the name":        {"", alert.Recovered, false},
		"[Checkout] Load":                                    {"", "", false},
		"Load [Triggered]":                                   {"", "", false},
		"[P6] [p1] Load":                                     {"", "", false},
		"[":                                                  {"", "", false},
		"[Triggered":                                         {"", alert.Triggered, false},
		"[]":                                                 {"", "", false},
		"":                                                   {"", "", false},
	} {
		got := Event{Title: title}.Alert("")
		if got.Priority != want.priority || got.Transition != want.transition || got.Test != want.test {
			t.Errorf("%q: got %q, %q, test %v, want %+v", title, got.Priority, got.Transition, got.Test, want)
		}
	}
}

func TestEvent_AlertMonitor(t *testing.T) {
	for name, tt := range map[string]struct {
		event Event
		want  string
	}{
		"field":           {Event{MonitorID: 7, Text: "https://app.datadoghq.com/monitors/8"}, "7"},
		"link":            {Event{Text: "[x](https://app.datadoghq.com/monitors/221164084?from_ts=1)"}, "221164084"},
		"old link":        {Event{Text: "https://app.datadoghq.com/monitors#1234/edit"}, "1234"},
		"neither":         {Event{Text: "https://app.datadoghq.com/monitors/manage"}, ""},
		"too many digits": {Event{Text: "https://app.datadoghq.com/monitors/99999999999999999999"}, ""},
		"several": {
			Event{Text: "Like https://app.datadoghq.com/monitors/8\n\n[[Monitor Status](https://app.datadoghq.com/monitors/7?to_ts=1)]"}, "7",
		},
	} {
		if got := tt.event.Alert("").MonitorID; got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}
