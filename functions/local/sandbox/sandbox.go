// Package sandbox is what surrounds a function on this machine: a fake of Datadog with a
// scenario that fits the alert, and fixed secrets.
package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"boomerang/functions/internal/runtime"
	"boomerang/shared/datadog"
	"boomerang/shared/fakedatadog"
)

// Token is what the local webhook accepts.
const Token = "local-token"

// Sandbox is a running fake of Datadog.
type Sandbox struct {
	Datadog *fakedatadog.Server
	URL     string // of the fake
	Live    bool   // whether the function uses the real Datadog instead
	Keys    Keys   // of the fake, or the user's if live
	stop    func()
}

// Start starts the fake on a free port. If live, the keys are those of the variables.
func Start(variables map[string]string, live bool, now func() time.Time) (*Sandbox, error) {
	keys := Keys{API: fakedatadog.DefaultAPIKey, App: fakedatadog.DefaultAppKey}
	if live {
		keys = Keys{API: variables["DD_API_KEY"], App: variables["DD_APP_KEY"]}
		if keys.API == "" || keys.App == "" {
			return nil, errors.New("LIVE=1 uses the real Datadog: set DD_API_KEY, DD_APP_KEY and, unless it is datadoghq.com, DD_SITE")
		}
	}
	server := fakedatadog.New(fakedatadog.Options{APIKey: keys.API, AppKey: keys.App, Now: now})
	url, stop, err := Serve("127.0.0.1:0", server)
	if err != nil {
		return nil, err
	}
	return &Sandbox{Datadog: server, URL: url, Live: live, Keys: keys, stop: stop}, nil
}

// Close stops the fake.
func (s *Sandbox) Close() { s.stop() }

// Serve serves HTTP at an address until stop is called.
func Serve(address string, h http.Handler) (url string, stop func(), err error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", nil, fmt.Errorf("cannot serve on %s: %w", address, err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	return "http://" + listener.Addr().String(), func() { _ = server.Close() }, nil
}

// Keys are Datadog keys that do not change.
type Keys datadog.Keys

// Keys implements datadog.Credentials.
func (k Keys) Keys(context.Context) (datadog.Keys, error) { return datadog.Keys(k), nil }

// Renew implements datadog.Credentials.
func (k Keys) Renew(context.Context, datadog.Keys) (datadog.Keys, error) { return datadog.Keys(k), nil }

const (
	datadogSecret = "local/datadog"
	webhookSecret = "local/webhook"
)

// Environment returns the function's environment: the user's variables, with the fake in
// the place of Datadog, and without queue and ledger. The fake rejects calls to AWS.
func (s *Sandbox) Environment(variables map[string]string, logger *slog.Logger) runtime.Environment {
	all := map[string]string{}
	maps.Copy(all, variables)
	maps.Copy(all, map[string]string{"DATADOG_SECRET_ARN": datadogSecret, "WEBHOOK_SECRET_ARN": webhookSecret, "LEDGER_TABLE": "", "REDELIVERY_QUEUE_URL": ""})
	if !s.Live {
		all["DATADOG_API_URL"] = s.URL
	}
	return runtime.Environment{
		Variables: all, Logger: logger,
		AWS: aws.Config{Region: "us-east-1", BaseEndpoint: &s.URL, Credentials: credentials.NewStaticCredentialsProvider("local", "local", "")},
		SecretsManager: secrets{
			datadogSecret: {"api_key": s.Keys.API, "app_key": s.Keys.App},
			webhookSecret: {"token": Token},
		},
	}
}

// secrets are the contents of secrets by name. They have no other version.
type secrets map[string]map[string]string

// GetSecretValue implements secret.Client.
func (s secrets) GetSecretValue(_ context.Context, in *secretsmanager.GetSecretValueInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error) {
	members, ok := s[*in.SecretId]
	if !ok || *in.VersionStage != "AWSCURRENT" {
		return nil, &types.ResourceNotFoundException{}
	}
	content, err := json.Marshal(members)
	return &secretsmanager.GetSecretValueOutput{SecretBinary: content}, err
}
