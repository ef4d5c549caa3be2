package datadog

import (
	"context"
	"net/http"
	"net/http/httptrace"
)

// Connect opens a connection for the calls to come, and sends nothing over it. An
// instance that does so while it starts saves its first alert the round trips of a
// TLS handshake. What goes wrong is for the first call to find out.
//
// The transport goes on with a connection whose request was cancelled, and keeps
// it; so the request is cancelled as soon as there is an address to connect to.
func (c *Client) Connect(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{ConnectStart: func(string, string) { cancel() }})
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, c.base, nil)
	if err != nil {
		return
	}
	if answer, err := c.api.GetConfig().HTTPClient.Do(request); err == nil {
		_ = answer.Body.Close()
	}
}
