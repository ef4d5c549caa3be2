package event_test

import (
	"strings"
	"testing"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/memory"
)

func TestCompose_EarlierCycles(t *testing.T) {
	lasted := func(minutes ...int) (all []time.Duration) {
		for _, m := range minutes {
			all = append(all, time.Duration(m)*time.Minute)
		}
		return all
	}
	usual := memory.Memory{Count: 8, Days: 30, Recovered: 8, Median: 720, Lasted: lasted(5, 6, 10, 12, 12, 13, 20, 30), Followed: []memory.Followed{{Kind: "deploy", Service: "cart", Count: 3}, {Kind: "flag", Service: "cart", Count: 2}}}
	change := func(m memory.Memory, f func(*memory.Memory)) memory.Memory {
		f(&m)
		return m
	}
	at := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	deploy := enrich.Change{Kind: "deploy", Title: "Deployed *cart* 4", Time: at.Add(-10 * time.Minute)}
	for name, c := range map[string]struct {
		transition alert.Transition
		cycle      event.Cycle
		want       string // empty: nothing
	}{
		"triggered":      {alert.Triggered, event.Cycle{Earlier: usual}, "- 9th time in 30 days; 8 recovered by themselves, median 12 min; 3 followed a deploy of cart\n"},
		"notified again": {alert.Renotify, event.Cycle{Lasted: time.Hour, Notified: 2, Earlier: usual}, "- 9th time in 30 days; 8 recovered"},
		"below three":    {alert.Triggered, event.Cycle{Earlier: memory.Memory{Count: 2, Days: 90, Recovered: 2, Median: 720}}, ""},
		"unknown":        {alert.Triggered, event.Cycle{}, ""},
		"some recovered": {alert.Triggered, event.Cycle{Earlier: change(usual, func(m *memory.Memory) { m.Recovered = 5 })}, "; 5 of 8 recovered by themselves, median 12 min;"},
		"not known how they recovered": {
			alert.Triggered, event.Cycle{Earlier: change(usual, func(m *memory.Memory) { m.Recovered, m.Followed, m.Count, m.Days = 0, nil, 21, 90 })}, "- 22nd time in 90 days; median 12 min\n",
		},
		"more than are remembered": {alert.Triggered, event.Cycle{Earlier: change(usual, func(m *memory.Memory) { m.Count, m.AtLeast = 32, true })}, "- More than 32 times in 30 days; 8 of 32 recovered"},
		"followed once":            {alert.Triggered, event.Cycle{Earlier: change(usual, func(m *memory.Memory) { m.Followed = []memory.Followed{{Kind: "deploy", Service: "cart", Count: 1}} })}, "median 12 min\n"},
		"followed no service":      {alert.Triggered, event.Cycle{Earlier: change(usual, func(m *memory.Memory) { m.Followed = []memory.Followed{{Kind: "config", Service: "", Count: 4}} })}, "; 4 followed a configuration change\n"},
		"a long name is left out": {
			alert.Triggered, event.Cycle{Earlier: change(usual, func(m *memory.Memory) {
				m.Followed = []memory.Followed{{Kind: "deploy", Service: strings.Repeat("c", 90), Count: 4}}
			})}, "median 12 min\n",
		},
		"longer than most":  {alert.Recovered, event.Cycle{Lasted: 25 * time.Minute, Notified: 2, Earlier: usual}, "- Longer than 7 of 8 before (median 12 min)\n"},
		"longer than all":   {alert.Recovered, event.Cycle{Lasted: time.Hour, Notified: 2, Earlier: usual}, "- Longer than 8 of 8 before (median 12 min)\n"},
		"shorter than all":  {alert.Recovered, event.Cycle{Lasted: time.Minute, Notified: 2, Earlier: usual}, "- Not longer than any of 8 before (median 12 min)\n"},
		"as long as known":  {alert.Recovered, event.Cycle{Notified: 1, Earlier: usual}, ""},
		"changed meanwhile": {alert.Recovered, event.Cycle{Lasted: time.Hour, Notified: 2, Meanwhile: []enrich.Change{deploy}}, `- Changed meanwhile: Deployed \*cart\* 4, 09:50 UTC`},
		"several changes":   {alert.Recovered, event.Cycle{Lasted: time.Hour, Notified: 2, Meanwhile: []enrich.Change{deploy, deploy, deploy}}, `Deployed \*cart\* 4, and 2 more, 09:50 UTC`},
	} {
		t.Run(name, func(t *testing.T) {
			a := alert.Alert{Title: "x", Transition: c.transition, Date: at, MonitorID: "7", Link: "https://app.datadoghq.com/monitors/7"}
			text := event.Compose(a, event.Draft{Cycle: c.cycle}, nil, at).Text
			if !strings.Contains(text, c.want) {
				t.Errorf("got %s, want %s", text, c.want)
			}
			if says := strings.Contains(text, "median") || strings.Contains(text, "meanwhile"); says != (c.want != "") {
				t.Errorf("got %s, want %q", text, c.want)
			}
		})
	}
}
