package httpapi

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"time"

	"code.dny.dev/ssrf"
)

// Client makes the calls of all http steps. It reaches the public Internet only:
// within a function's reach are also the runtime that drives it, extensions that
// hand out secrets, and whatever its network holds. The addresses that a name
// resolves to are checked at each dial, so a name that changes its mind, or a
// redirect, leads nowhere else. It is safe for concurrent use, and is meant to
// live as long as the process, for its connections.
type Client struct {
	http     *http.Client
	loopback bool
}

// Option changes what a Client may do.
type Option func(*Client)

// AllowLoopback also lets calls reach this machine, over plain http too. It is
// for local runs and tests, and no configuration leads to it.
func AllowLoopback() Option { return func(c *Client) { c.loopback = true } }

const (
	dialTimeout = 3 * time.Second
	// idleTimeout is shorter than the time after which load balancers drop a
	// quiet connection.
	idleTimeout  = 30 * time.Second
	maxRedirects = 3
	maxHeader    = 64 << 10 // Bytes.
)

var (
	errElsewhere     = errors.New("a redirect to another host")
	errManyRedirects = errors.New("more than three redirects")
)

// NewClient returns a client for all http steps of the process.
func NewClient(options ...Option) *Client {
	c := &Client{}
	for _, option := range options {
		option(c)
	}
	c.http = &http.Client{Transport: c.transport(), CheckRedirect: sameHost}
	return c
}

// transport knows no proxy: a proxy would resolve the name, and dial whatever it
// resolves to, on the far side of the guard.
func (c *Client) transport() *http.Transport {
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: idleTimeout, Control: c.guardian().Safe}
	return &http.Transport{
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    dialTimeout,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    4,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxHeader,
	}
}

// guardian refuses every address that is not public. The port is the playbook's,
// as the host is.
func (c *Client) guardian() *ssrf.Guardian {
	options := []ssrf.Option{ssrf.WithAnyPort()}
	if c.loopback {
		options = append(options,
			ssrf.WithAllowedV4Prefixes(netip.MustParsePrefix("127.0.0.0/8")),
			ssrf.WithAllowedV6Prefixes(netip.MustParsePrefix("::1/128")))
	}
	return ssrf.New(options...)
}

// sameHost lets a redirect change the path and nothing else: the request may
// carry a secret that is bound to the host, and http shows it to the network.
func sameHost(r *http.Request, via []*http.Request) error {
	first := via[0].URL
	switch {
	case r.URL.Scheme != first.Scheme || r.URL.Host != first.Host:
		return errElsewhere
	case len(via) > maxRedirects:
		return errManyRedirects
	}
	return nil
}
