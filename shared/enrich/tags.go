package enrich

import (
	"strings"

	"boomerang/shared/alert"
)

// Tags returns the tags of what an alert is about: of the group that alerted,
// which is the more precise, then the alert's other tags, then its host. A
// payload need not carry all three.
func Tags(a alert.Alert) alert.Tags {
	var tags alert.Tags
	for tag := range strings.SplitSeq(a.Scope, ",") {
		if tag = strings.TrimSpace(tag); strings.Contains(tag, ":") {
			tags = append(tags, tag)
		}
	}
	tags = append(tags, a.Tags...)
	if a.Hostname != "" {
		tags = append(tags, "host:"+a.Hostname)
	}
	return tags
}
