// Package alerting builds the alert pipeline from a function's configuration, for
// the functions that take alerts.
package alerting

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

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
	deps := registry.Deps{
		Datadog: r.Datadog, Site: cfg.Site, HTTP: httpapi.NewClient(), Secrets: r.Secrets, Invoke: lambda.NewFromConfig(r.AWS).Invoke,
	}
	playbooks, err := Playbooks(cfg.PlaybooksFile, func(file string) []enrich.Kind {
		deps.Tables = Tables(file)
		return registry.Kinds(deps)
	})
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
	conf.Ledger, conf.Cycles, conf.History, conf.Storms, conf.Progress = table, table, table, table, table
	conf.Actions, conf.Kept = table, table
	if cfg.FollowUpQueueURL != "" {
		conf.FollowUps = queue.NewFollowUps(sqs.NewFromConfig(r.AWS), cfg.FollowUpQueueURL)
	}
	return pipeline.New(conf), nil
}

// Playbooks loads playbook files, or the deployed playbooks if there is no file. Colons are
// between the files. Each has its own kinds of steps, with the tables beside it.
func Playbooks(files string, kinds func(file string) []enrich.Kind) (*playbook.Book, error) {
	switch files {
	case "":
		return playbook.Deployed(folder(""), kinds(""))
	case playbook.DefaultFile:
		return playbook.Default(kinds(files))
	}
	var books []*playbook.Book
	taken := map[string]bool{}
	for _, file := range filepath.SplitList(files) {
		source, err := fs.ReadFile(folder(file), filepath.Base(file))
		if err != nil {
			return nil, fmt.Errorf("PLAYBOOKS_FILE=%s: %w", file, err)
		}
		book, err := playbook.Load(file, source, kinds(file))
		if err != nil {
			return nil, err
		}
		for name := range book.Names() {
			if taken[name] {
				return nil, fmt.Errorf("%s: there is another playbook %q: rename one of them", file, name)
			}
			taken[name] = true
		}
		books = append(books, book)
	}
	return playbook.Join(books[0], books[1:]...), nil
}

// Tables returns the lookup tables beside a playbook file, or those beside the deployed
// playbooks if path is empty.
func Tables(path string) *lookup.Tables { return lookup.NewTables(folder(path)) }

// folder returns the folder of a playbook file. What is in own/ is embedded.
func folder(file string) fs.FS {
	if file == "" {
		file = playbook.OwnFolder + "/"
	}
	if !strings.HasPrefix(file, playbook.OwnFolder+"/") {
		return os.DirFS(filepath.Dir(file))
	}
	embedded, err := fs.Sub(playbook.Own, path.Dir(file))
	if err != nil {
		return embed.FS{} // The path leads out of the folder.
	}
	return embedded
}
