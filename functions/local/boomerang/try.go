package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/spf13/cobra"

	"boomerang/functions/internal/alerting"
	"boomerang/functions/local/dryrun"
	"boomerang/functions/local/output"
	"boomerang/functions/local/payload"
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

type tryOptions struct {
	event, record, replay string
	live, verbose         bool
	playbooks             []string
	output                format
}

func (c cli) tryCommand() *cobra.Command {
	var o tryOptions
	cmd := &cobra.Command{
		Use: "try <alert> [<playbook file or folder>...]", Short: "Show what playbooks do with an alert, step by step. Nothing is posted.",
		Long: "Show what playbooks do with an alert, step by step. Nothing is posted.\n\n" + alertHelp, Args: arguments(1, math.MaxInt),
		Example: "  boomerang try body.json mine.yaml\n  boomerang try --output json - < body.json",
		RunE: func(cmd *cobra.Command, args []string) error {
			o.event = args[0]
			c, err := c.withPlaybooks(slices.Concat(o.playbooks, args[1:]))
			switch {
			case err != nil:
				return err
			case o.record != "" && o.replay != "":
				return wrongUse(cmd, "use either --record or --replay")
			case o.live && o.replay != "":
				return wrongUse(cmd, "a replay does not use Datadog: omit LIVE=1 (--live)")
			}
			return c.try(cmd.Context(), o)
		},
	}
	addPlaybooks(cmd, &o.playbooks)
	addOutput(cmd, &o.output, "what to show: a screen, the request to Datadog as JSON, or the event's text alone", asText, asJSON, asEvent)
	addVerbose(cmd, &o.verbose)
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
	if d.request, err = request.Read(o.event, c.stdin, d.at); err != nil {
		return err
	}
	if d.alert, d.rejection, err = decode(ctx, d.request.LambdaFunctionURLRequest); err != nil {
		return fmt.Errorf("the function would reject %s: %s", o.event, fault.Public(err))
	}
	if d.sandbox, err = sandbox.Start(c.env, o.live, d.now); err != nil {
		return err
	}
	defer d.sandbox.Close()
	d.sandbox.Seed(d.alert, d.at)
	if err := d.open(c.env); err != nil {
		return err
	}
	report, err := d.runner.Run(ctx, d.alert)
	return errors.Join(c.showTry(d, report, err), d.close(c.notes(d.output)))
}

// dryRun is one try. With a recording it happens at the time of the recording.
type dryRun struct {
	tryOptions
	at        time.Time
	request   request.Request
	alert     alert.Alert
	rejection []string
	files     string // the playbooks
	sandbox   *sandbox.Sandbox
	runner    dryrun.Runner
	player    *recording.Player
	recorder  *recording.Recorder
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
	d.files = cfg.PlaybooksFile
	playbooks, err := alerting.Playbooks(d.files, func(file string) []enrich.Kind {
		return dryrun.Observed(registry.Kinds(registry.Deps{
			Datadog: reader, Site: cfg.Site, Tables: alerting.Tables(file), HTTP: httpapi.NewLocalClient(),
		}))
	})
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
		out.Line("%d of Datadog's responses are in %s, without keys and names. Replay them with make try REPLAY=%s (or --replay).", n, d.record, d.record)
	}
	return err
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

func (t staticToken) Check(_ context.Context, presented string) (bool, error) {
	return presented == string(t), nil
}

// showTry shows the report. The error says why no event would be posted.
func (c cli) showTry(d dryRun, r dryrun.Report, failed error) error {
	var all []posted
	if r.Status != pipeline.Ignored && failed == nil {
		var err error
		if all, err = postedTo(d.sandbox); err != nil {
			return err
		}
	}
	switch {
	case d.output.name == asJSON:
		for _, p := range all {
			c.out.JSON(p.Body)
		}
	case d.output.name == asEvent:
		for _, p := range all {
			c.out.Line("%s", dryrun.ContentOf(p.event).Markdown())
		}
	case r.Status == pipeline.Ignored:
		c.out.Line("Nothing would be done:\n  %s", r.Reason)
	case d.verbose:
		c.showTryVerbose(d, r, all)
	default:
		c.showTryBrief(d, r, all)
	}
	if failed != nil {
		return fmt.Errorf("no event would be posted: %s", fault.Public(failed))
	}
	return nil
}

func (d *dryRun) playbooksName() string {
	if d.files == "" {
		return "the embedded playbooks"
	}
	files := filepath.SplitList(d.files)
	for i, file := range files {
		files[i] = filepath.Clean(file)
	}
	return strings.Join(files, ", ")
}

// notes say what is special about a try.
func (d *dryRun) notes(r dryrun.Report) []string {
	return slices.Concat(d.rejection, r.Warnings, limitNote(r.Limit), followUpNote(r.FollowUps), d.request.Notes())
}

// showTryBrief shows a try on one screen.
func (c cli) showTryBrief(d dryRun, r dryrun.Report, all []posted) {
	entries := slices.Concat(output.VerdictEntries(r), output.StepEntries(r.Steps))
	unreadable := make([]string, len(d.alert.Unreadable))
	for i, u := range d.alert.Unreadable {
		unreadable[i] = u.Field
	}
	for _, note := range slices.Concat(d.notes(r), readingNotes(d.alert.Guessed, unreadable)) {
		entries = append(entries, output.Entry{Text: note})
	}
	var e event.Request
	if len(all) > 0 {
		e = all[0].event
	}
	c.out.Brief("Playbooks: "+d.playbooksName(), entries, e, "-v shows everything, --output json the request to Datadog")
}

// showTryVerbose shows a try with what each step was given and found.
func (c cli) showTryVerbose(d dryRun, r dryrun.Report, all []posted) {
	c.showGuessed(d.alert)
	c.out.Heading("Playbooks: %s", d.playbooksName())
	c.out.Verdicts(r)
	c.out.Heading("Steps")
	c.out.Steps(r.Steps)
	for i, note := range d.notes(r) {
		if i == 0 {
			c.out.Heading("Notes")
		}
		c.out.Line("  %s", note)
	}
	for _, p := range all {
		c.out.Heading("The event")
		c.out.Event(p.event)
		c.out.Heading("The request to Datadog: POST %s", p.Path)
		c.out.Line("%s", output.Indent(p.Body))
	}
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
