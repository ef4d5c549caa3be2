package datadog

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"boomerang/shared/alert"
)

// MonitorTag is a tag of every event that a monitor sent, and of no event of Boomerang
// (https://docs.datadoghq.com/integrations/webhooks/, $TAGS).
const MonitorTag = "monitor"

// Mention matches a webhook's mention in the text of an event.
// @webhook-boomerang-staging is another webhook, but a full stop or a dash before a space is
// punctuation.
func Mention(webhook string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)(?:^|[^\pL\pN_])@webhook-` + regexp.QuoteMeta(webhook) + `[.-]*(?:$|[^\pL\pN_.-])`)
}

// Alert returns the alert of a monitor's event. What only the payload holds is missing, such as
// the cycle's key.
func (e Event) Alert(orgID string) alert.Alert {
	isSource := func(tag string) bool { return strings.HasPrefix(tag, "source:") } // Of listed events, and not in $TAGS.
	a := alert.Alert{
		ID: e.ID, OrgID: orgID,
		Title: e.Title, Message: e.Text, Tags: slices.DeleteFunc(slices.Clone(e.Tags), isSource),
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
