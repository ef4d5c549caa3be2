// Package alerting builds the alert pipeline from a function's configuration, for
// the functions that take alerts.
package alerting

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"boomerang/functions/internal/runtime"
	"boomerang/shared/config"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/httpapi"
	"boomerang/shared/enrich/lookup"
	"boomerang/shared/enrich/registry"
	"boomerang/shared/ledger"
	"boomerang/shared/pipeline"
	"boomerang/shared/playbook"
	"boomerang/shared/queue"
)

// New opens a connection to Datadog in the background, which saves the first alert a
// TLS handshake.
func New(ctx context.Context, r *runtime.Runtime, cfg config.Pipeline) (*pipeline.Pipeline, error) {
	go r.Datadog.Connect(ctx)
	playbooks, err := Playbooks(cfg.PlaybooksFile, registry.Kinds(registry.Deps{
		Datadog: r.Datadog, Site: cfg.Site, Tables: Tables(cfg.PlaybooksFile), HTTP: httpapi.NewClient(),
		Secrets: r.Secrets, Functions: lambda.NewFromConfig(r.AWS),
	}))
	if err != nil {
		return nil, err
	}
	conf := pipeline.Config{
		Playbooks:    playbooks,
		WebhookName:  cfg.WebhookName,
		EnrichBudget: cfg.EnrichBudget,
		Poster:       r.Datadog,
		Stream:       r.Datadog,
	}
	if cfg.RedeliveryQueueURL != "" {
		conf.Queue = queue.New(sqs.NewFromConfig(r.AWS), cfg.RedeliveryQueueURL)
	}
	if cfg.LedgerTable == "" {
		r.Logger.Warn("LEDGER_TABLE is not set: an alert that Datadog delivers twice is posted twice")
		return pipeline.New(conf), nil
	}
	table := ledger.New(dynamodb.NewFromConfig(r.AWS), cfg.LedgerTable)
	conf.Ledger, conf.Cycles, conf.History, conf.Storms = table, table, table, table
	return pipeline.New(conf), nil
}

// Playbooks loads a playbook file, or the embedded playbooks if path is empty.
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

// Tables returns the lookup tables beside a playbook file.
func Tables(path string) *lookup.Tables { return lookup.NewTables(os.DirFS(filepath.Dir(path))) }
