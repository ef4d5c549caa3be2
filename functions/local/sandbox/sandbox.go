// Package sandbox is what surrounds a function on this machine: a fake of Datadog with a
// scenario that fits the alert, and fixed secrets.
package sandbox

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"boomerang/functions/internal/runtime"
	"boomerang/shared/datadog"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/site"
)

// Token is what the local webhook accepts, unless other machines can reach it.
const Token = "local-token"

// Sandbox is what a local run of the function calls in place of AWS and, unless it is live, of
// Datadog.
type Sandbox struct {
	Datadog *fakedatadog.Server
	URL     string            // of the fake
	Live    bool              // whether the function uses the real Datadog instead
	Keys    datadog.FixedKeys // of the fake, or the user's if live
	Token   string            // of the webhook

	site    site.Site
	apiURL  string // in place of the site's
	servers []*http.Server
	seeded  sync.Map // what the fake has, by alert and by query
}

// Start starts the fake on a free port. If live, the keys are those of the variables.
func Start(variables map[string]string, live bool, now func() time.Time) (*Sandbox, error) {
	s := &Sandbox{Live: live, Token: Token, site: site.Default, Keys: datadog.FixedKeys{API: fakedatadog.DefaultAPIKey, App: fakedatadog.DefaultAppKey}}
	if live {
		s.Keys = datadog.FixedKeys{API: strings.TrimSpace(variables["DD_API_KEY"]), App: strings.TrimSpace(variables["DD_APP_KEY"])}
		if s.Keys.API == "" || s.Keys.App == "" {
			return nil, errors.New("LIVE=1 uses the real Datadog: set DD_API_KEY, DD_APP_KEY and, unless it is datadoghq.com, DD_SITE")
		}
		var err error
		if s.site, err = site.Parse(cmp.Or(variables["DD_SITE"], site.Default.String())); err != nil {
			return nil, fmt.Errorf("DD_SITE: %w", err)
		}
	}
	s.Datadog = fakedatadog.New(fakedatadog.Options{APIKey: s.Keys.API, AppKey: s.Keys.App, Now: now})
	var err error
	if s.URL, err = s.Serve("127.0.0.1:0", s.Datadog); err != nil {
		return nil, err
	}
	s.apiURL = s.URL
	if live {
		s.apiURL = variables["DATADOG_API_URL"]
	}
	return s, nil
}

// Serve serves HTTP at an address until the sandbox is closed.
func (s *Sandbox) Serve(address string, h http.Handler) (url string, err error) {
	listener, err := net.Listen("tcp", address)
	if number, ok := errors.AsType[syscall.Errno](err); ok {
		err = number
	}
	if err != nil {
		return "", fmt.Errorf("cannot serve on %s: %w", address, err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	s.servers = append(s.servers, server)
	go func() { _ = server.Serve(listener) }()
	return "http://" + listener.Addr().String(), nil
}

// Close ends its servers.
func (s *Sandbox) Close() {
	for _, server := range s.servers {
		_ = server.Close()
	}
}

// Client returns a client of the fake, or of the real Datadog if live.
func (s *Sandbox) Client() (*datadog.Client, error) { return s.ClientThrough(http.DefaultTransport) }

// ClientThrough is Client with a transport that can record.
func (s *Sandbox) ClientThrough(transport http.RoundTripper) (*datadog.Client, error) {
	return datadog.New(datadog.Config{Site: s.site, BaseURL: s.apiURL, HTTPClient: &http.Client{Transport: transport}}, s.Keys)
}

// Name is what people call the Datadog that events go to.
func (s *Sandbox) Name() string {
	if !s.Live {
		return "the fake of Datadog"
	}
	return cmp.Or(s.apiURL, s.site.String())
}

const (
	datadogSecret = "local/datadog"
	webhookSecret = "local/webhook"
)

// Environment returns the function's environment: the user's variables, with the fake in
// the place of Datadog, and without queue and ledger. The fake rejects calls to AWS.
func (s *Sandbox) Environment(variables map[string]string, logger *slog.Logger) runtime.Environment {
	all := map[string]string{}
	maps.Copy(all, variables)
	maps.Copy(all, map[string]string{"DATADOG_SECRET_ARN": datadogSecret, "WEBHOOK_SECRET_ARN": webhookSecret, "LEDGER_TABLE": "", "REDELIVERY_QUEUE_URL": "", "FOLLOW_UP_QUEUE_URL": ""})
	if !s.Live {
		all["DATADOG_API_URL"] = s.URL
	}
	return runtime.Environment{
		Variables: all, Logger: logger,
		AWS: aws.Config{Region: "us-east-1", BaseEndpoint: &s.URL, Credentials: credentials.NewStaticCredentialsProvider("local", "local", "")},
		GetSecretValue: secrets{
			datadogSecret: {"api_key": s.Keys.API, "app_key": s.Keys.App},
			webhookSecret: {"token": s.Token},
		}.get,
	}
}

// secrets are the contents of secrets by name. They have no other version.
type secrets map[string]map[string]string

// get is a secret.GetSecretValue.
func (s secrets) get(_ context.Context, in *secretsmanager.GetSecretValueInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error) {
	members, ok := s[*in.SecretId]
	if !ok || *in.VersionStage != "AWSCURRENT" {
		return nil, &types.ResourceNotFoundException{}
	}
	content, err := json.Marshal(members)
	return &secretsmanager.GetSecretValueOutput{SecretBinary: content}, err
}
