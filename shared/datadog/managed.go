package datadog

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"boomerang/shared/fault"
)

// Managed is what a stack sets up in Datadog: a Webhook, SecretVariable, Dashboard,
// MonitorDefinition or NotificationRule.
type Managed interface{ object() object }

// object is how the API names and changes something.
type object struct {
	title      string // For error texts: "the webhook boomerang".
	collection string // The path of all of its kind.
	id         string
	body       any
	change     any    // The body of an update, if it is another.
	secret     string // Redacted in errors.
	// permission is the one to change it, and creation the one to create it if that is another.
	permission, creation string
	update               string // The method; empty for PUT.
	needsID              bool   // Datadog chooses the id that the caller needs.
}

// call is one of an object that is there, with a body or without.
func (o object) call(verb, method string, body any) call {
	return call{op: verb + " " + o.title, method: method, path: o.collection + "/" + url.PathEscape(o.id), permission: o.permission, secret: o.secret, body: body}
}

// Created names what Datadog created: a dashboard, which has a page, or a monitor.
type Created struct{ ID, URL string }

// Add creates something. A status of 2xx means that it is there; only the id of a dashboard or a
// monitor must be in the response.
func (c *Client) Add(ctx context.Context, m Managed) (created Created, err error) {
	o := m.object()
	call := o.call("create", http.MethodPost, o.body)
	call.path, call.permission = o.collection, cmp.Or(o.creation, o.permission)
	if o.needsID {
		call.decode = into(&created, whole(c.created))
	}
	_, err = c.do(ctx, call)
	return created, err
}

func (c *Client) created(d document[struct {
	ID  json.RawMessage // A number or a text.
	URL string
}],
) (Created, bool) {
	id := strings.Trim(string(d.fields.ID), `"`)
	return Created{ID: id, URL: c.page(d.fields.URL)}, id != "" && id != "null"
}

// Update replaces something. A status of 2xx means that the change is made.
func (c *Client) Update(ctx context.Context, m Managed) error {
	o := m.object()
	if o.change == nil {
		o.change = o.body
	}
	_, err := c.do(ctx, o.call("update", cmp.Or(o.update, http.MethodPut), o.change))
	return err
}

// Delete deletes something. IsNotFound is true of the error when it is not there.
func (c *Client) Delete(ctx context.Context, m Managed) error {
	_, err := c.do(ctx, m.object().call("delete", http.MethodDelete, nil))
	return err
}

const (
	pageSize = 100 // Datadog's default for dashboards and notification rules.
	// maxPages bounds a list. An organization may have 1,000 notification rules by default.
	maxPages = 100
)

// readPages carries out a call for each page of a list. See readEach.
func readPages[E, T any](ctx context.Context, c *Client, list call, page func(n int) url.Values, key string, convert func(E) T) ([]T, error) {
	var all []T
	for n := range maxPages {
		list.query = page(n)
		one, err := readEach(ctx, c, list, key, convert)
		if err != nil {
			return nil, err
		}
		if all = append(all, one...); len(one) < pageSize {
			return all, nil
		}
	}
	text := fmt.Sprintf("Datadog has more than %d %s, too many to read", maxPages*pageSize, strings.TrimPrefix(list.op, "list the "))
	return nil, fault.New(fault.Permanent, text, &Error{Op: list.op})
}
