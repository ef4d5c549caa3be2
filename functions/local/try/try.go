// Package try takes one alert through playbooks on this machine: it reads Datadog, the fake of
// it or a recording, and posts nothing.
package try

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/functions/internal/alerting"
	"boomerang/functions/local/dryrun"
	"boomerang/functions/local/recording"
	"boomerang/functions/local/request"
	"boomerang/functions/local/sandbox"
	"boomerang/functions/webhook/handler"
	"boomerang/shared/alert"
	"boomerang/shared/config"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/httpapi"
	"boomerang/shared/enrich/lambda"
	"boomerang/shared/enrich/metric"
	"boomerang/shared/enrich/registry"
	"boomerang/shared/fault"
	"boomerang/shared/pipeline"
)

// Options are what a try works with. Record and Replay are folders.
type Options struct {
	Name           string // of the alert's file, or - for Input
	Input          io.Reader
	Record, Replay string
	Live           bool
	Env            map[string]string
}

// Result is what playbooks do with an alert.
type Result struct {
	dryrun.Report
	Failed    error // why no event would be posted
	Request   request.Request
	Alert     alert.Alert
	Rejection []string // why the function would reject the request
	Files     string   // the playbooks
	Recorded  int      // of Datadog's responses
}

// Run takes an alert through playbooks. With a recording it happens at the time of the
// recording; what the recording lacks is an error beside the result.
func Run(ctx context.Context, o Options) (*Result, error) {
	at, now, transport, end := time.Now(), time.Now, http.DefaultTransport, func() (int, error) { return 0, nil }
	if o.Replay != "" {
		player, err := recording.NewPlayer(o.Replay)
		if err != nil {
			return nil, err
		}
		at, now, transport = player.At, func() time.Time { return player.At }, player
		end = func() (int, error) { return 0, player.Err() }
	}
	var r Result
	var err error
	if r.Request, err = request.Read(o.Name, o.Input, at); err != nil {
		return nil, err
	}
	if r.Alert, r.Rejection, err = decode(ctx, r.Request.LambdaFunctionURLRequest); err != nil {
		return nil, fmt.Errorf("the function would reject %s: %s", o.Name, fault.Public(err))
	}
	s, err := sandbox.Start(o.Env, o.Live, now)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	s.Seed(r.Alert, at)
	if o.Record != "" {
		recorder, err := recording.NewRecorder(o.Record, at, transport, s.Keys.API, s.Keys.App)
		if err != nil {
			return nil, err
		}
		transport, end = recorder, recorder.Close
	}
	cfg, err := config.Load[config.Webhook](s.Environment(o.Env, nil).Variables)
	if err != nil {
		return nil, err
	}
	reader, err := s.ClientThrough(transport)
	if err != nil {
		return nil, err
	}
	r.Files = cfg.PlaybooksFile
	playbooks, err := alerting.Playbooks(r.Files, func(file string) []enrich.Kind {
		return dryrun.Observed(registry.Kinds(registry.Deps{
			Datadog: reader, Site: cfg.Site, Tables: alerting.Tables(file), HTTP: httpapi.NewLocalClient(),
		}))
	})
	if err != nil {
		return nil, err
	}
	runner := dryrun.Runner{
		Playbooks: playbooks, WebhookName: cfg.WebhookName, Budget: cfg.EnrichBudget, Now: now,
		Override: func(step dryrun.Step) enrich.Step {
			if config, ok := step.With.(metric.Config); ok && config.Query != "" {
				s.SeedMetric(r.Alert, config.Query, at)
			}
			return o.override(step)
		},
	}
	if r.Report, r.Failed = runner.Run(ctx, r.Alert); r.Failed != nil {
		r.Event = nil
	}
	r.Recorded, err = end()
	return &r, err
}

// override skips steps that would change something outside.
func (o Options) override(s dryrun.Step) enrich.Step {
	switch config := s.With.(type) {
	case lambda.Config:
		return skip("a try does not invoke functions; a test of the playbook can give the response")
	case httpapi.Config:
		if o.Replay != "" {
			return skip("a recording has Datadog's responses only; a test of the playbook can give the response of " + string(config.URL))
		}
		if !o.Live && (config.Method == http.MethodPost || config.Body != "") {
			return skip("a try sends a POST with LIVE=1 only")
		}
	}
	if s.Then {
		return skip("it runs after the post, and a try does not post")
	}
	return nil
}

func skip(why string) enrich.Step {
	return enrich.StepFunc(func(context.Context, alert.Alert) (enrich.Finding, error) {
		return enrich.Finding{}, enrich.Skip(why)
	})
}

// decode returns the alert that the function takes from a request. If it would reject the
// request for its method or its token, which a try does not use, it says so.
func decode(ctx context.Context, r events.LambdaFunctionURLRequest) (a alert.Alert, rejection []string, err error) {
	accept := func(_ context.Context, read alert.Alert) (pipeline.Outcome, error) {
		a = read
		return pipeline.Outcome{Status: pipeline.Posted}, nil
	}
	h := handler.Handler{Tokens: localToken{}, Run: accept, DryRun: accept, Logger: slog.New(slog.DiscardHandler)}
	response, err := h.Handle(ctx, r)
	if err == nil && response.StatusCode < http.StatusBadRequest {
		return a, nil, nil
	}
	a, err = handler.Decode(r)
	return a, []string{fmt.Sprintf("to this request the function would answer %d %s and do nothing; a try only uses its alert", response.StatusCode, http.StatusText(response.StatusCode))}, err
}

type localToken struct{}

func (localToken) Check(_ context.Context, presented string) (bool, error) {
	return presented == sandbox.Token, nil
}
