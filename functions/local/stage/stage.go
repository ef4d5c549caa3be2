// Package stage is the world around the function on this machine: a Datadog
// stand-in that also answers for Secrets Manager, and the environment that makes
// the function use it.
package stage

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"boomerang/shared/datadog"
	"boomerang/shared/fakedatadog"
)

// Token is what the local webhook accepts.
const Token = "local-token"

// Stage is a running stand-in.
type Stage struct {
	Server *fakedatadog.Server
	URL    string // of the stand-in
	Live   bool   // whether events go to the real Datadog
	server *http.Server
	keys   datadog.Keys
}

// Start opens the stand-in on a free port of 127.0.0.1, at the time that now
// tells. With LIVE=1 in the environment it only plays AWS, with the user's own
// keys in its secret, and Datadog is the real one.
func Start(getenv func(string) string, now func() time.Time) (*Stage, error) {
	options := fakedatadog.Options{Token: Token, Now: now}
	live := getenv("LIVE") == "1"
	if live {
		options.APIKey, options.AppKey = getenv("DD_API_KEY"), getenv("DD_APP_KEY")
		if options.APIKey == "" || options.AppKey == "" {
			return nil, fmt.Errorf("LIVE=1 posts to the real Datadog: set DD_API_KEY and DD_APP_KEY, and DD_SITE unless it is datadoghq.com")
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("no port for the stand-in: %w", err)
	}
	s := &Stage{
		Server: fakedatadog.New(options), URL: "http://" + listener.Addr().String(), Live: live,
		keys: datadog.Keys{API: cmp.Or(options.APIKey, fakedatadog.DefaultAPIKey), App: cmp.Or(options.AppKey, fakedatadog.DefaultAppKey)},
	}
	s.server = &http.Server{Handler: s.Server, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = s.server.Serve(listener) }()
	return s, nil
}

// Keys returns the pair that the stand-in accepts, which is the user's when it is
// live.
func (s *Stage) Keys(context.Context) (datadog.Keys, error) { return s.keys, nil }

// Renew returns the same keys: nobody rotates them here.
func (s *Stage) Renew(context.Context, datadog.Keys) (datadog.Keys, error) { return s.keys, nil }

// Secrets returns the keys as texts that must not be kept anywhere.
func (s *Stage) Secrets() []string { return []string{s.keys.API, s.keys.App} }

// Close stops the stand-in.
func (s *Stage) Close() { _ = s.server.Close() }

// Environment returns the function's environment: what the user set, with the
// stand-in in the place of AWS and, unless live, of Datadog. There is a ledger and
// no queue, which nobody would work on.
func (s *Stage) Environment(environ []string) map[string]string {
	env := make(map[string]string, len(environ))
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		// AWS is the stand-in, whatever account the user has, and however it is reached.
		if !strings.HasPrefix(name, "AWS_") {
			env[name] = value
		}
	}
	env["AWS_ENDPOINT_URL"], env["AWS_REGION"] = s.URL, "us-east-1"
	env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"] = "local", "local"
	env["DATADOG_SECRET_ARN"] = fakedatadog.DefaultDatadogSecret
	env["WEBHOOK_SECRET_ARN"] = fakedatadog.DefaultWebhookSecret
	env["LEDGER_TABLE"] = fakedatadog.LedgerTable
	delete(env, "REDELIVERY_QUEUE_URL")
	if !s.Live {
		env["DATADOG_API_URL"] = s.URL
	}
	return env
}
