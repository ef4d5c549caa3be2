package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"boomerang/functions/internal/alerting"
	"boomerang/functions/local/output"
	"boomerang/functions/local/playbooktest"
	"boomerang/functions/local/sandbox"
	"boomerang/functions/webhook/handler"
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

// sendAlert sends an alert to the function and shows the response and the event that
// Datadog received.
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
	d, sent := delivery{request: r}, time.Now()
	a, err := handler.Decode(r.LambdaFunctionURLRequest)
	if err == nil {
		s.Seed(a, sent)
	}
	if d.response, err = function.Invoke(ctx, r.LambdaFunctionURLRequest); err != nil {
		return fmt.Errorf("the function failed; a Function URL would answer 502: %w", err)
	}
	d.took = time.Since(sent)
	if d.posted, err = postedTo(s); err != nil {
		return err
	}
	return c.showDelivery(d, c.planNotes(a))
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

// showDelivery shows the answer and the event. It fails if no event was posted.
func (c cli) showDelivery(d delivery, notes []string) error {
	c.show(deliveryScreen(d, notes), struct {
		StatusCode int      `json:"status_code"`
		Answer     any      `json:"answer"`
		Events     []posted `json:"events"`
	}{d.response.StatusCode, answerJSON(d.response.Body), d.posted})
	if d.response.StatusCode != http.StatusOK {
		return errors.New("no event was posted")
	}
	if c.live {
		c.notes().Line("The event is in Datadog's event stream: %s", answerOf(d.response).Event.URL)
	}
	return nil
}

// answerJSON is the text itself for what AWS answers in the place of the function.
func answerJSON(body string) any {
	if json.Valid([]byte(body)) {
		return json.RawMessage(body)
	}
	return body
}

func deliveryScreen(d delivery, notes []string) output.Screen {
	a, code := answerOf(d.response), d.response.StatusCode
	s := output.Screen{Heading: fmt.Sprintf("%d %s in %s", code, http.StatusText(code), output.Rounded(d.took)), Answer: answerJSON(d.response.Body)}
	if a.Status != "" {
		s.Heading += ": " + a.String()
	}
	if a.Detail != "" {
		s.Entries = append(s.Entries, output.Entry{Bad: true, Text: a.Detail})
	}
	for _, step := range a.Steps {
		took := time.Duration(step.DurationMS * float64(time.Millisecond))
		s.Entries = append(s.Entries, output.StepEntry(step.Name, enrich.Status(step.Status), took, step.Error))
	}
	var guessed []alert.Guess
	for field, source := range a.Guessed {
		guessed = append(guessed, alert.Guess{Field: field, Source: source})
	}
	var unreadable []alert.Problem
	for _, field := range a.Unreadable {
		unreadable = append(unreadable, alert.Problem{Field: field})
	}
	notes = slices.Concat(notes, d.request.Notes, a.Warnings)
	s.Entries = slices.Concat(s.Entries, output.Notes(notes), output.ReadingEntries(guessed, unreadable))
	if len(d.posted) > 0 {
		s.Event, s.Request = d.posted[0].Event, d.posted[0].Body
	}
	return s
}
