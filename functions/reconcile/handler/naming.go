package handler

import (
	"regexp"
	"slices"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
)

// monitorTag is a tag of every event that a monitor sent
// (https://docs.datadoghq.com/integrations/webhooks/, $TAGS).
const monitorTag = "monitor"

// handleOf finds the webhook's handle in a text. It ends where its name ends:
// @webhook-boomerang-staging is another webhook's, while a full stop or a dash
// that no word follows is punctuation.
func handleOf(name string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)(?:^|[^\pL\pN_])@webhook-` + regexp.QuoteMeta(name) + `[.-]*(?:$|[^\pL\pN_.-])`)
}

// naming returns the events that called our webhook, the oldest first. Our own
// do not count, whatever they say.
func (h *Handler) naming(events []datadog.Event) []datadog.Event {
	var named []datadog.Event
	for _, e := range events {
		if !alert.Tags(e.Tags).Has(alert.SourceTag) && h.handle.MatchString(e.Text) {
			named = append(named, e)
		}
	}
	slices.SortStableFunc(named, func(a, b datadog.Event) int { return a.Happened.Compare(b.Happened) })
	return named
}
