package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/functions/internal/drill"
	"boomerang/functions/local/report"
	"boomerang/shared/datadog"
	"boomerang/shared/event"
)

// runDrill sends a synthetic alert to the stack at a Function URL, or to one that
// it starts on this machine, and waits for the event that comes back.
func runDrill(ctx context.Context, out *report.Printer, args []string) error {
	wait := drill.DefaultTimeouts
	flags := flag.NewFlagSet("drill", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.DurationVar(&wait.Event, "timeout", wait.Event, "")
	addresses, err := parse(flags, args)
	if err != nil || len(addresses) > 1 || wait.Event <= 0 {
		return errUsage
	}
	target, stop, err := aim(ctx, addresses, os.Getenv)
	if err != nil {
		return err
	}
	defer stop()
	return showDrill(ctx, out, target, wait)
}

// showDrill shows what becomes of one synthetic alert. Its error says, in a
// sentence, how far the alert came.
func showDrill(ctx context.Context, out *report.Printer, target drill.Target, wait drill.Timeouts) error {
	d := drill.New(target, wait)
	out.Heading(fmt.Sprintf("Alert %d → %s", d.ID, target.URL))
	start := time.Now()
	answer, err := d.Send(ctx)
	if answer.Status == 0 {
		return err
	}
	response := events.LambdaFunctionURLResponse{StatusCode: answer.Status, Body: answer.Body}
	if err != nil {
		out.Answer(response, answer.Took)
		return err
	}
	response.Body = "" // The reply says the same, in fewer lines.
	out.Answer(response, answer.Took)
	showReply(out, answer.Reply)

	out.Line("\nLooking for %s in the events of %s, for at most %s", d.Tag(), target.StreamName, wait.Event)
	found, err := d.Await(ctx)
	if len(found) == 0 {
		return err
	}
	took := time.Since(start)
	for _, e := range found {
		out.Heading("The event in Datadog: " + cmp.Or(e.URL, e.ID))
		out.Event(readable(e))
	}
	out.Line("\nIt took %s: %s until the webhook had answered, and %s more until the event was in the stream.",
		rounded(took), rounded(answer.Took), rounded(took-answer.Took))
	return err
}

func rounded(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }

func showReply(out *report.Printer, r drill.Reply) {
	line := "  " + string(r.Status)
	if r.Playbook != "" {
		line += " by the playbook " + r.Playbook
	}
	out.Line("%s", line)
	for _, s := range r.Steps {
		took := time.Duration(s.DurationMS * float64(time.Millisecond))
		out.Line("%s", strings.TrimRight(fmt.Sprintf("  %-20s %-8s %8s  %s", s.Name, s.Status, rounded(took), s.Error), " "))
	}
}

// readable is what Datadog tells of an event as it was posted.
func readable(e datadog.Event) event.Event {
	return event.Event{
		Title: e.Title, Text: e.Text, DateHappened: e.Happened.Unix(), RelatedEventID: e.RelatedEventID,
		AlertType: e.AlertType, Priority: e.Priority, Host: e.Host, Tags: e.Tags,
	}
}
