package wiring

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awscredentials "github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go/logging"
)

// loadAWS makes the SDK's configuration of a function's environment, where Lambda
// puts the region and the credentials of the role
// (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html). The
// SDK's own loader looks for them in profiles, in single sign-on, in web identities
// and at EC2's address as well, and brings along a client for each: 2 MB that no
// function has a use for, and a millisecond of every cold start before main begins.
// What the SDK says goes into our log: by itself it writes lines that are no JSON.
func loadAWS(e environment, logger *slog.Logger) (aws.Config, error) {
	attempts, mode, err := e.retries()
	ignore, _, ignoreErr := e.flag(ignoreEndpoints)
	_, _, fipsErr := e.flag(useFIPS)
	_, _, dualStackErr := e.flag(useDualStack)
	if err := errors.Join(e.missing(), err, ignoreErr, fipsErr, dualStackErr); err != nil {
		return aws.Config{}, fmt.Errorf("read the AWS configuration: %w", err)
	}
	cfg := aws.Config{
		Region: e.region(),
		// One for all clients, as the SDK's loader has it, so that they share connections.
		HTTPClient:            awshttp.NewBuildableClient(),
		Credentials:           awscredentials.NewStaticCredentialsProvider(e["AWS_ACCESS_KEY_ID"], e["AWS_SECRET_ACCESS_KEY"], e["AWS_SESSION_TOKEN"]),
		RetryMaxAttempts:      attempts,
		RetryMode:             mode,
		AccountIDEndpointMode: aws.AccountIDEndpointModePreferred,
		ConfigSources:         []any{e},
		Logger: logging.LoggerFunc(func(kind logging.Classification, format string, v ...any) {
			level := slog.LevelDebug
			if kind == logging.Warn {
				level = slog.LevelWarn
			}
			logger.Log(context.Background(), level, "the AWS SDK: "+fmt.Sprintf(format, v...))
		}),
	}
	if address := e["AWS_ENDPOINT_URL"]; address != "" && !ignore {
		cfg.BaseEndpoint = &address
	}
	return cfg, nil
}

// environment is a function's, with what the SDK understands of it: the settings in
// https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html that have
// to do with where a service is, and how often it is asked. The SDK's clients look
// for the methods with upper-case names.
type environment map[string]string

const (
	useFIPS         = "AWS_USE_FIPS_ENDPOINT"
	useDualStack    = "AWS_USE_DUALSTACK_ENDPOINT"
	ignoreEndpoints = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"
)

func (e environment) region() string {
	if region := e["AWS_REGION"]; region != "" {
		return region
	}
	return e["AWS_DEFAULT_REGION"]
}

// missing tells what is not there before any call fails over it.
func (e environment) missing() error {
	var all []error
	if e.region() == "" {
		all = append(all, errors.New("AWS_REGION is not set"))
	}
	if e["AWS_ACCESS_KEY_ID"] == "" || e["AWS_SECRET_ACCESS_KEY"] == "" {
		all = append(all, errors.New("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set: Lambda sets them, elsewhere do so"))
	}
	return errors.Join(all...)
}

func (e environment) retries() (attempts int, mode aws.RetryMode, err error) {
	if value := e["AWS_MAX_ATTEMPTS"]; value != "" {
		attempts, err = strconv.Atoi(value)
		if err != nil || attempts < 1 {
			err = fmt.Errorf("AWS_MAX_ATTEMPTS is %q, which is no number above zero", value)
		}
	}
	if value := e["AWS_RETRY_MODE"]; value != "" {
		var wrong error
		mode, wrong = aws.ParseRetryMode(value)
		if wrong != nil {
			err = errors.Join(err, fmt.Errorf("AWS_RETRY_MODE is %q, which is neither standard nor adaptive", value))
		}
	}
	return attempts, mode, err
}

func (e environment) flag(name string) (on, found bool, err error) {
	value := e[name]
	switch {
	case value == "":
		return false, false, nil
	case strings.EqualFold(value, "true"), strings.EqualFold(value, "false"):
		return strings.EqualFold(value, "true"), true, nil
	}
	return false, false, fmt.Errorf("%s is %q, which is neither true nor false", name, value)
}

// GetServiceBaseEndpoint says where a service is, by its SDK ID.
func (e environment) GetServiceBaseEndpoint(_ context.Context, sdkID string) (address string, found bool, _ error) {
	address = e["AWS_ENDPOINT_URL_"+strings.ReplaceAll(strings.ToUpper(sdkID), " ", "_")]
	return address, address != "", nil
}

// GetIgnoreConfiguredEndpoints says whether no address but the SDK's own counts.
func (e environment) GetIgnoreConfiguredEndpoints(context.Context) (ignore, found bool, _ error) {
	return e.flag(ignoreEndpoints)
}

// GetUseFIPSEndpoint says whether only validated cryptography will do.
func (e environment) GetUseFIPSEndpoint(context.Context) (aws.FIPSEndpointState, bool, error) {
	on, found, err := e.flag(useFIPS)
	if on {
		return aws.FIPSEndpointStateEnabled, found, err
	}
	return aws.FIPSEndpointStateDisabled, found, err
}

// GetUseDualStackEndpoint says whether a service is to be reached by IPv6 as well.
func (e environment) GetUseDualStackEndpoint(context.Context) (aws.DualStackEndpointState, bool, error) {
	on, found, err := e.flag(useDualStack)
	if on {
		return aws.DualStackEndpointStateEnabled, found, err
	}
	return aws.DualStackEndpointStateDisabled, found, err
}
