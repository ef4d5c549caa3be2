package httpapi

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"time"

	"code.dny.dev/ssrf"
)

// Client makes the requests of all http steps. It reaches only the public Internet,
// because a function can also reach Lambda's runtime API, extensions that return
// secrets, and its own network. The address is checked at each dial, so that neither
// DNS nor a redirect leads elsewhere. A Client is safe for concurrent use; keep one
// per process to reuse its connections.
type Client struct {
	http          *http.Client
	allowLoopback bool
}

const (
	dialTimeout = 3 * time.Second
	// idleTimeout is shorter than that of load balancers.
	idleTimeout            = 30 * time.Second
	maxRedirects           = 3
	maxResponseHeaderBytes = 64 << 10
)

var (
	errOtherHost        = errors.New("redirect to another host")
	errTooManyRedirects = errors.New("too many redirects")
)

// NewClient returns a client for all http steps of the process.
func NewClient() *Client { return newClient(ssrf.WithAnyPort()) }

// NewLocalClient returns a client that may also reach this machine, with plain http
// too. It is for local runs and tests; no configuration sets it.
func NewLocalClient() *Client {
	c := newClient(ssrf.WithAnyPort(),
		ssrf.WithAllowedV4Prefixes(netip.MustParsePrefix("127.0.0.0/8")),
		ssrf.WithAllowedV6Prefixes(netip.MustParsePrefix("::1/128")))
	c.allowLoopback = true
	return c
}

func newClient(allowed ...ssrf.Option) *Client {
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: idleTimeout, Control: ssrf.New(allowed...).Safe}
	// There is no proxy, which would resolve and dial the host without the check.
	return &Client{http: &http.Client{CheckRedirect: sameHost, Transport: &http.Transport{
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    dialTimeout,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    4,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxResponseHeaderBytes,
	}}}
}

// sameHost follows a redirect only on the same host and scheme, because the request
// may carry a secret for that host.
func sameHost(r *http.Request, via []*http.Request) error {
	first := via[0].URL
	switch {
	case r.URL.Scheme != first.Scheme || r.URL.Host != first.Host:
		return errOtherHost
	case len(via) > maxRedirects:
		return errTooManyRedirects
	}
	return nil
}
