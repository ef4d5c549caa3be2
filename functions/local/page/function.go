package page

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"

	"boomerang/functions/internal/alerting"
	"boomerang/functions/internal/runtime"
	"boomerang/functions/local/dryrun"
	"boomerang/functions/local/functionurl"
	redeliver "boomerang/functions/redeliver/handler"
	webhook "boomerang/functions/webhook/handler"
	"boomerang/shared/alert"
	"boomerang/shared/config"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/httpapi"
	"boomerang/shared/enrich/registry"
	"boomerang/shared/pipeline"
	"boomerang/shared/playbook"
	"boomerang/shared/playbook/check"
	"boomerang/shared/queue"
	"boomerang/shared/secret"
)

// open builds webhook and redeliver as they are deployed, with a queue in memory between them.
func (p *Page) open(ctx context.Context) error {
	cfg, r, err := runtime.Open[config.Webhook](ctx, p.Environment)
	if err != nil {
		return err
	}
	tokens := secret.NewTokens(r.GetSecretValue, cfg.WebhookSecretARN, r.SecretFailed)
	tokens.Start(ctx)
	deployed, err := alerting.New(ctx, r, cfg.Pipeline)
	if err != nil {
		return err
	}
	if cfg.PlaybooksFile != playbook.DefaultFile {
		p.files = filepath.SplitList(cfg.PlaybooksFile)
	}
	deps := registry.Deps{
		Datadog: r.Datadog, Site: cfg.Site, HTTP: httpapi.NewLocalClient(), Secrets: r.Secrets, Invoke: awslambda.NewFromConfig(r.AWS).Invoke,
	}
	p.kinds = func(file string) []enrich.Kind {
		own := deps
		own.Tables = alerting.Tables(file)
		return registry.Kinds(own)
	}
	p.deployed = deployed.Config
	p.deployed.Queue, p.deployed.FollowUps = p.queue, p.queue
	p.deployed.Progress, _ = p.deployed.Ledger.(pipeline.Progress)
	giveUp := func(ctx context.Context, m queue.Message, o *pipeline.Outcome) { p.served.Load().GiveUp(ctx, m, o) }
	p.queue.worker = &redeliver.Handler{Redeliver: p.redeliver, GiveUp: giveUp, DeadLetters: p.queue, Logger: p.Environment.Logger}
	if err := p.use("", nil); err != nil {
		return err
	}
	h := &webhook.Handler{Tokens: tokens, Logger: p.Environment.Logger, Run: p.with((*pipeline.Pipeline).Run), DryRun: p.with((*pipeline.Pipeline).DryRun)}
	p.function = functionurl.Server{Function: lambda.NewHandler(h.Handle), Timeout: pipeline.RunTime}
	return runtime.WaitForSecrets(ctx, tokens, r.Keys)
}

// names are the files that can be edited.
func (p *Page) names() []string {
	if len(p.files) == 0 {
		return []string{playbook.DefaultFile}
	}
	return p.files
}

// pipeline is the deployed one with the playbooks in use, of which one file may be edited.
func (p *Page) pipeline(edited string, source []byte) (*pipeline.Pipeline, error) {
	c := p.deployed
	if edited == "" && len(p.files) == 0 {
		var err error
		c.Playbooks, err = alerting.Playbooks("", p.kinds)
		return pipeline.New(c), err
	}
	books, err := p.books(edited, source)
	if err == nil {
		c.Playbooks = playbook.Join(books[0], books[1:]...)
	}
	return pipeline.New(c), err
}

// books are the playbooks of each file, of which one may be edited.
func (p *Page) books(edited string, source []byte) ([]*playbook.Book, error) {
	var books []*playbook.Book
	for _, file := range p.names() {
		text := source
		if file != edited {
			var err error
			if text, err = os.ReadFile(file); err != nil {
				return nil, err
			}
		}
		book, err := check.Load(file, text, p.kinds(file))
		if err != nil {
			return nil, err
		}
		books = append(books, book)
	}
	return books, nil
}

func (p *Page) use(edited string, source []byte) error {
	served, err := p.pipeline(edited, source)
	if err == nil {
		p.served.Store(served)
	}
	return err
}

// current is the pipeline with the playbooks as their files are now, unless they have a mistake.
func (p *Page) current() *pipeline.Pipeline {
	if len(p.files) > 0 {
		if err := p.use("", nil); err != nil {
			p.Environment.Logger.Warn("the playbooks are used as they were before the last change", slog.String("error", err.Error()))
		}
	}
	return p.served.Load()
}

// with runs the pipeline with the playbooks that are in use.
func (p *Page) with(run dryrun.Run) webhook.Run {
	return func(ctx context.Context, a alert.Alert) (pipeline.Outcome, error) {
		p.Sandbox.Seed(a, time.Now())
		seed := func(s dryrun.Step) enrich.Step {
			p.Sandbox.SeedStep(a, s.With, time.Now())
			return nil
		}
		done := execute(ctx, p.current(), a, seed, run)
		p.deliveries.ran(deliveryOf(ctx), done)
		return done.Outcome, done.Err
	}
}

func (p *Page) redeliver(ctx context.Context, m queue.Message) (pipeline.Outcome, error) {
	return p.with(func(served *pipeline.Pipeline, ctx context.Context, _ alert.Alert) (pipeline.Outcome, error) {
		return served.Redeliver(ctx, m)
	})(ctx, m.Alert)
}

func execute(ctx context.Context, served *pipeline.Pipeline, a alert.Alert, override dryrun.Override, run dryrun.Run) execution {
	r := dryrun.Observe(ctx, served.Config, a, override, run)
	return execution{Report: r, drawn: draw(r.Event)}
}

// invoke runs the function once, and keeps an alert's request and answer.
func (p *Page) invoke(ctx context.Context, r events.LambdaFunctionURLRequest) (events.LambdaFunctionURLResponse, error) {
	if r.RequestContext.HTTP.Method != http.MethodPost {
		return p.function.Invoke(ctx, r)
	}
	id, started := r.RequestContext.RequestID, time.Now()
	p.deliveries.arrived(id, r)
	answer, err := p.function.Invoke(context.WithValue(ctx, deliveryKey{}, id), r)
	if err != nil {
		answer.StatusCode = http.StatusBadGateway // As a Function URL answers for a function that fails.
	}
	p.deliveries.update(id, func(one *delivery) { one.answer, one.took = answer, time.Since(started) })
	return answer, err
}
