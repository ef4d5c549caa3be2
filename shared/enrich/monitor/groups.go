package monitor

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"boomerang/shared/datadog"
)

// maxGroups bounds the failing groups that are named; the rest is counted.
const maxGroups = 5

// failingGroups returns the failing groups, the one that alerted first, then
// the one that has been failing longest.
func failingGroups(groups []datadog.MonitorGroup, scope string) []Group {
	var failing []Group
	for _, g := range groups {
		switch g.Status {
		case "Alert", "Warn":
			failing = append(failing, Group{Name: g.Name, State: g.Status, Since: g.LastTriggered})
		case "No Data":
			since := g.LastNoData
			if since.IsZero() {
				since = g.LastTriggered
			}
			failing = append(failing, Group{Name: g.Name, State: g.Status, Since: since})
		}
	}
	own := tagSet(scope)
	slices.SortStableFunc(failing, func(a, b Group) int {
		return cmp.Or(
			firstTrue(slices.Equal(tagSet(a.Name), own), slices.Equal(tagSet(b.Name), own)),
			firstTrue(!a.Since.IsZero(), !b.Since.IsZero()),
			a.Since.Compare(b.Since),
		)
	})
	return failing
}

// tagSet makes the ways comparable in which Datadog writes the same group: an
// alert's scope has its tags in another order than the group's name, and spaces
// between them.
func tagSet(text string) []string {
	tags := strings.Split(text, ",")
	for i, tag := range tags {
		tags[i] = strings.TrimSpace(tag)
	}
	slices.Sort(tags)
	return tags
}

func firstTrue(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// longest returns the time since when the first of the groups is failing.
func longest(failing []Group) time.Time {
	var since time.Time
	for _, g := range failing {
		if !g.Since.IsZero() && (since.IsZero() || g.Since.Before(since)) {
			since = g.Since
		}
	}
	return since
}
