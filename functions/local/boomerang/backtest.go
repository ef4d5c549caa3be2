package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"boomerang/functions/local/backtest"
	"boomerang/functions/local/events"
	"boomerang/functions/local/output"
	"boomerang/functions/local/recording"
	"boomerang/functions/local/request"
	"boomerang/functions/local/sandbox"
	"boomerang/shared/datadog"
	"boomerang/shared/site"
)

type backtestOptions struct {
	since, file, record, replay, webhook, base string

	basePlaybooks     []string
	all, failOnChange bool
	limit             string
	exceeded          func(n, all int) bool // the limit
}

func (c cli) backtestCommand() *cobra.Command {
	var o backtestOptions
	cmd := &cobra.Command{
		Use: "backtest", Short: "Say what a change of playbooks makes of the alerts in Datadog's event stream.",
		Long: "Say what the playbooks of this working tree make of the alerts in Datadog's event stream,\n" +
			"compared with those of another commit. No step runs and nothing is posted. The alerts are read\n" +
			"from Datadog with DD_API_KEY and DD_APP_KEY, or with --replay or --file.",
	}
	flags := cmd.Flags()
	flags.Func("since", "events from this `time` on, such as 36h, 7d (the default with --live) or 2026-11-20", func(text string) error {
		_, err := events.Time(text, time.Now())
		o.since = text
		return err
	})
	flags.StringVar(&o.file, "file", "", "read the events from this `file`, - for the input: responses of GET /api/v1/events")
	flags.StringVar(&o.replay, "replay", "", "read the events from the recording in this `folder`")
	flags.StringVar(&o.record, "record", "", "keep Datadog's responses in this `folder`, without keys and names")
	flags.StringVar(&o.base, "base", "HEAD", "the `commit` to compare with")
	flags.StringArrayVar(&o.basePlaybooks, "base-playbooks", nil, "a playbook `file or folder` to compare with, instead of a commit")
	flags.StringVar(&o.webhook, "webhook", "", "the `name` of the webhook in Datadog, by default WEBHOOK_NAME or boomerang")
	addSwitch(cmd, &o.all, "all-monitors", "ALL_MONITORS", "count alerts that do not mention the webhook, too")
	flags.Func("fail-if-default-over", "fail if more alerts than this `number`, or share such as 5%, fall to the default playbook", func(text string) (err error) {
		o.limit = text
		o.exceeded, err = backtest.ParseLimit(text)
		return err
	})
	addSwitch(cmd, &o.failOnChange, "fail-on-change", "FAIL_ON_CHANGE", "fail if any alert changes, or cannot be judged")
	return c.command(cmd, func(c cli, ctx context.Context, _ []string) error {
		// It only reads, so the keys say enough.
		hasKeys := c.env["DD_API_KEY"] != "" && c.env["DD_APP_KEY"] != "" && c.env["LIVE"] == "" && !flags.Changed("live")
		c.live = c.live || hasKeys && o.replay == "" && o.file == ""
		given := slices.DeleteFunc([]bool{c.live, o.replay != "", o.file != ""}, func(is bool) bool { return !is })
		switch {
		case len(given) != 1:
			return wrongUse("say where the alerts are read: set DD_API_KEY and DD_APP_KEY to read Datadog, or REPLAY=<folder> (--replay) or FILE=<file> (--file)")
		case o.record != "" && !c.live:
			return wrongUse("only what is read with LIVE=1 (--live) can be recorded")
		case len(o.basePlaybooks) > 0 && flags.Changed("base"):
			return wrongUse("compare either with --base or with --base-playbooks")
		}
		return c.backtest(ctx, o)
	}, playbooksFlag, liveFlag, outputFlag("how to show the report", asText, asJSON))
}

// from returns the time that the events are read from, which may be given from the last one.
func (o backtestOptions) from(last time.Time) (time.Time, error) {
	if o.since == "" {
		return time.Time{}, nil
	}
	return events.Time(o.since, last)
}

func (c cli) backtest(ctx context.Context, o backtestOptions) error {
	base, now, err := o.load(ctx, c.playbooks)
	if err != nil {
		return err
	}
	read, err := c.readEvents(ctx, o)
	if err != nil {
		return err
	}
	from, err := o.from(backtest.Newest(read))
	if err != nil {
		return err
	}
	found := backtest.Select(read, cmp.Or(o.webhook, c.env["WEBHOOK_NAME"], "boomerang"), o.all, from)
	report := backtest.Run(found, base, now, output.Progress(c.stderr, "compared", "alerts"))
	if c.output == asJSON {
		c.out.JSON(report)
	} else {
		c.out.Show("backtest", report)
	}
	return o.verdict(report)
}

func (o backtestOptions) load(ctx context.Context, paths []string) (base, now backtest.Playbooks, err error) {
	source := backtest.Source{Paths: paths}
	if len(paths) == 0 {
		root, err := repository()
		if err != nil {
			return base, now, fmt.Errorf("%w, or give a file or folder by --playbooks", err)
		}
		source = backtest.Deployed(filepath.Join(root, deployedPlaybooks))
	}
	if now, err = backtest.Load(source); err != nil {
		return base, now, err
	}
	if len(o.basePlaybooks) > 0 {
		base, err = backtest.Load(backtest.Source{Paths: o.basePlaybooks})
	} else {
		base, err = backtest.LoadCommit(ctx, o.base, source)
	}
	return base, now, err
}

// readEvents reads the stream, a recording or a file.
func (c cli) readEvents(ctx context.Context, o backtestOptions) ([]datadog.Event, error) {
	var responses [][]byte
	var err error
	switch {
	case c.live:
		return c.readStream(ctx, o)
	case o.replay != "":
		if responses, err = recording.Bodies(o.replay, "/api/v1/events"); err == nil && len(responses) == 0 {
			err = fmt.Errorf("the recording in %s has no list of events; LIVE=1 RECORD=<folder> makes one", o.replay)
		}
	default:
		responses = make([][]byte, 1)
		responses[0], err = input(ctx, func() ([]byte, error) { return request.Content(o.file, c.stdin) })
		if err == nil && len(bytes.TrimSpace(responses[0])) == 0 {
			err = fmt.Errorf("%s: it is empty: give responses of GET /api/v1/events", o.file)
		}
	}
	if err != nil {
		return nil, err
	}
	ofLinks, err := site.Parse(cmp.Or(c.env["DD_SITE"], site.Default.String()))
	if err != nil {
		return nil, fmt.Errorf("DD_SITE: %w", err)
	}
	read, err := backtest.Decode(ctx, ofLinks, responses...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.replay+o.file, err)
	}
	return read, nil
}

func (c cli) readStream(ctx context.Context, o backtestOptions) ([]datadog.Event, error) {
	s, err := sandbox.Start(c.env, true, time.Now)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	to := time.Now().Truncate(time.Second)
	o.since = cmp.Or(o.since, "7d")
	from, err := o.from(to)
	if err != nil {
		return nil, err
	}
	transport, save := http.DefaultTransport, func() error { return nil }
	if o.record != "" {
		recorder, err := recording.NewRecorder(o.record, to, transport, s.Keys.API, s.Keys.App)
		if err != nil {
			return nil, err
		}
		transport, save = recorder, func() error { _, err := recorder.Close(); return err }
	}
	client, err := s.ClientThrough(transport)
	if err != nil {
		return nil, err
	}
	read, err := backtest.Read(ctx, client, from, to, output.Progress(c.stderr, "read", "hours"))
	return read, errors.Join(publicErrors(err), save()) // The error itself is for a log.
}

func (o backtestOptions) verdict(r backtest.Report) error {
	var problems []error
	if o.exceeded != nil && o.exceeded(r.Default.Now, r.Alerts) {
		problems = append(problems, fmt.Errorf("%d of %d alerts fall to the default playbook, more than %s", r.Default.Now, r.Alerts, o.limit))
	}
	if o.failOnChange && r.Changed+r.NotJudged > 0 {
		problems = append(problems, fmt.Errorf("%d of %d alerts change, and %d cannot be judged", r.Changed, r.Alerts, r.NotJudged))
	}
	return errors.Join(problems...)
}
