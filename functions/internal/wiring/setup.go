package wiring

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"boomerang/functions/setup/handler"
	"boomerang/functions/setup/installation"
	"boomerang/shared/config"
	"boomerang/shared/secret"
)

// Setup returns the handler of functions/setup. It never fails: whoever waits for
// this function has to be told why it cannot work, and only the handler can tell.
func (p Process) Setup(ctx context.Context) *handler.Handler {
	h, err := p.newSetup(ctx)
	if err != nil {
		return handler.Broken(err, p.Logger)
	}
	return h
}

func (p Process) newSetup(ctx context.Context) (*handler.Handler, error) {
	cfg, account, err := load[config.Setup](p)
	if err != nil {
		return nil, err
	}
	b, err := p.base(ctx, account, cfg.Datadog)
	if err != nil {
		return nil, err
	}
	return handler.New(handler.Config{
		Installer:   installation.New(b.datadog),
		Tokens:      secret.NewRotation(newVersions(b.aws), cfg.WebhookSecretARN),
		TokenSecret: cfg.WebhookSecretARN, WebhookName: cfg.WebhookName,
		Logger: p.Logger,
	}), nil
}

// versions is what a rotation needs of *secretsmanager.Client.
type versions struct {
	secrets
	putSecretValue           operation[secretsmanager.PutSecretValueInput, secretsmanager.PutSecretValueOutput, secretsmanager.Options]
	updateSecretVersionStage operation[secretsmanager.UpdateSecretVersionStageInput, secretsmanager.UpdateSecretVersionStageOutput, secretsmanager.Options]
}

func newVersions(cfg aws.Config) versions {
	c := secretsmanager.NewFromConfig(cfg)
	return versions{c.GetSecretValue, c.PutSecretValue, c.UpdateSecretVersionStage}
}

func (v versions) PutSecretValue(ctx context.Context, in *secretsmanager.PutSecretValueInput, o ...func(*secretsmanager.Options)) (*secretsmanager.PutSecretValueOutput, error) {
	return v.putSecretValue(ctx, in, o...)
}

func (v versions) UpdateSecretVersionStage(ctx context.Context, in *secretsmanager.UpdateSecretVersionStageInput, o ...func(*secretsmanager.Options)) (*secretsmanager.UpdateSecretVersionStageOutput, error) {
	return v.updateSecretVersionStage(ctx, in, o...)
}
