package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"boomerang/functions/internal/drill"
	"boomerang/functions/local/stage"
	"boomerang/shared/datadog"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/site"
)

// aim returns the stack at the one address in args, or else one on this machine;
// stop ends what was started for it.
func aim(ctx context.Context, args []string, getenv func(string) string) (t drill.Target, stop func(), err error) {
	if len(args) == 0 {
		return onThisMachine(ctx, getenv)
	}
	t, err = deployed(args[0], getenv)
	return t, func() {}, err
}

// needs are the variables without which nothing deployed can be drilled.
var needs = []struct{ name, is string }{
	{"WEBHOOK_TOKEN", "the token that the webhook accepts, which the stack's output TokenCommand prints"},
	{"DD_API_KEY", "an API key of the organisation that the stack posts to"},
	{"DD_APP_KEY", "an application key of that organisation with the permission events_read"},
}

// deployed is the stack at a Function URL, with the secrets of the environment.
func deployed(address string, getenv func(string) string) (drill.Target, error) {
	if err := checkAddress(address); err != nil {
		return drill.Target{}, fmt.Errorf("the address of the webhook %w", err)
	}
	var missing []string
	for _, n := range needs {
		if strings.TrimSpace(getenv(n.name)) == "" {
			missing = append(missing, n.name+" to "+n.is)
		}
	}
	if len(missing) > 0 {
		return drill.Target{}, fmt.Errorf("set %s", strings.Join(missing, ", and "))
	}
	return reading(drill.Target{URL: address, Token: strings.TrimSpace(getenv("WEBHOOK_TOKEN"))}, getenv)
}

// checkAddress never quotes the address, which may hold a password.
func checkAddress(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "":
		return errors.New("is not a URL such as https://<id>.lambda-url.<region>.on.aws/")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return errors.New("must not hold a user, a query or a fragment; the token is taken from WEBHOOK_TOKEN")
	case u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())):
		return errors.New("must start with https://; http:// is for loopback addresses only, since it shows the token to the network")
	}
	return nil
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback() || strings.EqualFold(host, "localhost")
}

// reading returns t with the event stream of the environment's organisation.
func reading(t drill.Target, getenv func(string) string) (drill.Target, error) {
	s, err := site.Parse(cmp.Or(getenv("DD_SITE"), site.Default.String()))
	if err != nil {
		return drill.Target{}, fmt.Errorf("DD_SITE: %w", err)
	}
	t.StreamName = cmp.Or(getenv("DATADOG_API_URL"), s.String())
	t.TokenSource = "the token in WEBHOOK_TOKEN; the stack's output TokenCommand prints the right one"
	t.Organisation = "DD_API_KEY, DD_APP_KEY and DD_SITE"
	keys := ownKeys{API: strings.TrimSpace(getenv("DD_API_KEY")), App: strings.TrimSpace(getenv("DD_APP_KEY"))}
	t.Stream, err = datadog.New(datadog.Config{Site: s, BaseURL: getenv("DATADOG_API_URL")}, keys)
	return t, err
}

// ownKeys are the keys of whoever drills; there are no others to renew them by.
type ownKeys datadog.Keys

func (k ownKeys) Keys(context.Context) (datadog.Keys, error) { return datadog.Keys(k), nil }

func (k ownKeys) Renew(context.Context, datadog.Keys) (datadog.Keys, error) {
	return datadog.Keys(k), nil
}

// onThisMachine starts the function behind a Function URL of its own.
func onThisMachine(ctx context.Context, getenv func(string) string) (t drill.Target, stop func(), err error) {
	s, function, err := open(ctx, slog.New(slog.DiscardHandler))
	if err != nil {
		return drill.Target{}, nil, err
	}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	t = drill.Target{Token: stage.Token, TokenSource: "the stand-in's token", StreamName: "the stand-in", Organisation: "both"}
	if s.Live {
		t, err = reading(t, getenv)
	} else {
		t.Stream, err = datadog.New(datadog.Config{Site: site.Default, BaseURL: s.URL}, ownKeys{API: fakedatadog.DefaultAPIKey, App: fakedatadog.DefaultAppKey})
	}
	if err != nil {
		return drill.Target{}, nil, err
	}
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return drill.Target{}, nil, fmt.Errorf("no port for the Function URL: %w", err)
	}
	t.URL = "http://" + listener.Addr().String() + "/"
	server := &http.Server{Handler: function, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	return t, func() { _ = server.Close(); s.Close() }, nil
}
