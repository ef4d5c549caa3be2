package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"boomerang/functions/internal/alerting"
	"boomerang/functions/local/delivery"
	"boomerang/functions/local/output"
	"boomerang/functions/local/playbooktest"
	"boomerang/functions/local/request"
	"boomerang/functions/local/sandbox"
	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/memory"
)

// alertHelp says what the commands take that take an alert.
const alertHelp = "The alert is a file, or - for the standard input: the body of a webhook, a payload template with\n" +
	"Datadog's $VARIABLES, which an example fills, or a Function URL request as in events/.\nIt is sent as if it fired now."

func (c cli) runCommand() *cobra.Command {
	return c.command(&cobra.Command{
		Use: "run <alert>", Short: "Send an alert through the function and show the event.",
		Long: "Send an alert through the function and show the event.\n\n" + alertHelp, Args: arguments(1, 1),
		Example: "  boomerang run body.json\n  boomerang run - < body.json\n  boomerang run events/torq-payload.json --playbooks mine.yaml",
	}, cli.sendAlert, playbooksFlag, verboseFlag, liveFlag,
		outputFlag("what to show: a screen, the answer and the event's request as JSON, or the event's text alone", asText, asJSON, asEvent))
}

// sendAlert sends an alert to the function and shows the response and the event that
// Datadog received.
func (c cli) sendAlert(cmd *cobra.Command, args []string) error {
	c, err := c.withPlaybooks(c.playbooks)
	if err != nil {
		return err
	}
	r, err := request.Read(args[0], c.stdin, time.Now())
	if err != nil {
		return err
	}
	s, err := sandbox.Start(c.env, c.live, time.Now)
	if err != nil {
		return err
	}
	defer s.Close()
	d, err := delivery.Send(cmd.Context(), s, c.env, r)
	if err != nil {
		return err
	}
	return c.showDelivery(d, c.limitNotes(d.Alert))
}

// limitNotes says that nothing counts the alert for the limit of its playbooks.
func (c cli) limitNotes(a alert.Alert) []string {
	book, err := alerting.Playbooks(c.env["PLAYBOOKS_FILE"], playbooktest.Kinds)
	if err != nil { // The function has the same error.
		return nil
	}
	return limitNote(book.For(a, memory.Memory{}).Limit)
}

func limitNote(limit int) []string {
	if limit == 0 {
		return nil
	}
	return []string{fmt.Sprintf("the limit of %d events a minute has no effect here: it needs the queue of a stack", limit)}
}

// followUpNote says which follow-ups a stack would post later.
func followUpNote(after []time.Duration) []string {
	if len(after) == 0 {
		return nil
	}
	var times []string
	for _, d := range after {
		times = append(times, enrich.FormatDuration(d))
	}
	return []string{"a stack follows up after " + strings.Join(times, " and ") + ", unless the alert recovers"}
}

// showDelivery shows the answer and the event. It fails if no event was posted.
func (c cli) showDelivery(d delivery.Delivery, notes []string) error {
	switch {
	case c.output.name == asJSON:
		c.out.JSON(struct {
			StatusCode int               `json:"status_code"`
			Answer     any               `json:"answer"`
			Events     []delivery.Posted `json:"events"`
		}{d.Response.StatusCode, answerJSON(d.Response.Body), d.Posted})
	case c.output.name == asEvent:
		for _, p := range d.Posted {
			c.out.Line("%s", event.Text(p.Event))
		}
	case c.verbose:
		c.out.Show("delivery", struct {
			delivery.Delivery
			Notes []string
		}{d, notes})
	default:
		c.showBrief(d, notes, "-v shows everything")
	}
	if d.Response.StatusCode != http.StatusOK {
		return errors.New("no event was posted")
	}
	switch answer := delivery.AnswerOf(d.Response); {
	case c.live:
		c.notes().Line("The event is in Datadog's event stream: %s", answer.Event.URL)
	case len(d.Posted) == 0 && c.output.name == asEvent:
		c.notes().Line("No event was posted: %s", answer)
	}
	return nil
}

func answerJSON(body string) any {
	if json.Valid([]byte(body)) {
		return json.RawMessage(body)
	}
	return body
}

// showBrief shows a delivery on one screen.
func (c cli) showBrief(d delivery.Delivery, notes []string, hint string) {
	a := delivery.AnswerOf(d.Response)
	heading := fmt.Sprintf("%d %s in %s", d.Response.StatusCode, http.StatusText(d.Response.StatusCode), output.Rounded(d.Took))
	if a.Status != "" {
		heading += ": " + a.String()
	}
	var entries []output.Entry
	if a.Detail != "" {
		entries = append(entries, output.Entry{Bad: true, Text: a.Detail})
	}
	entries = append(entries, stepEntries(a)...)
	var guessed []alert.Guess
	for _, field := range slices.Sorted(maps.Keys(a.Guessed)) {
		guessed = append(guessed, alert.Guess{Field: field, Source: a.Guessed[field]})
	}
	for _, note := range slices.Concat(notes, d.Request.Notes(), readingNotes(guessed, a.Unreadable), a.Warnings) {
		entries = append(entries, output.Entry{Text: note})
	}
	var e event.Request
	if len(d.Posted) > 0 {
		e = d.Posted[0].Event
	}
	c.out.Brief(heading, entries, e, hint)
}

// readingNotes say what of a payload was guessed, and what was unreadable.
func readingNotes(guessed []alert.Guess, unreadable []string) (notes []string) {
	texts := make([]string, len(guessed))
	for i, g := range guessed {
		texts[i] = g.Field + " from " + strings.ReplaceAll(g.Source, "_", " ")
	}
	for some := range slices.Chunk(texts, 3) { // As many as a line of the screen takes.
		notes = append(notes, "guessed: "+strings.Join(some, ", "))
	}
	if len(unreadable) > 0 {
		notes = append(notes, "unreadable: "+strings.Join(unreadable, ", "))
	}
	return notes
}

func stepEntries(a delivery.Answer) []output.Entry {
	entries := make([]output.Entry, len(a.Steps))
	for i, s := range a.Steps {
		entries[i] = output.StepEntry(s.Name, enrich.Status(s.Status), time.Duration(s.DurationMS*float64(time.Millisecond)), s.Error)
	}
	return entries
}
