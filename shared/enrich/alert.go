package enrich

import (
	"slices"
	"strings"
	"time"

	"boomerang/shared/alert"
)

// Tags returns the tags of the group that alerted, which is the most precise, then
// the alert's other tags, then its host. A payload may lack any of them.
func Tags(a alert.Alert) alert.Tags {
	group := slices.DeleteFunc(a.Scopes(), func(tag string) bool { return !strings.Contains(tag, ":") })
	tags := slices.Concat(group, a.Tags)
	if a.Hostname != "" {
		tags = append(tags, "host:"+a.Hostname)
	}
	return tags
}

// NewTags returns the tags that the alert does not have, without those that start with ignored.
func NewTags(tags []string, a alert.Alert, ignored string) []string {
	known := Tags(a)
	return slices.DeleteFunc(slices.Clone(tags), func(tag string) bool {
		return slices.Contains(known, tag) || strings.HasPrefix(tag, ignored)
	})
}

// Window returns the time up to the alert, or up to now for an alert without a time.
// It starts and ends with a minute, so that alerts of the same minute share a cached answer.
func Window(a alert.Alert, length time.Duration) (from, to time.Time) {
	to = a.Date
	if to.IsZero() {
		to = time.Now()
	}
	to = to.UTC().Add(time.Minute - time.Nanosecond).Truncate(time.Minute)
	return to.Add(-length), to
}
