package events

import (
	"context"
	"fmt"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
)

const day = 24 * time.Hour

// History counts how often the monitor fired in the day before the alert, without
// renotifications.
type History struct {
	FiredLastDay int       `json:"fired_last_day"`
	FiredAtLeast bool      `json:"fired_at_least,omitempty"` // Datadog listed the newest events only.
	LastFired    time.Time `json:"last_fired,omitzero"`
}

// HistoryQuery lists the events of all monitors in the day before an alert with a date,
// because the API has no filter for one. Each has the bare tag "monitor"
// (https://docs.datadoghq.com/integrations/webhooks/, $TAGS). Alerts of the same minute
// share one cached response.
func HistoryQuery(a alert.Alert) datadog.EventQuery {
	return datadog.EventQuery{
		Start: a.Date.Add(-day).Truncate(time.Minute), End: a.Date.Truncate(time.Minute).Add(time.Minute),
		Tags:         []string{"monitor"},
		Unaggregated: true, ExcludeAggregate: true, MaxText: 1,
	}
}

func history(list lister) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		id, err := enrich.MonitorID(a.MonitorID)
		if err != nil {
			return enrich.Finding{}, err
		}
		events, err := list(ctx, HistoryQuery(a))
		if err != nil {
			return enrich.Finding{}, err
		}
		h := newHistory(events, id, a)
		return enrich.Finding{Blocks: []enrich.Block{enrich.Facts{{Name: "This monitor", Value: h.summary(a.Date)}}}, Data: h}, nil
	})
}

func newHistory(events []datadog.Event, monitorID int64, a alert.Alert) History {
	h := History{FiredAtLeast: len(events) >= maxListed}
	for _, e := range events {
		if e.MonitorID != monitorID || !e.Happened.Before(a.Date) || isOwn(e, a) || !Fired(e) {
			continue
		}
		h.FiredLastDay++
		if e.Happened.After(h.LastFired) {
			h.LastFired = e.Happened
		}
	}
	return h
}

// Fired reports whether the event starts an alert. Renotifications, recoveries and
// tests of a monitor's message do not.
func Fired(e datadog.Event) bool {
	if strings.Contains(e.Title, "[TEST]") {
		return false
	}
	t := alert.TransitionIn(e.Title)
	return t.Begins() || t == "" && (e.AlertType == "error" || e.AlertType == "warning")
}

func (h History) summary(alerted time.Time) string {
	switch {
	case h.FiredLastDay == 0 && h.FiredAtLeast:
		return fmt.Sprintf("unknown: none of the newest %d events of that day is of this monitor", maxListed)
	case h.FiredLastDay == 0:
		return "did not fire in the day before"
	}
	atLeast := ""
	if h.FiredAtLeast {
		atLeast = "at least "
	}
	return fmt.Sprintf("fired %s%s in the day before, last at %s", atLeast, enrich.Times(h.FiredLastDay), enrich.Moment(h.LastFired, alerted))
}
