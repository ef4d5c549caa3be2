package wiring

import (
	"context"

	reconcile "boomerang/functions/reconcile/handler"
	"boomerang/shared/config"
	"boomerang/shared/ledger"
	"boomerang/shared/queue"
)

// Reconcile returns the handler of functions/reconcile.
func (p Process) Reconcile(ctx context.Context) (*reconcile.Handler, error) {
	cfg, account, err := load[config.Reconcile](p)
	if err != nil {
		return nil, err
	}
	b, err := p.base(ctx, account, cfg.Datadog)
	if err != nil {
		return nil, err
	}
	if err := ready(ctx, b.keys); err != nil {
		return nil, err
	}
	table := ledger.New(newTable(b.aws), cfg.LedgerTable, ledger.Options{})
	return reconcile.New(reconcile.Config{
		WebhookName: cfg.WebhookName,
		Stream:      b.datadog, Monitors: b.datadog,
		Ledger: table, Bookmark: table,
		Queue:  queue.New(newMessages(b.aws), cfg.RedeliveryQueueURL),
		Logger: p.Logger,
	}), nil
}
