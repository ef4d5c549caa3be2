package datadog

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/event"
)

// PostedAbout returns the event that Create posted about an alert that came by a
// webhook, or by any where that is empty, of those that happened in the time given.
// It is told by the webhook's tag and the alert's $ID, and searched for by its
// monitor, among the newest 1,000. It is zero where there is none, where the alert
// lacks its $ID or its monitor, and in the first seconds after the post, when Datadog
// does not find the event yet. What CreateAlert posted is not found, since
// such an event does not name the one that it is about. An event that Datadog does
// not give the stream's id of has the explorer's, and no page. It needs the
// permission events_read.
func (c *Client) PostedAbout(ctx context.Context, a alert.Alert, webhook string, from, to time.Time) (event.Posted, error) {
	id, err := strconv.ParseInt(a.ID, 10, 64)
	if err != nil || id == 0 || a.MonitorID == "" {
		return event.Posted{}, nil
	}
	found, err := c.SearchEvents(ctx, EventSearch{Query: "monitor:" + strconv.Quote(a.MonitorID), From: from, To: to, Limit: 1000})
	if err != nil {
		return event.Posted{}, err
	}
	for _, e := range found {
		if e.RelatedEventID == id && postedBy(webhook, e.Tags) {
			return event.Posted{ID: cmp.Or(e.StreamID, e.ID), URL: e.URL}, nil
		}
	}
	return event.Posted{}, nil
}

func postedBy(webhook string, tags alert.Tags) bool {
	return tags.Has(alert.OwnTag) && (webhook == "" || tags.Has(event.TagWebhook(webhook)))
}
