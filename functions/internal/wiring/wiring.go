// Package wiring puts the rooms together: from a function's environment to the
// handler that it starts. It builds only the clients that the environment asks
// for, because each costs milliseconds of every cold start.
package wiring

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	redeliver "boomerang/functions/redeliver/handler"
	webhook "boomerang/functions/webhook/handler"
	"boomerang/shared/config"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/httpapi"
	"boomerang/shared/enrich/lookup"
	"boomerang/shared/enrich/registry"
	"boomerang/shared/fault"
	"boomerang/shared/ledger"
	"boomerang/shared/pipeline"
	"boomerang/shared/playbook"
	"boomerang/shared/queue"
	"boomerang/shared/secret"
)

// secretsPatience is how long a start waits for the secrets. They are usually
// there in a tenth of it; a start that waits longer would only move the waiting,
// since an alert can be answered with 503 or queued without them.
const secretsPatience = 3 * time.Second

// Webhook returns the handler of functions/webhook. The error says what to
// change in the environment or in a secret.
func Webhook(ctx context.Context, environ map[string]string, logger *slog.Logger) (*webhook.Handler, error) {
	cfg, err := config.Load[config.Webhook](environ)
	if err != nil {
		return nil, err
	}
	b, err := newBase(ctx, cfg.Datadog, logger)
	if err != nil {
		return nil, err
	}
	tokens := secret.NewTokens(b.secrets, cfg.WebhookSecretARN, b.secretOptions())
	tokens.Start(ctx)
	p, err := b.pipeline(ctx, cfg.Pipeline)
	if err != nil {
		return nil, err
	}
	if err := ready(ctx, tokens.Ready, b.keysReady); err != nil {
		return nil, err
	}
	run := p.Run
	if cfg.Intake == config.Queue {
		run = p.Enqueue
	}
	return webhook.New(webhook.Config{Tokens: tokens, Run: run, DryRun: p.DryRun, Logger: logger}), nil
}

// Redeliver returns the handler of functions/redeliver.
func Redeliver(ctx context.Context, environ map[string]string, logger *slog.Logger) (*redeliver.Handler, error) {
	cfg, err := config.Load[config.Redeliver](environ)
	if err != nil {
		return nil, err
	}
	b, err := newBase(ctx, cfg.Datadog, logger)
	if err != nil {
		return nil, err
	}
	p, err := b.pipeline(ctx, cfg.Pipeline)
	if err != nil {
		return nil, err
	}
	if err := ready(ctx, b.keysReady); err != nil {
		return nil, err
	}
	conf := redeliver.Config{Redeliver: p.Redeliver, Logger: logger}
	if cfg.DeadLetterQueueURL != "" {
		conf.DeadLetters = queue.New(newMessages(b.aws), cfg.DeadLetterQueueURL)
	}
	return redeliver.New(conf), nil
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

// ready waits for the secrets, and reports those that are wrong together. What
// may pass does not stop the start: without the token a request is answered 503,
// without the keys an alert is queued.
func ready(ctx context.Context, secrets ...func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, secretsPatience)
	defer cancel()
	var wrong []error
	for _, wait := range secrets {
		if err := wait(ctx); err != nil && !fault.IsTemporary(err) {
			wrong = append(wrong, err)
		}
	}
	return errors.Join(wrong...)
}

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
