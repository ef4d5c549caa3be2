package wiring

import (
	"context"
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/aws"

	"boomerang/shared/config"
	"boomerang/shared/datadog"
	"boomerang/shared/secret"
)

// base is what every function is built on: AWS, and Datadog with the keys that a
// secret holds.
type base struct {
	aws     aws.Config
	secrets secrets
	keys    *secret.Cache[secret.DatadogKeys]
	datadog *datadog.Client
	logger  *slog.Logger
	// connects open what the first alert is going to need.
	connects []func(context.Context)
}

func (p Process) base(cfg config.Datadog) (*base, error) {
	aws, err := loadAWS(p.Environ, p.Logger)
	if err != nil {
		return nil, err
	}
	b := &base{aws: aws, secrets: newSecrets(aws), logger: p.Logger}
	b.keys = secret.NewDatadogKeys(b.secrets, cfg.DatadogSecretARN, b.secretOptions())
	b.datadog, err = datadog.New(datadog.Config{Site: cfg.Site, BaseURL: cfg.APIURL}, credentials{b.keys})
	return b, err
}

func (b *base) secretOptions() secret.Options {
	return secret.Options{Failed: func(ctx context.Context, err error) {
		b.logger.WarnContext(ctx, "a secret could not be fetched", slog.String("error", err.Error()))
	}}
}

func (b *base) vault() *secret.Vault { return secret.NewVault(b.secrets, b.secretOptions()) }
