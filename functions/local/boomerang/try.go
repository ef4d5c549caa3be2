package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"boomerang/functions/local/delivery"
	"boomerang/functions/local/dryrun"
	"boomerang/functions/local/output"
	"boomerang/functions/local/try"
	"boomerang/shared/alert"
	"boomerang/shared/event"
	"boomerang/shared/fault"
	"boomerang/shared/pipeline"
)

func (c cli) tryCommand() *cobra.Command {
	var record, replay string
	cmd := &cobra.Command{
		Use: "try <alert> [<playbook file or folder>...]", Short: "Show what playbooks do with an alert, step by step. Nothing is posted.",
		Long: "Show what playbooks do with an alert, step by step. Nothing is posted.\n\n" + alertHelp, Args: arguments(1, math.MaxInt),
		Example: "  boomerang try body.json mine.yaml\n  boomerang try --output json - < body.json",
	}
	cmd.Flags().StringVar(&record, "record", "", "keep Datadog's responses in this `folder`, without keys and names")
	cmd.Flags().StringVar(&replay, "replay", "", "replay the responses in this `folder`")
	return c.command(cmd, func(c cli, cmd *cobra.Command, args []string) error {
		c, err := c.withPlaybooks(slices.Concat(c.playbooks, args[1:]))
		switch {
		case err != nil:
			return err
		case record != "" && replay != "":
			return wrongUse(cmd, "use either --record or --replay")
		case c.live && replay != "":
			return wrongUse(cmd, "a replay does not use Datadog: omit LIVE=1 (--live)")
		}
		return c.try(cmd.Context(), try.Options{Name: args[0], Input: c.stdin, Record: record, Replay: replay, Live: c.live, Env: c.env})
	}, playbooksFlag, verboseFlag, liveFlag, outputFlag("what to show: a screen, the request to Datadog as JSON, or the event's text alone", asText, asJSON, asEvent))
}

// try takes an alert through playbooks, and shows what they do.
func (c cli) try(ctx context.Context, o try.Options) error {
	t, err := try.Open(ctx, o)
	if err != nil {
		return err
	}
	report, failed := t.Run(ctx)
	shown := c.showTry(t, report, failed)
	recorded, err := t.Close()
	if err == nil && o.Record != "" {
		c.notes().Line("%d of Datadog's responses are in %s, without keys and names. Replay them with make try REPLAY=%s (or --replay).", recorded, o.Record, o.Record)
	}
	return errors.Join(shown, err)
}

// showTry shows the report. The error says why no event would be posted.
func (c cli) showTry(t *try.Try, r dryrun.Report, failed error) error {
	var all []delivery.Posted
	if r.Status != pipeline.Ignored && failed == nil {
		var err error
		if all, err = delivery.PostedTo(t.Sandbox); err != nil {
			return err
		}
	}
	switch {
	case r.Status == pipeline.Ignored:
		c.notes().Line("Nothing would be done:\n  %s", r.Reason)
	case c.output.name == asJSON:
		for _, p := range all {
			c.out.JSON(p.Body)
		}
	case c.output.name == asEvent:
		for _, p := range all {
			c.out.Line("%s", event.Text(p.Event))
		}
	case c.verbose:
		c.showTryVerbose(t, r, all)
	default:
		c.showTryBrief(t, r, all)
	}
	if failed != nil {
		return fmt.Errorf("no event would be posted: %s", fault.Public(failed))
	}
	return nil
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

// notes say what is special about a try.
func tryNotes(t *try.Try, r dryrun.Report) []string {
	return slices.Concat(t.Rejection, r.Warnings, limitNote(r.Limit), followUpNote(r.FollowUps), t.Request.Notes())
}

// showTryBrief shows a try on one screen.
func (c cli) showTryBrief(t *try.Try, r dryrun.Report, all []delivery.Posted) {
	entries := slices.Concat(output.VerdictEntries(r), output.StepEntries(r.Steps))
	unreadable := make([]string, len(t.Alert.Unreadable))
	for i, u := range t.Alert.Unreadable {
		unreadable[i] = u.Field
	}
	for _, note := range slices.Concat(tryNotes(t, r), readingNotes(t.Alert.Guessed, unreadable)) {
		entries = append(entries, output.Entry{Text: note})
	}
	var e event.Request
	if len(all) > 0 {
		e = all[0].Event
	}
	c.out.Brief("Playbooks: "+playbooksName(t.Files), entries, e, "-v shows everything, --output json the request to Datadog")
}

// showTryVerbose shows a try with what each step was given and found, the fields that the payload
// does not name, and the line of its template that would.
func (c cli) showTryVerbose(t *try.Try, r dryrun.Report, all []delivery.Posted) {
	c.out.Show("try", struct {
		Alert     alert.Alert
		Playbooks string
		Report    dryrun.Report
		Notes     []string
		Posted    []delivery.Posted
	}{t.Alert, playbooksName(t.Files), r, tryNotes(t, r), all})
}
