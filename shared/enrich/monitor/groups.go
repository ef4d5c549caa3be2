package monitor

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
)

var failingStates = []string{"Alert", "Warn", "No Data"}

// failingGroups returns the failing groups: the one that alerted, then the one that
// has failed longest.
func failingGroups(groups []datadog.MonitorGroup, scope string) []Group {
	var failing []Group
	for _, g := range groups {
		if !slices.Contains(failingStates, g.Status) {
			continue
		}
		since := g.LastTriggered
		if g.Status == "No Data" && !g.LastNoData.IsZero() {
			since = g.LastNoData
		}
		failing = append(failing, Group{Name: g.Name, State: g.Status, Since: since})
	}
	rank := func(g Group) int {
		switch {
		case isSameGroup(g.Name, scope):
			return 0
		case !g.Since.IsZero():
			return 1
		}
		return 2
	}
	slices.SortStableFunc(failing, func(a, b Group) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), a.Since.Compare(b.Since))
	})
	return failing
}

func (g Group) item() enrich.Item {
	text := g.Name
	if text == "*" {
		text = "the whole monitor"
	}
	return enrich.Item{Time: g.Since, Tag: g.State, Text: text}
}

// isSameGroup compares the tags of two groups. Datadog writes a monitor's group as
// "env:prod,host:a" and the alert's scope as "host:a, env:prod".
func isSameGroup(a, b string) bool {
	tags := groupTags(a)
	return len(tags) > 0 && slices.Equal(tags, groupTags(b))
}

func groupTags(group string) []string {
	tags := strings.FieldsFunc(group, func(r rune) bool { return r == ',' })
	for i := range tags {
		tags[i] = strings.TrimSpace(tags[i])
	}
	tags = slices.DeleteFunc(tags, func(tag string) bool { return tag == "" })
	slices.Sort(tags)
	return tags
}

// earliest returns the time since when the first of the groups is failing.
func earliest(failing []Group) time.Time {
	var since time.Time
	for _, g := range failing {
		if !g.Since.IsZero() && (since.IsZero() || g.Since.Before(since)) {
			since = g.Since
		}
	}
	return since
}
