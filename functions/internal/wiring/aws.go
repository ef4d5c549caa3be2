package wiring

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	awscredentials "github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go/logging"
)

// loadAWS reads the SDK's configuration out of a function's environment, where
// Lambda puts the region and the credentials of the role
// (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html). The
// SDK's whole loader looks for them in profiles, in single sign-on, in web
// identities and at EC2's address as well: 2 MB that no function has a use for.
// What the SDK says goes into our log: by itself it writes lines that are no JSON.
func loadAWS(logger *slog.Logger) (aws.Config, error) {
	env, err := awsconfig.NewEnvConfig()
	if err = errors.Join(err, missing(env)); err != nil {
		return aws.Config{}, fmt.Errorf("read the AWS configuration: %w", err)
	}
	cfg := aws.Config{
		Region: env.Region,
		// One for all clients, as the SDK's loader has it, so that they share connections.
		HTTPClient:            awshttp.NewBuildableClient(),
		Credentials:           awscredentials.StaticCredentialsProvider{Value: env.Credentials},
		RetryMaxAttempts:      env.RetryMaxAttempts,
		RetryMode:             env.RetryMode,
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
	if env.BaseEndpoint != "" {
		cfg.BaseEndpoint = &env.BaseEndpoint
	}
	return cfg, nil
}

// missing tells what is not there before any call fails over it.
func missing(env awsconfig.EnvConfig) error {
	var all []error
	if env.Region == "" {
		all = append(all, errors.New("AWS_REGION is not set"))
	}
	if !env.Credentials.HasKeys() {
		all = append(all, errors.New("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set: Lambda sets them, elsewhere do so"))
	}
	return errors.Join(all...)
}
