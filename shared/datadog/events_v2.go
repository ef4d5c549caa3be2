package datadog

import (
	"cmp"
	"context"
	"net/http"

	"boomerang/shared/event"
)

// CreateAlert posts an event to the v2 API and returns where it went: its id is
// the one that the v2 API knows it by, its URL one that works on the site's own
// subdomain. It sends both keys, because the specification asks for both and
// names no permission. What Create says of answers holds here too.
//
// https://docs.datadoghq.com/api/latest/events/#post-an-event (tab v2)
func (c *Client) CreateAlert(ctx context.Context, e event.AlertEvent) (event.Posted, error) {
	a, err := c.do(ctx, call{
		op: "create the event", toIntake: true, outlastsKeys: true,
		method: http.MethodPost, path: "/api/v2/events", body: &e,
	})
	if err != nil {
		return event.Posted{}, err
	}
	var created wireCreated
	_ = decode(a.body, &created)
	evt := created.Data.Attributes.Attributes.Evt
	return event.Posted{ID: cmp.Or(evt.UID, evt.ID), URL: c.page(created.Links.Self)}, nil
}

type wireCreated struct {
	Data struct {
		Attributes struct {
			Attributes struct {
				Evt struct {
					UID string `json:"uid"`
					ID  string `json:"id"` // Deprecated in favour of the uid.
				} `json:"evt"`
			} `json:"attributes"`
		} `json:"attributes"`
	} `json:"data"`
	Links struct {
		Self string `json:"self"`
	} `json:"links"`
}
