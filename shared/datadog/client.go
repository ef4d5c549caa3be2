// Package datadog is the Datadog API as far as Boomerang uses it: it creates
// events, and reads what helps whoever is woken by an alert.
//
// Requests are built and sent by Datadog's own client. Answers are decoded here:
// the client's models give up a whole object over one value they do not know,
// such as a new type of monitor, and somebody waits for that monitor's name.
package datadog

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	api "github.com/DataDog/datadog-api-client-go/v2/api/datadog"

	"boomerang/shared/site"
)

// Config says which Datadog to talk to, and how.
type Config struct {
	// Site is the organisation's site. Its keys are unknown to the other sites.
	Site site.Site
	// BaseURL replaces https://api.<site> and the host that takes events of the v2
	// API. It is https, or http to a loopback address: anything else would show the
	// keys to the network.
	BaseURL string
	// HTTPClient replaces the default one. Redirects are not followed whatever
	// it says, and a call takes as long as its context allows.
	HTTPClient *http.Client
}

// Client talks to the API. It is safe for concurrent use, and is meant to live
// as long as the process, for its connections.
type Client struct {
	api         *api.APIClient
	base        string
	intake      string // takes events of the v2 API
	site        site.Site
	credentials Credentials
	reads       *reads
	maxAge      time.Duration // see Cached
}

// New returns a client that asks credentials for the keys at each call.
func New(cfg Config, credentials Credentials) (*Client, error) {
	if _, err := site.Parse(string(cfg.Site)); err != nil {
		return nil, err
	}
	base, intake := "https://"+cfg.Site.API(), "https://"+cfg.Site.EventIntake()
	if cfg.BaseURL != "" {
		var err error
		if base, err = parseBaseURL(cfg.BaseURL); err != nil {
			return nil, fmt.Errorf("the base URL of the Datadog API %w", err)
		}
		intake = base
	}
	official := api.NewConfiguration()
	official.HTTPClient = withoutRedirects(cfg.HTTPClient)
	official.UserAgent = "boomerang " + api.GetUserAgent()
	return &Client{api: api.NewAPIClient(official), base: base, intake: intake, site: cfg.Site, credentials: credentials, reads: newReads()}, nil
}

// parseBaseURL never quotes its input, which may hold a password.
func parseBaseURL(s string) (string, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "":
		return "", errors.New("is not a URL such as https://api.datadoghq.com")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "", errors.New("must not hold a user, a query or a fragment")
	case u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())):
		return "", errors.New("must start with https://; http:// is for loopback addresses only, since it shows the keys to the network")
	}
	return strings.TrimRight(u.String(), "/"), nil
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}

// withoutRedirects returns a copy of c that hands a redirect back as the answer.
// Go's client takes the key headers along to whatever host a redirect names.
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
	// idleTimeout is shorter than the time after which load balancers drop a
	// quiet connection. Go measures it on the wall clock, so a connection that
	// died while the function was frozen is not tried again.
	idleTimeout = 30 * time.Second
	// idleConnections lets steps that run side by side all find one that is open.
	idleConnections = 16
)

func transport() http.RoundTripper {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: dialTimeout, KeepAlive: idleTimeout}).DialContext,
		TLSHandshakeTimeout: dialTimeout,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: idleConnections,
		IdleConnTimeout:     idleTimeout,
	}
}

// page returns the address of the page that ref names, which may be relative to
// the site's app, or "" when ref names none that a link may lead to.
func (c *Client) page(ref string) string {
	app := url.URL{Scheme: "https", Host: c.site.App(), Path: "/"}
	u, err := app.Parse(ref)
	if ref == "" || err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return u.String()
}
