package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/spf13/cobra"

	"boomerang/functions/internal/alerting"
	"boomerang/functions/local/dryrun"
	"boomerang/functions/local/functionurl"
	"boomerang/functions/local/output"
	"boomerang/functions/local/payload"
	"boomerang/functions/local/recording"
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

type tryOptions struct {
	event, playbooks, record, replay string
	live                             bool
}

func (c cli) tryCommand() *cobra.Command {
	var o tryOptions
	cmd := &cobra.Command{
		Use: "try <alert>", Short: "Show what playbooks do with an alert, step by step. Nothing is posted.", Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.event = args[0]
			switch {
			case o.record != "" && o.replay != "":
				return wrongUse(cmd, "use either --record or --replay")
			case o.live && o.replay != "":
				return wrongUse(cmd, "a replay does not use Datadog: omit LIVE=1 (--live)")
			}
			return c.try(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVar(&o.playbooks, "playbooks", "", "a playbook `file`, by default the embedded one")
	cmd.Flags().StringVar(&o.record, "record", "", "keep Datadog's responses in this `folder`, without keys and names")
	cmd.Flags().StringVar(&o.replay, "replay", "", "replay the responses in this `folder`")
	addLive(cmd, &o.live)
	return cmd
}

// try takes the alert in a file through playbooks. It reads Datadog and posts to the
// fake.
func (c cli) try(ctx context.Context, o tryOptions) error {
	var err error
	d := dryRun{tryOptions: o, at: time.Now()}
	if o.replay != "" {
		if d.player, err = recording.NewPlayer(o.replay); err != nil {
			return err
		}
		d.at = d.player.At
	}
	request, err := functionurl.ReadFresh(o.event, d.at)
	if err != nil {
		return err
	}
	if d.alert, err = handler.Decode(request); err != nil {
		return fmt.Errorf("the function would reject %s: %w", o.event, err)
	}
	if d.sandbox, err = sandbox.Start(c.env, o.live, d.now); err != nil {
		return err
	}
	defer d.sandbox.Close()
	d.sandbox.Seed(d.alert, d.at)
	if err := d.open(c.env); err != nil {
		return err
	}
	c.warnIfRejected(ctx, request)
	report, err := d.runner.Run(ctx, d.alert)
	return errors.Join(c.showTry(d, report, err), d.close(c.out))
}

// dryRun is one try. With a recording it happens at the time of the recording.
type dryRun struct {
	tryOptions
	at       time.Time
	alert    alert.Alert
	sandbox  *sandbox.Sandbox
	runner   dryrun.Runner
	player   *recording.Player
	recorder *recording.Recorder
}

func (d *dryRun) now() time.Time {
	if d.player != nil {
		return d.at
	}
	return time.Now()
}

// open makes the runner: it reads from Datadog, the fake or a recording, and posts to the
// fake.
func (d *dryRun) open(env map[string]string) error {
	cfg, err := config.Load[config.Webhook](d.sandbox.Environment(env, nil).Variables)
	if err != nil {
		return err
	}
	transport, err := d.transport()
	if err != nil {
		return err
	}
	reader, err := datadog.New(datadog.Config{Site: cfg.Site, BaseURL: cfg.APIURL, HTTPClient: &http.Client{Transport: transport}}, d.sandbox.Keys)
	if err != nil {
		return err
	}
	poster, err := datadog.New(datadog.Config{Site: cfg.Site, BaseURL: d.sandbox.URL}, d.sandbox.Keys)
	if err != nil {
		return err
	}
	if d.playbooks == "" {
		d.playbooks = cfg.PlaybooksFile
	}
	playbooks, err := alerting.Playbooks(d.playbooks, dryrun.Observed(registry.Kinds(registry.Deps{
		Datadog: reader, Site: cfg.Site, Tables: alerting.Tables(d.playbooks), HTTP: httpapi.NewLocalClient(),
	})))
	d.runner = dryrun.Runner{
		Playbooks: playbooks, WebhookName: cfg.WebhookName, Budget: cfg.EnrichBudget, Poster: withoutDeadline{poster}, Now: d.now, Override: d.override,
	}
	return err
}

func (d *dryRun) transport() (http.RoundTripper, error) {
	if d.player != nil {
		return d.player, nil
	}
	if d.record == "" {
		return http.DefaultTransport, nil
	}
	var err error
	d.recorder, err = recording.NewRecorder(d.record, d.at, http.DefaultTransport, d.sandbox.Keys.API, d.sandbox.Keys.App)
	return d.recorder, err
}

// override skips steps that would change something outside.
func (d *dryRun) override(s dryrun.Step) enrich.Step {
	switch config := s.With.(type) {
	case metric.Config:
		if config.Query != "" {
			d.sandbox.SeedMetric(d.alert, config.Query, d.at)
		}
	case lambda.Config:
		return skip("a try does not invoke functions; a test of the playbook can give the response")
	case httpapi.Config:
		if d.player != nil {
			return skip("a recording has Datadog's responses only; a test of the playbook can give the response of " + string(config.URL))
		}
		if !d.live && (config.Method == http.MethodPost || config.Body != "") {
			return skip("a try sends a POST with LIVE=1 only")
		}
	}
	if s.Then {
		return skip("it runs after the post, and a try does not post")
	}
	return s.Real()
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

// close says what was recorded, and what a recording lacks.
func (d *dryRun) close(out *output.Printer) error {
	if d.player != nil {
		return d.player.Err()
	}
	if d.recorder == nil {
		return nil
	}
	n, err := d.recorder.Close()
	if err == nil {
		out.Line("\n%d of Datadog's responses are in %s, without keys and names. Replay them with make try REPLAY=%s (or --replay).", n, d.record, d.record)
	}
	return err
}

// warnIfRejected says whether the function would reject the request for its method or its
// token, which a try does not use.
func (c cli) warnIfRejected(ctx context.Context, request events.LambdaFunctionURLRequest) {
	accept := func(context.Context, alert.Alert) (pipeline.Outcome, error) {
		return pipeline.Outcome{Status: pipeline.Posted}, nil
	}
	response, err := (&handler.Handler{Tokens: staticToken(sandbox.Token), Run: accept, DryRun: accept, Logger: slog.New(slog.DiscardHandler)}).Handle(ctx, request)
	if err == nil && response.StatusCode >= http.StatusBadRequest {
		c.out.Line("To this request the function would answer %d %s and do nothing. A try only uses its alert.", response.StatusCode, http.StatusText(response.StatusCode))
	}
}

type staticToken string

func (t staticToken) Check(_ context.Context, presented string) (bool, error) {
	return presented == string(t), nil
}

// showTry shows the report. The error says why no event would be posted.
func (c cli) showTry(d dryRun, r dryrun.Report, failed error) error {
	if r.Status == pipeline.Ignored {
		c.out.Line("Nothing would be done: %s.", r.Reason)
		return nil
	}
	c.showGuessed(d.alert)
	name := d.playbooks
	if name == "" {
		name = "the embedded playbooks"
	}
	c.out.Heading("Playbooks: %s", name)
	c.out.Verdicts(r)
	c.out.Heading("Steps")
	c.out.Steps(r.Steps)
	if len(r.Warnings) > 0 {
		c.out.Heading("Templates and conditions that failed")
		for _, warning := range r.Warnings {
			c.out.Line("  %s", warning)
		}
	}
	if failed != nil {
		return fmt.Errorf("no event would be posted: %s", fault.Public(failed))
	}
	for _, posted := range d.sandbox.Datadog.Posted() {
		path, e, err := decodePosted(posted)
		if err != nil {
			return err
		}
		c.out.Heading("The event")
		c.out.Event(e)
		c.out.Heading("The request to Datadog: POST %s", path)
		c.out.Line("%s", output.Indent(posted.Body))
	}
	return nil
}

// showGuessed says which fields the payload does not name, and the line of its template
// that would.
func (c cli) showGuessed(a alert.Alert) {
	if len(a.Guessed)+len(a.Unreadable) == 0 {
		return
	}
	c.out.Heading("The payload")
	for _, g := range a.Guessed {
		text := fmt.Sprintf("  %s comes from %s", g.Field, strings.ReplaceAll(g.Source, "_", " "))
		if line := payload.Line(g.Field); line != "" {
			text += ": the template could have " + line
		}
		c.out.Line("%s", text)
	}
	for _, p := range a.Unreadable {
		c.out.Line("  %s %s", p.Field, p.Reason)
	}
}
