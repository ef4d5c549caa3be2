package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/functions/internal/alerting"
	"boomerang/functions/local/cassette"
	"boomerang/functions/local/functionurl"
	"boomerang/functions/local/report"
	"boomerang/functions/local/stage"
	"boomerang/functions/local/trial"
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
	"boomerang/shared/pipeline"
)

// attempt is what a try is told: an event file, playbooks, and a folder to record
// into or to replay from.
type attempt struct{ event, playbooks, record, replay string }

// try takes the alert in a file through playbooks and shows what each decided and
// found, and what would be posted. Datadog is read; nothing is ever posted to it.
func try(ctx context.Context, out *report.Printer, args []string) error {
	var a attempt
	flags := flag.NewFlagSet("try", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&a.record, "record", "", "")
	flags.StringVar(&a.replay, "replay", "", "")
	files, err := parse(flags, args)
	if err != nil || len(files) < 1 || len(files) > 2 || a.record != "" && a.replay != "" {
		return errUsage
	}
	a.event = files[0]
	if len(files) == 2 {
		a.playbooks = files[1]
	}
	return a.run(ctx, out)
}

// parse takes flags before and behind the other arguments, which it returns.
func parse(flags *flag.FlagSet, args []string) ([]string, error) {
	var rest []string
	for {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		if flags.NArg() == 0 {
			return rest, nil
		}
		rest, args = append(rest, flags.Arg(0)), flags.Args()[1:]
	}
}

func (o attempt) run(ctx context.Context, out *report.Printer) error {
	request, err := functionurl.ReadFile(o.event)
	if err != nil {
		return err
	}
	t, err := o.tape()
	if err != nil {
		return err
	}
	if request, err = functionurl.Fresh(request, t.at); err != nil {
		return err
	}
	s, err := stage.Start(os.Getenv, t.now)
	if err != nil {
		return err
	}
	defer s.Close()
	s.Tell(request, t.at)
	a, err := handler.Decode(request)
	if err != nil {
		return fmt.Errorf("the function would refuse %s: %w", o.event, err)
	}
	r, err := o.open(s, t, a)
	if err != nil {
		return err
	}
	warn(ctx, out, request)
	came, err := r.Run(ctx, a)
	return errors.Join(tell(out, s, r.name, came, err), t.close(out))
}

// warn says so when the function would refuse a request for what a try does not
// look at: its method and its token.
func warn(ctx context.Context, out *report.Printer, request events.LambdaFunctionURLRequest) {
	taken := func(context.Context, alert.Alert) (pipeline.Outcome, error) { return pipeline.Outcome{}, nil }
	answer, err := handler.New(handler.Config{Tokens: only(stage.Token), Run: taken, DryRun: taken}).Handle(ctx, request)
	if status := answer.StatusCode; err == nil && status >= http.StatusBadRequest {
		out.Line("A try looks at the alert only. To this request the function would answer %d %s, and do nothing of what follows.", status, http.StatusText(status))
	}
}

// only is the one token that is right.
type only string

func (o only) Check(_ context.Context, presented string) (bool, error) {
	return presented == string(o), nil
}

// rehearsal is a trial with everything around it.
type rehearsal struct {
	trial.Trial
	name string // of the playbooks
}

// open wires a trial: what it reads comes from Datadog, the stand-in or a
// recording, and what it posts goes to the stand-in in any case.
func (o attempt) open(s *stage.Stage, t *tape, a alert.Alert) (rehearsal, error) {
	cfg, err := config.Load[config.Webhook](s.Environment(os.Environ()))
	if err != nil {
		return rehearsal{}, err
	}
	transport, err := t.through(http.DefaultTransport, s.Secrets()...)
	if err != nil {
		return rehearsal{}, err
	}
	read := datadog.Config{Site: cfg.Site, BaseURL: cfg.APIURL, HTTPClient: &http.Client{Transport: transport}}
	reader, err := datadog.New(read, s)
	if err != nil {
		return rehearsal{}, err
	}
	poster, err := datadog.New(datadog.Config{Site: cfg.Site, BaseURL: s.URL}, s)
	if err != nil {
		return rehearsal{}, err
	}
	path := o.playbooks
	if path == "" {
		path = cfg.PlaybooksFile
	}
	kinds := registry.Kinds(registry.Deps{
		Datadog: reader, Site: cfg.Site, Tables: alerting.Tables(path), HTTP: httpapi.NewClient(httpapi.AllowLoopback()),
	})
	book, err := alerting.Playbooks(path, trial.Watched(kinds))
	if err != nil {
		return rehearsal{}, err
	}
	if path == "" {
		path = "the embedded playbooks"
	}
	return rehearsal{name: path, Trial: trial.Trial{
		Book: book, WebhookName: cfg.WebhookName, Budget: cfg.EnrichBudget, Poster: patient{poster}, Now: t.now,
		Instead: cast{s, t, a}.instead,
	}}, nil
}

// cast decides which steps play themselves.
type cast struct {
	*stage.Stage
	*tape
	alert alert.Alert
}

// instead leaves out what would reach beyond Datadog: whoever tries a playbook
// tells nobody, and starts nothing.
func (c cast) instead(s trial.Step) enrich.Step {
	switch config := s.With.(type) {
	case metric.Config:
		if config.Query != "" {
			c.TellMetric(c.alert, config.Query, c.at)
		}
	case lambda.Config:
		return skip("a try starts no function; say in a test what it answers")
	case httpapi.Config:
		if c.replayed() {
			return skip("a recording holds Datadog's answers only; say in a test what " + string(config.URL) + " answers")
		}
		if !c.Live && (config.Method == http.MethodPost || config.Body != "") {
			return skip("a try sends a POST with LIVE=1 only")
		}
	}
	if s.Then {
		return skip("it runs after the post, and a try posts nothing")
	}
	return s.Real()
}

func skip(why string) enrich.Step {
	return enrich.StepFunc(func(context.Context, alert.Alert) (enrich.Finding, error) {
		return enrich.Finding{}, enrich.Skip(why)
	})
}

// patient posts without a deadline: a replay happens at the time of its recording,
// so the deadline that the pipeline reckons has passed long ago.
type patient struct{ pipeline.Poster }

func (p patient) Create(ctx context.Context, e event.Event) (event.Posted, error) {
	return p.Poster.Create(context.WithoutCancel(ctx), e)
}

func (p patient) CreateAlert(ctx context.Context, e event.AlertEvent) (event.Posted, error) {
	return p.Poster.CreateAlert(context.WithoutCancel(ctx), e)
}

// tape is where Datadog's answers come from, and go to.
type tape struct {
	// at is when the alert happens: now, or at the time of the recording, since its
	// answers are about that time.
	at       time.Time
	folder   string // to record into
	player   *cassette.Player
	recorder *cassette.Recorder
}

func (o attempt) tape() (*tape, error) {
	t := &tape{at: time.Now(), folder: o.record}
	if o.replay == "" {
		return t, nil
	}
	if os.Getenv("LIVE") == "1" {
		return nil, errors.New("a replay asks nobody: leave LIVE=1 out")
	}
	player, err := cassette.NewPlayer(o.replay)
	if err != nil {
		return nil, err
	}
	t.player, t.at = player, player.At
	return t, nil
}

func (t *tape) replayed() bool { return t.player != nil }

// now is the clock. A replay's stands still.
func (t *tape) now() time.Time {
	if t.player != nil {
		return t.at
	}
	return time.Now()
}

// through returns the transport for what is read.
func (t *tape) through(next http.RoundTripper, secrets ...string) (http.RoundTripper, error) {
	switch {
	case t.player != nil:
		return t.player, nil
	case t.folder != "":
		var err error
		t.recorder, err = cassette.NewRecorder(t.folder, t.at, next, secrets...)
		return t.recorder, err
	}
	return next, nil
}

// close tells what was recorded, and what a replay lacked.
func (t *tape) close(out *report.Printer) error {
	if t.player != nil {
		return t.player.Err()
	}
	if t.recorder == nil {
		return nil
	}
	n, err := t.recorder.Close()
	out.Line("\n%d of Datadog's answers are in %s, without keys and names; make try REPLAY=%s, or --replay, gives them again.", n, t.folder, t.folder)
	return err
}
