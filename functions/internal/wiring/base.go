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
}

// base begins to fetch the keys, beside whatever else a start does.
func (p Process) base(ctx context.Context, account aws.Config, cfg config.Datadog) (_ *base, err error) {
	b := &base{aws: account, secrets: newSecrets(account), logger: p.Logger}
	b.keys = secret.NewDatadogKeys(b.secrets, cfg.DatadogSecretARN, b.secretOptions())
	b.keys.Start(ctx)
	b.datadog, err = datadog.New(datadog.Config{Site: cfg.Site, BaseURL: cfg.APIURL}, credentials{b.keys})
	return b, err
}

func (b *base) secretOptions() secret.Options {
	return secret.Options{Failed: func(ctx context.Context, err error) {
		b.logger.WarnContext(ctx, "a secret could not be fetched", slog.String("error", err.Error()))
	}}
}

func (b *base) vault() *secret.Vault { return secret.NewVault(b.secrets, b.secretOptions()) }
