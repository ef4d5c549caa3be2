// Package try takes one alert through playbooks on this machine: it reads Datadog, the fake of
// it or a recording, and posts to the fake.
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
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/httpapi"
	"boomerang/shared/enrich/lambda"
	"boomerang/shared/enrich/metric"
	"boomerang/shared/enrich/registry"
	"boomerang/shared/event"
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

// Try is one try. With a recording it happens at the time of the recording.
type Try struct {
	Options
	Request   request.Request
	Alert     alert.Alert
	Rejection []string // why the function would reject the request
	Files     string   // the playbooks
	Sandbox   *sandbox.Sandbox

	at       time.Time
	runner   dryrun.Runner
	player   *recording.Player
	recorder *recording.Recorder
}

// Open reads the alert and the playbooks.
func Open(ctx context.Context, o Options) (*Try, error) {
	t := &Try{Options: o, at: time.Now()}
	var err error
	if o.Replay != "" {
		if t.player, err = recording.NewPlayer(o.Replay); err != nil {
			return nil, err
		}
		t.at = t.player.At
	}
	if t.Request, err = request.Read(o.Name, o.Input, t.at); err != nil {
		return nil, err
	}
	if t.Alert, t.Rejection, err = decode(ctx, t.Request.LambdaFunctionURLRequest); err != nil {
		return nil, fmt.Errorf("the function would reject %s: %s", o.Name, fault.Public(err))
	}
	if t.Sandbox, err = sandbox.Start(o.Env, o.Live, t.now); err != nil {
		return nil, err
	}
	t.Sandbox.Seed(t.Alert, t.at)
	if err := t.open(); err != nil {
		t.Sandbox.Close()
		return nil, err
	}
	return t, nil
}

// Run takes the alert through the playbooks. The error says why no event would be posted.
func (t *Try) Run(ctx context.Context) (dryrun.Report, error) { return t.runner.Run(ctx, t.Alert) }

func (t *Try) now() time.Time {
	if t.player != nil {
		return t.at
	}
	return time.Now()
}

// open makes the runner: it reads from Datadog, the fake or a recording, and posts to the
// fake.
func (t *Try) open() error {
	cfg, err := config.Load[config.Webhook](t.Sandbox.Environment(t.Env, nil).Variables)
	if err != nil {
		return err
	}
	transport, err := t.transport()
	if err != nil {
		return err
	}
	reader, err := datadog.New(datadog.Config{Site: cfg.Site, BaseURL: cfg.APIURL, HTTPClient: &http.Client{Transport: transport}}, t.Sandbox.Keys)
	if err != nil {
		return err
	}
	poster, err := datadog.New(datadog.Config{Site: cfg.Site, BaseURL: t.Sandbox.URL}, t.Sandbox.Keys)
	if err != nil {
		return err
	}
	t.Files = cfg.PlaybooksFile
	playbooks, err := alerting.Playbooks(t.Files, func(file string) []enrich.Kind {
		return dryrun.Observed(registry.Kinds(registry.Deps{
			Datadog: reader, Site: cfg.Site, Tables: alerting.Tables(file), HTTP: httpapi.NewLocalClient(),
		}))
	})
	t.runner = dryrun.Runner{
		Playbooks: playbooks, WebhookName: cfg.WebhookName, Budget: cfg.EnrichBudget, Poster: withoutDeadline{poster}, Now: t.now, Override: t.override,
	}
	return err
}

func (t *Try) transport() (http.RoundTripper, error) {
	if t.player != nil {
		return t.player, nil
	}
	if t.Record == "" {
		return http.DefaultTransport, nil
	}
	var err error
	t.recorder, err = recording.NewRecorder(t.Record, t.at, http.DefaultTransport, t.Sandbox.Keys.API, t.Sandbox.Keys.App)
	return t.recorder, err
}

// override skips steps that would change something outside.
func (t *Try) override(s dryrun.Step) enrich.Step {
	switch config := s.With.(type) {
	case metric.Config:
		if config.Query != "" {
			t.Sandbox.SeedMetric(t.Alert, config.Query, t.at)
		}
	case lambda.Config:
		return skip("a try does not invoke functions; a test of the playbook can give the response")
	case httpapi.Config:
		if t.player != nil {
			return skip("a recording has Datadog's responses only; a test of the playbook can give the response of " + string(config.URL))
		}
		if !t.Live && (config.Method == http.MethodPost || config.Body != "") {
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

// withoutDeadline posts without a deadline, because that of a replay is long past.
type withoutDeadline struct{ pipeline.Poster }

func (p withoutDeadline) Create(ctx context.Context, e event.Event) (event.Posted, error) {
	return p.Poster.Create(context.WithoutCancel(ctx), e)
}

func (p withoutDeadline) CreateAlert(ctx context.Context, e event.AlertEvent) (event.Posted, error) {
	return p.Poster.CreateAlert(context.WithoutCancel(ctx), e)
}

// Close ends the try. It returns how many responses of Datadog it recorded, or what its
// recording lacks.
func (t *Try) Close() (recorded int, err error) {
	defer t.Sandbox.Close()
	switch {
	case t.player != nil:
		return 0, t.player.Err()
	case t.recorder != nil:
		return t.recorder.Close()
	}
	return 0, nil
}

// decode returns the alert that the function takes from a request. If it would reject the
// request for its method or its token, which a try does not use, it says so.
func decode(ctx context.Context, r events.LambdaFunctionURLRequest) (a alert.Alert, rejection []string, err error) {
	accept := func(_ context.Context, read alert.Alert) (pipeline.Outcome, error) {
		a = read
		return pipeline.Outcome{Status: pipeline.Posted}, nil
	}
	h := handler.Handler{Tokens: staticToken(sandbox.Token), Run: accept, DryRun: accept, Logger: slog.New(slog.DiscardHandler)}
	response, err := h.Handle(ctx, r)
	if err == nil && response.StatusCode < http.StatusBadRequest {
		return a, nil, nil
	}
	a, err = handler.Decode(r)
	return a, []string{fmt.Sprintf("to this request the function would answer %d %s and do nothing; a try only uses its alert", response.StatusCode, http.StatusText(response.StatusCode))}, err
}

type staticToken string

func (s staticToken) Check(_ context.Context, presented string) (bool, error) {
	return presented == string(s), nil
}
