package events

import (
	"testing"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
)

func TestFired(t *testing.T) {
	for _, tt := range []struct {
		title, alertType string
		want             bool
	}{
		{"[Triggered] Load is high", "error", true},
		{"[Re-Triggered] Load is high", "error", false},
		{"[Recovered] Load is high", "success", false},
		{"[TEST] [Triggered] Load is high", "error", false},
		{"Load is high", "error", true},
		{"Load is high", "warning", true},
		{"Load is high", "success", false},
		{"Load is high", "info", false},
		{"[Warnings] of [Triggeredness]", "success", false},
	} {
		t.Run(tt.title+"_"+tt.alertType, func(t *testing.T) {
			if got := Fired(datadog.Event{Title: tt.title, AlertType: tt.alertType}); got != tt.want {
				t.Errorf("fired is %v", got)
			}
		})
	}
}

func TestHistory_Summary(t *testing.T) {
	for _, tt := range []struct {
		h    History
		want string
	}{
		{History{}, "did not fire in the day before"},
		{History{FiredLastDay: 1, LastFired: noon}, "fired once in the day before, last at 12:00 UTC, 2 h before"},
		{History{FiredLastDay: 3, LastFired: noon}, "fired 3 times in the day before, last at 12:00 UTC, 2 h before"},
		{History{FiredLastDay: 2, FiredAtLeast: true, LastFired: noon}, "fired at least twice in the day before, last at 12:00 UTC, 2 h before"},
		{History{FiredAtLeast: true}, "unknown: none of the newest 1000 events of that day is of this monitor"},
	} {
		if got := tt.h.summary(noon.Add(2 * time.Hour)); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

func TestNewHistory_FullPage(t *testing.T) {
	events := make([]datadog.Event, maxListed)
	events[0] = datadog.Event{ID: "2", MonitorID: 7, AlertType: "error", Happened: noon}
	if got, want := newHistory(events, 7, alert.Alert{ID: "1", Date: noon.Add(time.Hour)}), (History{1, true, noon}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestIsOwn_NoID(t *testing.T) {
	a := alert.Alert{MonitorID: "7", Date: noon.Add(900 * time.Millisecond), Title: "[Triggered] Load"}
	same := datadog.Event{ID: "1", MonitorID: 7, Happened: noon, Title: "[Triggered] Load"}
	other := same
	other.Title = "[Triggered on {host:b}] Load"
	if !isOwn(same, a) || isOwn(other, a) {
		t.Errorf("the alert's own event: %v, another group's: %v", isOwn(same, a), isOwn(other, a))
	}
}
