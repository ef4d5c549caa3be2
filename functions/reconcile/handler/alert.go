package handler

import (
	"slices"
	"strconv"
	"strings"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
)

// alertOf returns the alert that the webhook would have made of the event's
// notification, as far as the event tells. What only the payload says, such as
// the alert cycle's key, is missing.
func alertOf(e datadog.Event, organisation string) alert.Alert {
	a := alert.Alert{
		ID: e.ID, OrgID: organisation,
		Title: e.Title, Message: e.Text, Tags: tagsOf(e),
		Type: e.AlertType, EventPriority: e.Priority,
		Date: e.Happened, Link: e.URL, Hostname: e.Host,
		Scope: strings.Join(e.MonitorGroups, ","),
		Test:  strings.Contains(e.Title, "[TEST]"),
	}
	if id := monitorOf(e); id != 0 {
		a.MonitorID = strconv.FormatInt(id, 10)
	}
	a.Priority, a.Transition = readTitle(e.Title)
	return a
}

// tagsOf returns the tags as $TAGS has them: without the one that every event in a
// list gets for its source.
func tagsOf(e datadog.Event) alert.Tags {
	return slices.DeleteFunc(slices.Clone(e.Tags), func(tag string) bool { return strings.HasPrefix(tag, "source:") })
}

// readTitle finds what Datadog puts in brackets before a monitor's name:
// "[P1] [Triggered on {host:a}] Load is high".
func readTitle(title string) (priority string, transition alert.Transition) {
	for strings.HasPrefix(title, "[") {
		inside, rest, _ := strings.Cut(title[1:], "]")
		what, _, _ := strings.Cut(inside, " on {")
		t, isTransition := alert.ParseTransition(what)
		switch {
		case isTransition && transition == "":
			transition = t
		case len(what) == 2 && what[0] == 'P' && '1' <= what[1] && what[1] <= '5':
			priority = what
		}
		title = strings.TrimLeft(rest, " ")
	}
	return priority, transition
}
