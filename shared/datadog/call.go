package datadog

import (
	"context"
	"net/url"

	"boomerang/shared/fault"
)

// call is one request to the API.
type call struct {
	// op says what the call does, as people say it: "create the event".
	op string
	// apiKeyOnly keeps the application key at home.
	apiKeyOnly bool
	// toIntake sends the call to the host that takes events of the v2 API.
	toIntake bool
	// outlastsKeys says that the call is to be repeated until somebody has mended
	// the keys that Datadog refuses: a finding may be lost over them, an event not.
	outlastsKeys bool
	// permission is what an application key needs for the call.
	permission string

	method, path string
	query        url.Values
	body         any // A pointer to what is sent as JSON, or nil.
}

// do carries out call and returns the answer if its status is 2xx. When Datadog
// refuses the keys they may have been rotated, so they are renewed and the call
// is made once more. A read is not repeated with the same keys: it lacks a
// permission, and would do so again.
func (c *Client) do(ctx context.Context, call call) (answer, error) {
	keys, err := c.credentials.Keys(ctx)
	if err != nil {
		return answer{}, call.withoutKeys(0, err)
	}
	a, err := c.send(ctx, call, keys)
	if !a.refusesKeys() {
		return a, err
	}
	fresh, renewErr := c.credentials.Renew(ctx, keys)
	if renewErr != nil {
		return answer{}, call.withoutKeys(a.status, renewErr)
	}
	if fresh == keys && !call.apiKeyOnly {
		return a, err
	}
	return c.send(ctx, call, fresh)
}

func (c *Client) send(ctx context.Context, call call, keys Keys) (answer, error) {
	if problem := keys.problem(call.apiKeyOnly); problem != "" {
		return answer{}, call.withoutKeys(0, fault.New(fault.Permanent, problem, nil))
	}
	headers := map[string]string{"Accept": "application/json", "DD-API-KEY": keys.API}
	if !call.apiKeyOnly {
		headers["DD-APPLICATION-KEY"] = keys.App
	}
	if call.body != nil {
		headers["Content-Type"] = "application/json"
	}
	base := c.base
	if call.toIntake {
		base = c.intake
	}
	req, err := c.api.PrepareRequest(ctx, base+call.path, call.method, call.body, headers, call.query, nil, nil)
	if err != nil {
		return answer{}, fault.New(fault.Internal, "could not ask Datadog to "+call.op, &Error{Op: call.op, Cause: fault.StripURL(err)})
	}
	resp, err := c.api.CallAPI(req)
	if err != nil {
		return answer{}, call.unanswered(ctx, err, keys)
	}
	a := readAnswer(resp)
	a.measureLimit(ctx)
	if !a.ok() {
		return a, call.refused(a, keys, c.site)
	}
	return a, nil
}
