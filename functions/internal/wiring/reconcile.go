package wiring

import (
	"context"
	"log/slog"

	reconcile "boomerang/functions/reconcile/handler"
	"boomerang/shared/config"
	"boomerang/shared/ledger"
	"boomerang/shared/queue"
)

// Reconcile returns the handler of functions/reconcile.
func Reconcile(ctx context.Context, environ map[string]string, logger *slog.Logger) (*reconcile.Handler, error) {
	cfg, err := config.Load[config.Reconcile](environ)
	if err != nil {
		return nil, err
	}
	b, err := newBase(ctx, cfg.Datadog, logger)
	if err != nil {
		return nil, err
	}
	if err := ready(ctx, b.keysReady); err != nil {
		return nil, err
	}
	table := ledger.New(newTable(b.aws), cfg.LedgerTable, ledger.Options{})
	return reconcile.New(reconcile.Config{
		WebhookName: cfg.WebhookName,
		Stream:      b.datadog, Monitors: b.datadog,
		Ledger: table, Bookmark: table,
		Queue:  queue.New(newMessages(b.aws), cfg.RedeliveryQueueURL),
		Logger: logger,
	}), nil
}
