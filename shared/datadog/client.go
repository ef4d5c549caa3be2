// Package datadog is a client for the parts of the Datadog API that Boomerang
// uses. It creates events and reads what helps the person on call.
//
// It decodes responses leniently: the models of Datadog's own client reject a whole
// object over one unknown value, such as a new monitor type.
package datadog

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"

	"boomerang/shared/httpx"
	"boomerang/shared/site"
)

// Config selects the Datadog site and how to reach it.
type Config struct {
	Site site.Site
	// BaseURL replaces https://api.<site> and the intake host of v2 events. It must
	// be https, or http on a loopback address, because every request carries keys.
	BaseURL string
	// HTTPClient replaces the default client. Redirects are never followed. A call
	// is bounded by its context.
	HTTPClient *http.Client
}

// Client calls the API. It is safe for concurrent use and keeps its connections.
type Client struct {
	http        *http.Client
	base        string
	intake      string // Host for events of the v2 API.
	site        site.Site
	credentials Credentials
	cache       *cache
	maxAge      time.Duration // See Cached.
}

// New returns a client that gets its keys from credentials for each call.
func New(cfg Config, credentials Credentials) (*Client, error) {
	if _, err := site.Parse(string(cfg.Site)); err != nil {
		return nil, err
	}
	base, intake := "https://"+cfg.Site.API(), "https://"+cfg.Site.EventIntake()
	if cfg.BaseURL != "" {
		if problem := httpx.URLProblem(cfg.BaseURL); problem != "" {
			return nil, errors.New("the base URL of the Datadog API " + problem)
		}
		base = strings.TrimRight(cfg.BaseURL, "/")
		intake = base
	}
	return &Client{http: withoutRedirects(cfg.HTTPClient), base: base, intake: intake, site: cfg.Site, credentials: credentials, cache: newCache()}, nil
}

// Cached returns a view of the client whose reads may be up to maxAge old. All views share their
// results, so the caller must not modify the parts of a result.
func (c *Client) Cached(maxAge time.Duration) *Client {
	view := *c
	view.maxAge = maxAge
	return &view
}

// withoutRedirects returns a copy of c that returns a redirect as the response.
// Go's client would send the key headers to the host that a redirect names.
func withoutRedirects(c *http.Client) *http.Client {
	client := http.Client{Transport: transport()}
	if c != nil {
		client = *c
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client
}

const (
	dialTimeout = 3 * time.Second
	// idleTimeout is shorter than that of load balancers. Go measures it on the wall
	// clock, so a connection that died while the function was frozen is not reused.
	idleTimeout = 30 * time.Second
	// idleConnections lets steps that run side by side reuse connections.
	idleConnections = 16
	// streamBuffer bounds what a response may send ahead of its reader. Go's default of
	// 4 MB keeps whole lists of events in memory.
	streamBuffer = 128 << 10
)

func transport() http.RoundTripper {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: dialTimeout, KeepAlive: idleTimeout}).DialContext,
		TLSHandshakeTimeout: dialTimeout,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: idleConnections,
		IdleConnTimeout:     idleTimeout,
		HTTP2:               &http.HTTP2Config{MaxReceiveBufferPerStream: streamBuffer},
	}
}

// page returns the absolute URL of ref, which may be relative to the site's app, or "" when ref is not
// a web address.
func (c *Client) page(ref string) string {
	app := url.URL{Scheme: "https", Host: c.site.App(), Path: "/"}
	u, err := app.Parse(ref)
	if ref == "" || err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return u.String()
}

// Connect opens a connection for the next call and sends nothing on it, so that the first alert of an
// instance does not wait for the TLS handshake. It ignores errors, which the next call reports. The
// transport keeps a connection whose request was cancelled while it was dialled.
func (c *Client) Connect(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{ConnectStart: func(string, string) { cancel() }})
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, c.base, nil)
	if err != nil {
		return
	}
	if resp, err := c.http.Do(req); err == nil {
		_ = resp.Body.Close()
	}
}
