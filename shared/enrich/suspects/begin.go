package suspects

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/events"
)

// beganOf returns when the alert began: at its notification, or before it as a warning, or
// for a later notification when its cycle began. It is zero if Datadog does not say.
func beganOf(a alert.Alert, m datadog.Monitor, history []datadog.Event) time.Time {
	open := cycleBegan(a, history)
	if !open.IsZero() {
		return open
	}
	state := groupBegan(a, m.Groups)
	switch {
	case isFresh(a) && (state.IsZero() || a.Date.Sub(state) > maxDelay):
		return a.Date
	case state.After(a.Date):
		return a.Date
	}
	return state
}

// maxDelay is the longest time from a group's state to its notification.
const maxDelay = time.Hour

// groupBegan returns when the alert's group began to fail.
func groupBegan(a alert.Alert, groups []datadog.MonitorGroup) time.Time {
	isOwn := enrich.IsGroup(a)
	for _, g := range groups {
		if g.Name != "*" && !isOwn(g.Name) {
			continue
		}
		if a.Transition == alert.NoData || a.Transition == alert.ReNoData {
			return g.LastNoData
		}
		return g.LastTriggered
	}
	return time.Time{}
}

// cycleBegan returns when the first notification of the alert's cycle was sent, which is
// the first after the last recovery.
func cycleBegan(a alert.Alert, history []datadog.Event) time.Time {
	isOwn := events.OfGroup(a)
	mine := slices.DeleteFunc(slices.Clone(history), func(e datadog.Event) bool {
		return !isOwn(e) || !e.Happened.Before(a.Date) ||
			// Without a recovery between them, the recovery is what the list lacks.
			isFresh(a) && strings.Contains(e.Title, fmt.Sprintf("[%s", a.Transition))
	})
	return openCycles(mine, func(datadog.Event) string { return "" })[""].Happened
}

// openCycles returns the first notification of each cycle that no recovery ends.
func openCycles(all []datadog.Event, keyOf func(datadog.Event) string) map[string]datadog.Event {
	slices.SortStableFunc(all, func(a, b datadog.Event) int { return a.Happened.Compare(b.Happened) })
	open := map[string]datadog.Event{}
	for _, e := range all {
		key := keyOf(e)
		_, isOpen := open[key]
		switch {
		case e.AlertType == "success" || alert.TransitionIn(e.Title).IsRecovery():
			delete(open, key)
		case !isOpen && events.Fired(e):
			open[key] = e
		}
	}
	return open
}

// openAlerts returns the alerts of dependencies that began before the alert and were not
// over when it began, the newest first.
func (e evidence) openAlerts(history []datadog.Event) (all []event) {
	others := slices.DeleteFunc(slices.Clone(history), func(one datadog.Event) bool {
		return one.MonitorID == 0 || one.MonitorID == e.monitorID || !one.Happened.Before(e.began)
	})
	keyOf := func(one datadog.Event) string { return fmt.Sprint(one.MonitorID, one.MonitorGroups) }
	for _, one := range openCycles(others, keyOf) {
		if relation, subject := e.relate(one); relation == dependency {
			all = append(all, event{Event: one, kind: events.Alert, relation: relation, subject: subject})
		}
	}
	slices.SortFunc(all, func(a, b event) int {
		return cmp.Or(b.Happened.Compare(a.Happened), strings.Compare(a.Title, b.Title))
	})
	return all
}
