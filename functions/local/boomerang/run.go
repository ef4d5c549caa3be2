package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"boomerang/functions/internal/alerting"
	"boomerang/functions/local/output"
	"boomerang/functions/local/playbooktest"
	"boomerang/functions/local/sandbox"
	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/memory"
)

// alertHelp says what the commands take that take an alert.
const alertHelp = "The alert is a file, or - for the standard input: the body of a webhook, a payload template with\n" +
	"Datadog's $VARIABLES, which an example fills, or a Function URL request as in events/.\nIt is sent as if it fired now."

func (c cli) runCommand() *cobra.Command {
	return c.command(&cobra.Command{
		Use: "run <alert>", Short: "Send an alert through the function and show the event.",
		Long:    "Send an alert through the function and show the event.\n\n" + alertHelp,
		Example: "  boomerang run body.json\n  boomerang run - < body.json\n  boomerang run events/torq-payload.json --playbooks mine.yaml",
	}, cli.sendAlert, playbooksFlag, verboseFlag, liveFlag,
		outputFlag("what to show: a screen, the answer and the event's request as JSON, or the event's text alone", asText, asJSON, asEvent))
}

// sendAlert shows the function's answer, and the event that Datadog received.
func (c cli) sendAlert(ctx context.Context, args []string) error {
	c, err := c.withPlaybooks(c.playbooks)
	if err != nil {
		return err
	}
	r, err := c.readAlert(ctx, args[0], time.Now())
	if err != nil {
		return err
	}
	s, err := sandbox.Start(c.env, c.live, time.Now)
	if err != nil {
		return err
	}
	defer s.Close()
	function, err := newFunction(ctx, s, c.env)
	if err != nil {
		return err
	}
	sent := time.Now()
	a, _, err := decode(ctx, r.LambdaFunctionURLRequest)
	if err == nil {
		s.Seed(a, sent)
	}
	response, err := function.Invoke(ctx, r.LambdaFunctionURLRequest)
	if err != nil {
		return fmt.Errorf("the function failed; a Function URL would answer 502: %w", err)
	}
	d := delivery{status: response.StatusCode, body: response.Body, took: time.Since(sent)}
	if d.posted, err = postedTo(s); err != nil {
		return err
	}
	about := output.Notes(append(c.planNotes(a), r.Notes...))
	return c.showDelivery(d, append(about, output.ReadingEntries(a.Guessed, a.Unreadable)...))
}

// planNotes say what a stack would do for the alert, and the function here does not.
func (c cli) planNotes(a alert.Alert) []string {
	book, err := alerting.Playbooks(c.env["PLAYBOOKS_FILE"], playbooktest.Kinds)
	if err != nil { // The function has the same error.
		return nil
	}
	plan := book.For(a, memory.Memory{})
	return stackNotes(plan.Limit, plan.After)
}

// stackNotes say what only a stack does for an alert.
func stackNotes(limit int, followUps []time.Duration) (notes []string) {
	if limit > 0 {
		notes = append(notes, fmt.Sprintf("the limit of %d events a minute has no effect here: it needs the queue of a stack", limit))
	}
	if len(followUps) > 0 {
		var times []string
		for _, d := range followUps {
			times = append(times, enrich.FormatDuration(d))
		}
		notes = append(notes, "a stack follows up after "+strings.Join(times, " and ")+", unless the alert recovers")
	}
	return notes
}
