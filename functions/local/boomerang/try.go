package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"boomerang/functions/local/output"
	"boomerang/functions/local/try"
	"boomerang/shared/fault"
	"boomerang/shared/pipeline"
)

func (c cli) tryCommand() *cobra.Command {
	var o try.Options
	cmd := &cobra.Command{
		Use: "try <alert> [<playbook file or folder>...]", Short: "Show what playbooks do with an alert, step by step. Nothing is posted.",
		Long:    "Show what playbooks do with an alert, step by step. Nothing is posted.\n\n" + alertHelp,
		Example: "  boomerang try body.json mine.yaml\n  boomerang try --output json - < body.json",
	}
	cmd.Flags().StringVar(&o.Record, "record", "", "keep Datadog's responses in this `folder`, without keys and names")
	cmd.Flags().StringVar(&o.Replay, "replay", "", "replay the responses in this `folder`")
	return c.command(cmd, func(c cli, ctx context.Context, args []string) error {
		c, err := c.withPlaybooks(slices.Concat(c.playbooks, args[1:]))
		switch {
		case err != nil:
			return err
		case o.Record != "" && o.Replay != "":
			return wrongUse("use either --record or --replay")
		case c.live && o.Replay != "":
			return wrongUse("a replay does not use Datadog: omit LIVE=1 (--live)")
		}
		o.Name, o.Input, o.Live, o.Env = args[0], c.stdin, c.live, c.env
		return c.try(ctx, o)
	}, playbooksFlag, verboseFlag, liveFlag, outputFlag("what to show: a screen, the request to Datadog as JSON, or the event's text alone", asText, asJSON, asEvent))
}

// try takes an alert through playbooks, and shows what they do.
func (c cli) try(ctx context.Context, o try.Options) error {
	r, err := try.Run(ctx, o)
	if r == nil {
		return err
	}
	c.show(tryScreen(r), r.Event)
	if o.Record != "" && err == nil {
		c.notes().Line("%d of Datadog's responses are in %s, without keys and names. Replay them with make try REPLAY=%s (or --replay).", r.Recorded, o.Record, o.Record)
	}
	if r.Failed != nil {
		err = errors.Join(fmt.Errorf("no event would be posted: %s", fault.Public(r.Failed)), err)
	}
	return err
}

func tryScreen(r *try.Result) output.Screen {
	if r.Status == pipeline.Ignored {
		return output.Screen{Heading: "Nothing would be done: " + r.Reason}
	}
	notes := slices.Concat(r.Rejection, r.Warnings, stackNotes(r.Limit, r.FollowUps), r.Request.Notes)
	return output.Screen{
		Heading: "Playbooks: " + playbooksName(r.Files), Event: r.Event, Request: r.Event,
		Entries: slices.Concat(output.VerdictEntries(r.Report), output.StepEntries(r.Steps), output.Notes(notes), output.ReadingEntries(r.Alert.Guessed, r.Alert.Unreadable)),
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
