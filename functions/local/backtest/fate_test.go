package backtest_test

import (
	"strings"
	"testing"
	"time"

	"boomerang/functions/local/backtest"
	"boomerang/shared/datadog"
)

func TestRun_Limit(t *testing.T) {
	const limited = `playbooks: [{name: all, limit: 2}]`
	minutes := func(e *datadog.Event) { e.Happened = began.Add(e.Happened.Sub(began) * 20) } // 20 seconds apart, from 12:00:20
	for name, tt := range map[string]struct {
		change func(*datadog.Event)
		want   int
	}{
		"in one minute":     {func(*datadog.Event) {}, 4},
		"over some minutes": {minutes, 1}, // 12:00:20, :40; 12:01:00, :20, :40; 12:02:00
		"without a monitor": {func(e *datadog.Event) { e.MonitorID = 0 }, 0},
		"several monitors":  {func(e *datadog.Event) { e.MonitorID = int64(len(e.Title)) }, 1},
	} {
		if r := run(t, stream(tt.change), limited, limited); r.HeldBack.Base != tt.want || r.HeldBack.Now != tt.want {
			t.Errorf("%s: held back %+v, want %d", name, r.HeldBack.Pair, tt.want)
		}
	}
}

func TestRun_After(t *testing.T) {
	const followed = `playbooks: [{name: all, after: [1m, 1h]}]`
	at := func(id, second int, title string, change ...func(*datadog.Event)) datadog.Event {
		return monitorEvent(id, "cart", append(change, func(e *datadog.Event) { e.Title, e.Happened = title, began.Add(time.Duration(second)*time.Second) })...)
	}
	info := func(e *datadog.Event) { e.AlertType = "info" }
	first := at(1, 0, "[Triggered] x")
	for name, tt := range map[string]struct {
		events []datadog.Event
		want   int
	}{
		"it goes on":                {[]datadog.Event{first}, 1},
		"it recovers in time":       {[]datadog.Event{first, at(2, 60, "[Recovered] x")}, 0},
		"it recovers later":         {[]datadog.Event{first, at(2, 61, "[Recovered] x")}, 1},
		"a newer trigger":           {[]datadog.Event{first, at(2, 30, "[Re-Triggered] x")}, 1},
		"a renotification":          {[]datadog.Event{first, at(2, 30, "[Renotify] x")}, 1},
		"a renotification alone":    {[]datadog.Event{at(1, 0, "[Renotify] x")}, 1},
		"after a recovery":          {[]datadog.Event{first, at(2, 70, "[Recovered] x"), at(3, 80, "[Renotify] x")}, 2},
		"an event without a state":  {[]datadog.Event{first, at(2, 30, "x")}, 1},
		"a trigger after both":      {[]datadog.Event{first, at(2, 4000, "[Re-Triggered] x")}, 1},
		"a trigger between both":    {[]datadog.Event{first, at(2, 120, "[Re-Triggered] x")}, 2},
		"another group recovers":    {[]datadog.Event{first, monitorEvent(2, "shop", func(e *datadog.Event) { e.Title = "[Recovered] x" })}, 1},
		"an alert of the type info": {[]datadog.Event{at(1, 0, "x", info)}, 0},
		"a recovery":                {[]datadog.Event{at(1, 0, "[Recovered] x")}, 0},
		"several groups":            {stream(func(e *datadog.Event) { e.MonitorGroups = []string{"host:" + e.ID} }), 6},
	} {
		if r := run(t, tt.events, followed, followed); r.Followed.Base != tt.want || r.Followed.Now != tt.want {
			t.Errorf("%s: followed up %+v, want %d", name, r.Followed.Pair, tt.want)
		}
	}
	var storm []datadog.Event
	for id := range 30 {
		storm = append(storm, at(100+id, 0, "[Triggered] x", func(e *datadog.Event) { e.MonitorGroups = []string{"host:" + e.ID} }))
	}
	if r := run(t, storm, followed, strings.Replace(followed, "all,", "all, limit: 20,", 1)); r.Followed.Pair != (backtest.Pair{Base: 10, Now: 20}) {
		t.Errorf("of a storm are followed up %+v", r.Followed.Pair)
	}
	for name, tt := range map[string]struct {
		events []datadog.Event
		want   string
	}{
		"both":              {[]datadog.Event{first}, "after 1m, 1h"},
		"the first alone":   {[]datadog.Event{first, at(2, 120, "[Recovered] x")}, "after 1m"},
		"each of them once": {[]datadog.Event{first, at(2, 120, "[Re-Triggered] x")}, "after 1h after 1m"},
	} {
		var got []string
		for _, g := range run(t, tt.events, followed, followed).Followed.Groups {
			got = append(got, g.What)
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	r := run(t, stream(func(e *datadog.Event) { e.MonitorGroups = []string{"host:" + e.ID} }), base, `playbooks: [{name: all, after: 15m, limit: 2}]`)
	if r.Followed.Pair != (backtest.Pair{Now: 2}) || r.HeldBack.Pair != (backtest.Pair{Now: 4}) || r.Followed.Groups[0].What != "after 15m" {
		t.Errorf("with a limit: followed up %+v, held back %+v", r.Followed, r.HeldBack.Pair)
	}
}
