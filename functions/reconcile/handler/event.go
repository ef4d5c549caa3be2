package handler

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
)

// monitorTag is a tag of every event that a monitor sent
// (https://docs.datadoghq.com/integrations/webhooks/, $TAGS).
const monitorTag = "monitor"

// mentionOf matches the webhook's mention in a text. @webhook-boomerang-staging is another
// webhook, but a full stop or a dash before a space is punctuation.
func mentionOf(webhook string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)(?:^|[^\pL\pN_])@webhook-` + regexp.QuoteMeta(webhook) + `[.-]*(?:$|[^\pL\pN_.-])`)
}

// mentioningWebhook returns the events that notified our webhook, the oldest first, without
// the events that Boomerang posted.
func (h *Handler) mentioningWebhook(events []datadog.Event) []datadog.Event {
	mentioning := slices.DeleteFunc(slices.Clone(events), func(e datadog.Event) bool {
		return alert.Tags(e.Tags).Has(alert.SourceTag) || !h.mention.MatchString(e.Text)
	})
	slices.SortStableFunc(mentioning, func(a, b datadog.Event) int { return a.Happened.Compare(b.Happened) })
	return mentioning
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
	if id := monitorOf(e); id != 0 {
		a.MonitorID = strconv.FormatInt(id, 10)
	}
	a.Priority, a.Transition = parseTitle(e.Title)
	return a
}

// tagsOf returns the tags as in $TAGS: without the source, which every listed event has.
func tagsOf(e datadog.Event) alert.Tags {
	return slices.DeleteFunc(slices.Clone(e.Tags), func(tag string) bool { return strings.HasPrefix(tag, "source:") })
}

// parseTitle reads what Datadog puts in brackets before a monitor's name:
// "[P1] [Triggered on {host:a}] Load is high".
func parseTitle(title string) (priority string, transition alert.Transition) {
	for strings.HasPrefix(title, "[") {
		inside, rest, _ := strings.Cut(title[1:], "]")
		word, _, _ := strings.Cut(inside, " on {")
		t, isTransition := alert.ParseTransition(word)
		switch {
		case isTransition && transition == "":
			transition = t
		case len(word) == 2 && word[0] == 'P' && '1' <= word[1] && word[1] <= '5':
			priority = word
		}
		title = strings.TrimLeft(rest, " ")
	}
	return priority, transition
}

// monitorLink matches the links in an alert's text: /monitors/4711?… or /monitors#4711.
var monitorLink = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`/monitors[/#](\d+)`) })

// monitorOf returns the id of the event's monitor, or 0. Datadog does not document the
// field that holds it, so the text is read too.
func monitorOf(e datadog.Event) int64 {
	if e.MonitorID != 0 {
		return e.MonitorID
	}
	link := monitorLink().FindStringSubmatch(e.Text)
	if link == nil {
		return 0
	}
	id, err := strconv.ParseInt(link[1], 10, 64)
	if err != nil {
		return 0 // It has more digits than an id.
	}
	return id
}
