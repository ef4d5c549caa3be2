package wiring

import (
	"context"
	"log/slog"

	reconcile "boomerang/functions/reconcile/handler"
	"boomerang/shared/config"
	"boomerang/shared/datadog"
	"boomerang/shared/ledger"
	"boomerang/shared/queue"
)

// Reconcile returns the handler of functions/reconcile.
func Reconcile(ctx context.Context, environ map[string]string, logger *slog.Logger) (*reconcile.Handler, error) {
	cfg, err := config.Load[config.Reconcile](environ)
	if err != nil {
		return nil, err
	}
	aws, err := loadAWS(logger)
	if err != nil {
		return nil, err
	}
	keys := startKeys(ctx, aws, cfg.DatadogSecretARN, logger)
	client, err := datadog.New(datadog.Config{Site: cfg.Site, BaseURL: cfg.APIURL}, credentials{keys})
	if err != nil {
		return nil, err
	}
	if err := ready(ctx, keysReady(keys)); err != nil {
		return nil, err
	}
	table := ledger.New(newTable(aws), cfg.LedgerTable, ledger.Options{})
	return reconcile.New(reconcile.Config{
		WebhookName: cfg.WebhookName,
		Stream:      client, Monitors: client,
		Ledger: table, Bookmark: table,
		Queue:  queue.New(newMessages(aws), cfg.RedeliveryQueueURL),
		Logger: logger,
	}), nil
}
