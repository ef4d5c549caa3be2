package datadog

import (
	"cmp"
	"context"
	"net/http"

	"boomerang/shared/event"
)

// Create posts an event and returns where it is. It sends the API key alone.
//
// A status of 2xx means that Datadog accepted the event. An unreadable body after it is not an error,
// because posting again would show the event twice: Posted then lacks what the body does not say. A
// connection that breaks before the status is a temporary failure, and the event may be there.
// https://docs.datadoghq.com/api/latest/events/#post-an-event
func (c *Client) Create(ctx context.Context, e event.Event) (event.Posted, error) {
	r, err := c.do(ctx, call{
		op: "create the event", apiKeyOnly: true, retryOnAuthError: true,
		method: http.MethodPost, path: eventsPath, body: e,
	})
	if err != nil {
		return event.Posted{}, err
	}
	var created struct{ Event eventRef }
	_ = decode(r.body, &created)
	return event.Posted{ID: created.Event.id(), URL: c.page(created.Event.URL)}, nil
}

// CreateAlert posts an event to the v2 API, with both keys, because the API's specification asks for
// both. The id that it returns is that of the v2 API. See Create for unreadable bodies.
// https://docs.datadoghq.com/api/latest/events/#post-an-event (tab v2)
func (c *Client) CreateAlert(ctx context.Context, e event.AlertEvent) (event.Posted, error) {
	r, err := c.do(ctx, call{
		op: "create the event", toIntake: true, retryOnAuthError: true,
		method: http.MethodPost, path: "/api/v2/events", body: e,
	})
	if err != nil {
		return event.Posted{}, err
	}
	var created struct {
		Data struct {
			Attributes struct {
				Attributes struct {
					Evt struct{ UID, ID string } // The ID is deprecated.
				}
			}
		}
		Links struct{ Self string }
	}
	_ = decode(r.body, &created)
	evt := created.Data.Attributes.Attributes.Evt
	return event.Posted{ID: cmp.Or(evt.UID, evt.ID), URL: c.page(created.Links.Self)}, nil
}
