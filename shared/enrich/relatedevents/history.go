package relatedevents

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
)

const (
	day = 24 * time.Hour
	// pageSize is how many events one answer holds at most
	// (https://docs.datadoghq.com/api/latest/events/#get-a-list-of-events).
	pageSize = 1000
)

// History is how often the monitor fired in the day before the alert. Neither
// the alert itself counts, nor do renotifications.
type History struct {
	FiredLastDay int `json:"fired_last_day"`
	// FiredAtLeast is true when Datadog had more events of that day than it tells.
	FiredAtLeast bool      `json:"fired_at_least,omitempty"`
	LastFired    time.Time `json:"last_fired,omitzero"`
}

// history asks for the events of all monitors, because the list knows no filter
// for one; every event of a monitor has the bare tag "monitor"
// (https://docs.datadoghq.com/integrations/webhooks/, $TAGS).
func history(source Source) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		id, err := strconv.ParseInt(a.MonitorID, 10, 64)
		if err != nil || id <= 0 {
			return enrich.Finding{}, enrich.Skip("the alert names no monitor")
		}
		// Whole minutes, so that the alerts of one minute ask the same.
		events, err := source.Events(ctx, datadog.EventQuery{
			Start: a.Date.Add(-day).Truncate(time.Minute), End: a.Date.Truncate(time.Minute).Add(time.Minute),
			Tags:         []string{"monitor"},
			Unaggregated: true, ExcludeAggregate: true,
		})
		if err != nil {
			return enrich.Finding{}, err
		}
		h := count(events, id, a)
		return enrich.Finding{Blocks: []enrich.Block{enrich.Facts{{Name: "This monitor", Value: h.words()}}}, Data: h}, nil
	})
}

func count(events []datadog.Event, monitor int64, a alert.Alert) History {
	h := History{FiredAtLeast: len(events) >= pageSize}
	for _, e := range events {
		if e.MonitorID != monitor || !e.Happened.Before(a.Date) || isOwn(e, a) || !fired(e) {
			continue
		}
		h.FiredLastDay++
		if e.Happened.After(h.LastFired) {
			h.LastFired = e.Happened
		}
	}
	return h
}

// titleState finds the transition in a monitor event's title, "[P1] [Warn on
// {host:a}] Load is high".
var titleState = enrich.Pattern(`(?i)\[(re-)?(triggered|warn|no data|recovered|renotify)\b([^\]]*)`)

// fired reports whether the event is the beginning of an alert: neither its
// renotification, nor its recovery, nor a test of the monitor's message.
func fired(e datadog.Event) bool {
	if strings.Contains(e.Title, "[TEST]") {
		return false
	}
	state := titleState().FindStringSubmatch(e.Title)
	if state == nil {
		return e.AlertType == "error" || e.AlertType == "warning"
	}
	if state[1] != "" || strings.Contains(strings.ToLower(state[3]), "recovered") {
		return false
	}
	switch strings.ToLower(state[2]) {
	case "triggered", "warn", "no data":
		return true
	}
	return false
}

func (h History) words() string {
	switch {
	case h.FiredLastDay == 0 && h.FiredAtLeast:
		return fmt.Sprintf("unknown: Datadog lists only the newest %d of that day's events, and none of them is this monitor's", pageSize)
	case h.FiredLastDay == 0:
		return "had not fired in the day before"
	}
	least := ""
	if h.FiredAtLeast {
		least = "at least "
	}
	return fmt.Sprintf("fired %s%s in the day before, last on %s", least, times(h.FiredLastDay), h.LastFired.UTC().Format("2 Jan 15:04 UTC"))
}

func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}
