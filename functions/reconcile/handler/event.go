package handler

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
)

// monitorTag is a tag of every event that a monitor sent, and of no event of Boomerang
// (https://docs.datadoghq.com/integrations/webhooks/, $TAGS).
const monitorTag = "monitor"

// mentionOf matches the webhook's mention in a text. @webhook-boomerang-staging is another
// webhook, but a full stop or a dash before a space is punctuation.
func mentionOf(webhook string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)(?:^|[^\pL\pN_])@webhook-` + regexp.QuoteMeta(webhook) + `[.-]*(?:$|[^\pL\pN_.-])`)
}

// alertOf returns the alert of an event. What only the payload holds is missing, such as
// the cycle's key.
func alertOf(e datadog.Event, orgID string) alert.Alert {
	a := alert.Alert{
		ID: e.ID, OrgID: orgID,
		Title: e.Title, Message: e.Text, Tags: tagsOf(e),
		Type: e.AlertType, EventPriority: e.Priority,
		Date: e.Happened, Link: e.URL, Hostname: e.Host,
		Scope: strings.Join(e.MonitorGroups, ","),
		Test:  strings.Contains(e.Title, "[TEST]"),
	}
	if e.MonitorID != 0 {
		a.MonitorID = strconv.FormatInt(e.MonitorID, 10)
	}
	a.Infer()
	a.Guessed = nil // It is for the author of a payload.
	return a
}

// tagsOf returns the tags as in $TAGS: without the source, which every listed event has.
func tagsOf(e datadog.Event) alert.Tags {
	return slices.DeleteFunc(slices.Clone(e.Tags), func(tag string) bool { return strings.HasPrefix(tag, "source:") })
}
