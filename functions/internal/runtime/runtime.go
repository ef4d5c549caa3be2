// Package runtime gives a function what every function needs: its configuration, a
// logger, AWS, and a Datadog client whose keys are in Secrets Manager.
package runtime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go/logging"
	"github.com/caarlos0/env/v11"

	"boomerang/shared/config"
	"boomerang/shared/datadog"
	"boomerang/shared/fault"
	"boomerang/shared/secret"
	"boomerang/shared/telemetry"
)

// Environment is what the process around a function provides.
type Environment struct {
	Variables map[string]string
	AWS       aws.Config
	Logger    *slog.Logger
	// GetSecretValue is Secrets Manager's, or a replacement for local runs.
	GetSecretValue secret.GetSecretValue

	err error // why AWS is not configured
}

// FromLambda reads the environment of this process. Open reports what is wrong with it.
func FromLambda(ctx context.Context) Environment {
	e := Environment{Variables: env.ToMap(os.Environ()), Logger: telemetry.NewLogger()}
	e.AWS, e.err = loadAWS(ctx, e.Logger)
	e.GetSecretValue = secretsmanager.NewFromConfig(e.AWS).GetSecretValue
	return e
}

// loadAWS also checks the region, which the SDK misses only at the first call. The SDK
// logs through our logger because its own lines are not JSON.
func loadAWS(ctx context.Context, logger *slog.Logger) (aws.Config, error) {
	cfg, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithLogger(sdkLogger(logger)))
	if err != nil {
		return aws.Config{}, fmt.Errorf("read the AWS configuration: %w", err)
	}
	if cfg.Region == "" {
		return aws.Config{}, errors.New("read the AWS configuration: AWS_REGION is not set")
	}
	return cfg, nil
}

func sdkLogger(logger *slog.Logger) logging.Logger {
	return logging.LoggerFunc(func(class logging.Classification, format string, v ...any) {
		level := slog.LevelDebug
		if class == logging.Warn {
			level = slog.LevelWarn
		}
		logger.Log(context.Background(), level, "AWS SDK: "+fmt.Sprintf(format, v...))
	})
}

// Runtime is an environment with Datadog, whose keys are in Secrets Manager.
type Runtime struct {
	Environment
	Secrets *secret.Store
	Keys    *secret.Cache[secret.DatadogKeys]
	Datadog *datadog.Client
}

// Open reads a function's configuration and starts to fetch the Datadog keys in the
// background. It reports all problems of the environment together.
func Open[F interface {
	config.Function
	Base() config.Datadog
}](ctx context.Context, e Environment) (F, *Runtime, error) {
	cfg, err := config.Load[F](e.Variables)
	if err = errors.Join(err, e.err); err != nil {
		return cfg, nil, err
	}
	base, r := cfg.Base(), &Runtime{Environment: e}
	r.Secrets = secret.NewStore(r.GetSecretValue, r.SecretFailed)
	r.Keys = secret.NewDatadogKeys(r.GetSecretValue, base.DatadogSecretARN, r.SecretFailed)
	r.Keys.Start(ctx)
	r.Datadog, err = datadog.New(datadog.Config{Site: base.Site, BaseURL: base.APIURL}, keySource{r.Keys})
	return cfg, r, err
}

// SecretFailed logs a secret that cannot be fetched.
func (r *Runtime) SecretFailed(ctx context.Context, err error) {
	r.Logger.WarnContext(ctx, "cannot fetch a secret", slog.String("error", err.Error()))
}

// secretsTimeout bounds the wait for secrets at the start. A longer wait helps no
// alert: without the token a request is answered 503, without the keys it is queued.
const secretsTimeout = 3 * time.Second

// WaitForSecrets reports all secrets that are wrong. A temporary error does not stop
// the start.
func WaitForSecrets(ctx context.Context, secrets ...interface{ Ready(context.Context) error }) error {
	ctx, cancel := context.WithTimeout(ctx, secretsTimeout)
	defer cancel()
	var problems []error
	for _, s := range secrets {
		if err := s.Ready(ctx); err != nil && !fault.IsTemporary(err) {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}
