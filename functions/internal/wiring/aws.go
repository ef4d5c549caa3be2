package wiring

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/logging"
)

// loadAWS reads the SDK's configuration out of a function's environment, where
// Lambda puts the region and the credentials of the role
// (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html). The
// SDK's own loader looks for them in profiles, in single sign-on, in web
// identities and at EC2's address as well: 2 MB that no function has a use for.
// What the SDK says goes into our log: by itself it writes lines that are no JSON.
func loadAWS(environ map[string]string, logger *slog.Logger) (aws.Config, error) {
	env := environment(environ)
	attempts, attemptsErr := env.attempts()
	mode, modeErr := env.retryMode()
	if err := errors.Join(env.complete(), attemptsErr, modeErr); err != nil {
		return aws.Config{}, fmt.Errorf("read the AWS configuration: %w", err)
	}
	cfg := aws.Config{
		Region:                env.region(),
		Credentials:           env,
		RetryMaxAttempts:      attempts,
		RetryMode:             mode,
		AccountIDEndpointMode: aws.AccountIDEndpointModePreferred,
		ConfigSources:         []any{env},
		Logger: logging.LoggerFunc(func(kind logging.Classification, format string, v ...any) {
			level := slog.LevelDebug
			if kind == logging.Warn {
				level = slog.LevelWarn
			}
			logger.Log(context.Background(), level, "the AWS SDK: "+fmt.Sprintf(format, v...))
		}),
	}
	if url := env[endpointVariable]; url != "" {
		cfg.BaseEndpoint = &url
	}
	return cfg, nil
}

// environment tells the SDK what it wants to know, by the names that it has for
// the variables
// (https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html). Its
// exported methods are those that the SDK's clients look for in ConfigSources.
type environment map[string]string

const endpointVariable = "AWS_ENDPOINT_URL"

func (e environment) region() string { return cmp.Or(e["AWS_REGION"], e["AWS_DEFAULT_REGION"]) }

// complete tells what is missing before any call fails over it.
func (e environment) complete() error {
	var missing []error
	if e.region() == "" {
		missing = append(missing, errors.New("AWS_REGION is not set"))
	}
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		if e[name] == "" {
			missing = append(missing, errors.New(name+" is not set: Lambda sets it, elsewhere do so"))
		}
	}
	return errors.Join(missing...)
}

// Retrieve returns the role's credentials, which last as long as the environment.
func (e environment) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{
		AccessKeyID:     e["AWS_ACCESS_KEY_ID"],
		SecretAccessKey: e["AWS_SECRET_ACCESS_KEY"],
		SessionToken:    e["AWS_SESSION_TOKEN"],
		AccountID:       e["AWS_ACCOUNT_ID"],
		Source:          "environment",
	}, nil
}

func (e environment) attempts() (int, error) {
	text := e["AWS_MAX_ATTEMPTS"]
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("AWS_MAX_ATTEMPTS is %q: write a whole number above zero", text)
	}
	return n, nil
}

func (e environment) retryMode() (aws.RetryMode, error) {
	text := e["AWS_RETRY_MODE"]
	if text == "" {
		return "", nil
	}
	mode, err := aws.ParseRetryMode(text)
	if err != nil {
		return "", fmt.Errorf("AWS_RETRY_MODE is %q: write standard or adaptive", text)
	}
	return mode, nil
}

// GetServiceBaseEndpoint returns the address that stands in for one service's.
func (e environment) GetServiceBaseEndpoint(_ context.Context, service string) (string, bool, error) {
	url := e[endpointVariable+"_"+strings.ToUpper(strings.ReplaceAll(service, " ", "_"))]
	return url, url != "", nil
}

// GetUseFIPSEndpoint reports whether endpoints are to be validated ones, as
// governments want them.
func (e environment) GetUseFIPSEndpoint(context.Context) (aws.FIPSEndpointState, bool, error) {
	return aws.FIPSEndpointStateEnabled, strings.EqualFold(e["AWS_USE_FIPS_ENDPOINT"], "true"), nil
}

// GetUseDualStackEndpoint reports whether endpoints are to have IPv6 addresses.
func (e environment) GetUseDualStackEndpoint(context.Context) (aws.DualStackEndpointState, bool, error) {
	return aws.DualStackEndpointStateEnabled, strings.EqualFold(e["AWS_USE_DUALSTACK_ENDPOINT"], "true"), nil
}
