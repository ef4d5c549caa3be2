package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
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
	"boomerang/functions/local/recording"
	"boomerang/functions/local/sandbox"
	"boomerang/functions/webhook/handler"
	"boomerang/shared/alert"
	"boomerang/shared/config"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/httpapi"
	"boomerang/shared/enrich/lambda"
	"boomerang/shared/enrich/registry"
	"boomerang/shared/fault"
	"boomerang/shared/pipeline"
)

// try has the folders of recordings.
type try struct{ record, replay string }

func (c cli) tryCommand() *cobra.Command {
	var o try
	cmd := &cobra.Command{
		Use: "try <alert> [<playbook file or folder>...]", Short: "Show what playbooks do with an alert, step by step. Nothing is posted.",
		Long:    "Show what playbooks do with an alert, step by step. Nothing is posted.\n\n" + alertHelp,
		Example: "  boomerang try body.json mine.yaml\n  boomerang try --output json - < body.json",
	}
	cmd.Flags().StringVar(&o.record, "record", "", "keep Datadog's responses in this `folder`, without keys and names")
	cmd.Flags().StringVar(&o.replay, "replay", "", "replay the responses in this `folder`")
	return c.command(cmd, func(c cli, ctx context.Context, args []string) error {
		c, err := c.withPlaybooks(slices.Concat(c.playbooks, args[1:]))
		switch {
		case err != nil:
			return err
		case o.record != "" && o.replay != "":
			return wrongUse("use either --record or --replay")
		case c.live && o.replay != "":
			return wrongUse("a replay does not use Datadog: omit LIVE=1 (--live)")
		}
		return c.try(ctx, args[0], o)
	}, playbooksFlag, verboseFlag, liveFlag, outputFlag("what to show: a screen, the request to Datadog as JSON, or the event's text alone", asText, asJSON, asEvent))
}

// try takes an alert through playbooks, and shows what they do. With a recording it happens at
// the time of the recording.
func (c cli) try(ctx context.Context, name string, o try) error {
	at, now, transport, end := time.Now(), time.Now, http.DefaultTransport, func() (int, error) { return 0, nil }
	if o.replay != "" {
		player, err := recording.NewPlayer(o.replay)
		if err != nil {
			return err
		}
		at, now, transport = player.At, func() time.Time { return player.At }, player
		end = func() (int, error) { return 0, player.Err() }
	}
	r, err := c.readAlert(ctx, name, at)
	if err != nil {
		return err
	}
	a, rejection, err := decode(ctx, r.LambdaFunctionURLRequest)
	if err != nil {
		return fmt.Errorf("the function would reject %s: %s", name, fault.Public(err))
	}
	s, err := sandbox.Start(c.env, c.live, now)
	if err != nil {
		return err
	}
	defer s.Close()
	s.Seed(a, at)
	if o.record != "" {
		recorder, err := recording.NewRecorder(o.record, at, transport, s.Keys.API, s.Keys.App)
		if err != nil {
			return err
		}
		transport, end = recorder, recorder.Close
	}
	cfg, err := c.tried(s, transport)
	if err != nil {
		return err
	}
	cfg.Now = now
	report := dryrun.Observe(ctx, cfg, a, func(step dryrun.Step) enrich.Step {
		s.SeedStep(a, step.With, at)
		return o.override(step, c.live)
	}, dryrun.Process)
	if report.Err != nil {
		report.Event = nil
	}
	recorded, err := end()
	c.show(c.tryScreen(report, slices.Concat(rejection, report.WarningTexts(), stackNotes(report.Plan().Limit, report.FollowUps), r.Notes)), report.Event)
	if o.record != "" && err == nil {
		c.notes().Line("%d of Datadog's responses are in %s, without keys and names. Replay them with make try REPLAY=%s (or --replay).", recorded, o.record, o.record)
	}
	if report.Err != nil {
		err = errors.Join(fmt.Errorf("no event would be posted: %s", fault.Public(report.Err)), err)
	}
	return err
}

// tried is a pipeline that posts nothing, and whose steps read Datadog through the transport.
func (c cli) tried(s *sandbox.Sandbox, transport http.RoundTripper) (pipeline.Config, error) {
	cfg, err := config.Load[config.Webhook](s.Environment(c.env, nil).Variables)
	if err != nil {
		return pipeline.Config{}, err
	}
	reader, err := s.ClientThrough(transport)
	if err != nil {
		return pipeline.Config{}, err
	}
	playbooks, err := alerting.Playbooks(cfg.PlaybooksFile, func(file string) []enrich.Kind {
		return registry.Kinds(registry.Deps{Datadog: reader, Site: cfg.Site, Tables: alerting.Tables(file), HTTP: httpapi.NewLocalClient()})
	})
	return pipeline.Config{Playbooks: playbooks, WebhookName: cfg.WebhookName, EnrichBudget: cfg.EnrichBudget, Poster: dryrun.Discard{}}, err
}

// override skips steps that would change something outside.
func (o try) override(s dryrun.Step, live bool) enrich.Step {
	switch config := s.With.(type) {
	case lambda.Config:
		return dryrun.Skip("a try does not invoke functions; a test of the playbook can give the response")
	case httpapi.Config:
		if o.replay != "" {
			return dryrun.Skip("a recording has Datadog's responses only; a test of the playbook can give the response of " + string(config.URL))
		}
		if !live && (config.Method == http.MethodPost || config.Body != "") {
			return dryrun.Skip("a try sends a POST with LIVE=1 only")
		}
	}
	if s.Then {
		return dryrun.Skip("it runs after the post, and a try does not post")
	}
	return nil
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

func (c cli) tryScreen(report dryrun.Report, notes []string) output.Screen {
	if report.Status == pipeline.Ignored {
		return output.Screen{Heading: "Nothing would be done: " + report.Detail}
	}
	return output.Screen{
		Heading: "Playbooks: " + playbooksName(c.env["PLAYBOOKS_FILE"]), Event: report.Event, Request: report.Event,
		Entries: slices.Concat(
			output.VerdictEntries(report.Verdicts(), report.Plan().Names, c.verbose), output.StepEntries(report.Steps),
			output.Notes(notes), output.ReadingEntries(report.Alert.Guessed, report.Alert.Unreadable),
		),
	}
}

func playbooksName(list string) string {
	if list == "" {
		return "the embedded playbooks"
	}
	files := filepath.SplitList(list)
	for i, file := range files {
		files[i] = filepath.Clean(file)
	}
	return strings.Join(files, ", ")
}
