// Package wiring puts the rooms together: from a function's environment to the
// handler that it starts. It builds only the clients that the environment asks
// for, because each costs milliseconds of every cold start.
package wiring

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/aws/aws-lambda-go/events"

	redeliver "boomerang/functions/redeliver/handler"
	webhook "boomerang/functions/webhook/handler"
	"boomerang/shared/config"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/httpapi"
	"boomerang/shared/enrich/lookup"
	"boomerang/shared/enrich/registry"
	"boomerang/shared/ledger"
	"boomerang/shared/pipeline"
	"boomerang/shared/playbook"
	"boomerang/shared/queue"
	"boomerang/shared/secret"
)

// Webhook returns the handler of functions/webhook. The error says what to
// change in the environment.
func (p Process) Webhook(ctx context.Context) (Handle[events.LambdaFunctionURLRequest, events.LambdaFunctionURLResponse], error) {
	cfg, account, err := load[config.Webhook](p)
	if err != nil {
		return nil, err
	}
	return start(p, cfg.Pipeline, func() (Handle[events.LambdaFunctionURLRequest, events.LambdaFunctionURLResponse], error) {
		b, err := p.base(ctx, account, cfg.Datadog)
		if err != nil {
			return nil, err
		}
		tokens := secret.NewTokens(b.secrets, cfg.WebhookSecretARN, b.secretOptions())
		tokens.Start(ctx)
		alerts, err := b.pipeline(ctx, cfg.Pipeline)
		if err != nil {
			return nil, err
		}
		run := alerts.Run
		if cfg.Intake == config.Queue {
			run = alerts.Enqueue
		}
		h := webhook.New(webhook.Config{Tokens: tokens, Run: run, DryRun: alerts.DryRun, Logger: p.Logger})
		return h.Handle, ready(ctx, tokens, b.keys)
	})
}

// Redeliver returns the handler of functions/redeliver.
func (p Process) Redeliver(ctx context.Context) (Handle[events.SQSEvent, events.SQSEventResponse], error) {
	cfg, account, err := load[config.Redeliver](p)
	if err != nil {
		return nil, err
	}
	return start(p, cfg.Pipeline, func() (Handle[events.SQSEvent, events.SQSEventResponse], error) {
		b, err := p.base(ctx, account, cfg.Datadog)
		if err != nil {
			return nil, err
		}
		alerts, err := b.pipeline(ctx, cfg.Pipeline)
		if err != nil {
			return nil, err
		}
		conf := redeliver.Config{Redeliver: alerts.Redeliver, Logger: p.Logger}
		if cfg.DeadLetterQueueURL != "" {
			conf.DeadLetters = queue.New(newMessages(b.aws), cfg.DeadLetterQueueURL)
		}
		return redeliver.New(conf).Handle, ready(ctx, b.keys)
	})
}

func (b *base) pipeline(ctx context.Context, cfg config.Pipeline) (*pipeline.Pipeline, error) {
	go b.datadog.Connect(ctx)
	playbooks, err := Playbooks(cfg.PlaybooksFile, registry.Kinds(registry.Deps{
		Datadog: b.datadog, Site: cfg.Site, Tables: Tables(cfg.PlaybooksFile), HTTP: httpapi.NewClient(),
		Secrets: b.vault(), Functions: newFunctions(b.aws),
	}))
	if err != nil {
		return nil, err
	}
	conf := pipeline.Config{
		Playbooks:    playbooks,
		WebhookName:  cfg.WebhookName,
		EnrichBudget: cfg.EnrichBudget,
		Poster:       b.datadog,
		Stream:       b.datadog,
	}
	if cfg.RedeliveryQueueURL != "" {
		conf.Queue = queue.New(newMessages(b.aws), cfg.RedeliveryQueueURL)
	}
	if cfg.LedgerTable != "" {
		items := newTable(b.aws)
		go items.connect(ctx, cfg.LedgerTable)
		table := ledger.New(items, cfg.LedgerTable, ledger.Options{})
		conf.Ledger, conf.Storms = table, table
	} else {
		b.logger.Warn("LEDGER_TABLE is not set: an alert that Datadog delivers twice is posted twice")
	}
	return pipeline.New(conf), nil
}

// Playbooks loads the playbook file, or the embedded one where path is empty.
func Playbooks(path string, kinds []enrich.Kind) (*playbook.Book, error) {
	if path == "" {
		return playbook.Default(kinds)
	}
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("PLAYBOOKS_FILE: %w", err)
	}
	return playbook.Load(path, source, kinds)
}

// Tables are those beside a playbook file.
func Tables(path string) *lookup.Tables { return lookup.NewTables(os.DirFS(filepath.Dir(path))) }

// credentials hands Secrets Manager's keys to the Datadog client.
type credentials struct {
	cache *secret.Cache[secret.DatadogKeys]
}

func (c credentials) Keys(ctx context.Context) (datadog.Keys, error) {
	keys, err := c.cache.Get(ctx)
	return reveal(keys), err
}

func (c credentials) Renew(ctx context.Context, stale datadog.Keys) (datadog.Keys, error) {
	seen := secret.DatadogKeys{API: secret.NewText(stale.API), App: secret.NewText(stale.App)}
	keys, err := c.cache.Refresh(ctx, seen)
	return reveal(keys), err
}

func reveal(keys secret.DatadogKeys) datadog.Keys {
	return datadog.Keys{API: keys.API.Reveal(), App: keys.App.Reveal()}
}
