package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/spf13/cobra"

	"boomerang/functions/internal/alerting"
	"boomerang/functions/internal/drill"
	"boomerang/functions/internal/runtime"
	"boomerang/functions/local/dryrun"
	"boomerang/functions/local/functionurl"
	"boomerang/functions/local/output"
	"boomerang/functions/local/request"
	"boomerang/functions/local/sandbox"
	"boomerang/functions/webhook/handler"
	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/memory"
)

// functionTimeout is the Timeout in template.yaml.
const functionTimeout = 14 * time.Second

// alertHelp says what the commands take that take an alert.
const alertHelp = "The alert is a file, or - for the standard input: the body of a webhook, a payload template with\n" +
	"Datadog's $VARIABLES, which an example fills, or a Function URL request as in events/.\nIt is sent as if it fired now."

type runOptions struct {
	live, verbose bool
	playbooks     []string
	output        format
}

func (c cli) runCommand() *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use: "run <alert>", Short: "Send an alert through the function and show the event.",
		Long: "Send an alert through the function and show the event.\n\n" + alertHelp, Args: arguments(1, 1),
		Example: "  boomerang run body.json\n  boomerang run - < body.json\n  boomerang run events/torq-payload.json --playbooks mine.yaml",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := c.withPlaybooks(o.playbooks)
			if err != nil {
				return err
			}
			return c.sendAlert(cmd.Context(), args[0], o)
		},
	}
	addPlaybooks(cmd, &o.playbooks)
	addOutput(cmd, &o.output, "what to show: a screen, the answer and the event's request as JSON, or the event's text alone", asText, asJSON, asEvent)
	addVerbose(cmd, &o.verbose)
	addLive(cmd, &o.live)
	return cmd
}

// delivery is a request to the function, and what became of it.
type delivery struct {
	from     string
	request  request.Request
	response events.LambdaFunctionURLResponse
	took     time.Duration
	posted   []posted
	live     bool
	notes    []string
}

// posted is an event that Datadog received.
type posted struct {
	Path  string          `json:"path"`
	Body  json.RawMessage `json:"body"`
	event event.Request
}

// sendAlert sends an alert to the function and shows the response and the event that
// Datadog received.
func (c cli) sendAlert(ctx context.Context, name string, o runOptions) error {
	now := time.Now()
	r, err := request.Read(name, c.stdin, now)
	if err != nil {
		return err
	}
	s, err := sandbox.Start(c.env, o.live, time.Now)
	if err != nil {
		return err
	}
	defer s.Close()
	function, err := newFunction(ctx, s.Environment(c.env, slog.New(slog.DiscardHandler)))
	if err != nil {
		return err
	}
	d := delivery{from: name, request: r, live: o.live}
	if a, err := handler.Decode(r.LambdaFunctionURLRequest); err == nil {
		s.Seed(a, now)
		d.notes = c.limitNotes(a)
	}
	sent := time.Now()
	if d.response, err = function.Invoke(ctx, r.LambdaFunctionURLRequest); err != nil {
		return fmt.Errorf("the function failed; a Function URL would answer 502: %w", err)
	}
	d.took = time.Since(sent)
	if d.posted, err = postedTo(s); err != nil {
		return err
	}
	return c.showDelivery(d, o)
}

// limitNotes says that nothing counts the alert for the limit of its playbooks.
func (c cli) limitNotes(a alert.Alert) []string {
	book, err := alerting.Playbooks(c.env["PLAYBOOKS_FILE"], kindsBeside)
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

// showDelivery shows the answer and the event. The error says that there is no event.
func (c cli) showDelivery(d delivery, o runOptions) error {
	switch {
	case o.output.name == asJSON:
		c.out.JSON(struct {
			StatusCode int      `json:"status_code"`
			Answer     any      `json:"answer"`
			Events     []posted `json:"events"`
		}{d.response.StatusCode, answerJSON(d.response.Body), d.posted})
	case o.output.name == asEvent:
		for _, p := range d.posted {
			c.out.Line("%s", dryrun.ContentOf(p.event).Markdown())
		}
	case o.verbose:
		c.out.Heading("%s %s ← %s (%s)", d.request.RequestContext.HTTP.Method, d.request.RawPath, d.from, d.request.Origin)
		c.out.Response(d.response, d.took)
		c.showPosted(d.posted)
		for _, note := range d.notes {
			c.out.Line("\nNote: %s.", note)
		}
	default:
		c.showBrief(d, "-v shows everything")
	}
	if d.response.StatusCode != http.StatusOK {
		return errors.New("no event was posted")
	}
	if d.live && o.output.name == asText {
		c.out.Line("\nThe event is in Datadog's event stream: %s", answerOf(d.response).Event.URL)
	}
	return nil
}

// answer is the function's answer, or the problem that it reports.
type answer struct {
	drill.Reply
	Detail               string
	Guessed              map[string]string
	Unreadable, Warnings []string
}

func answerOf(r events.LambdaFunctionURLResponse) (a answer) {
	_ = json.Unmarshal([]byte(r.Body), &a) // An answer that is not JSON has no status.
	return a
}

func answerJSON(body string) any {
	if json.Valid([]byte(body)) {
		return json.RawMessage(body)
	}
	return body
}

// showBrief shows a delivery on one screen.
func (c cli) showBrief(d delivery, hint string) {
	a := answerOf(d.response)
	heading := fmt.Sprintf("%d %s in %s", d.response.StatusCode, http.StatusText(d.response.StatusCode), output.Rounded(d.took))
	if a.Status != "" {
		heading += ": " + a.describe()
	}
	var entries []output.Entry
	if a.Detail != "" {
		entries = append(entries, output.Entry{Bad: true, Text: a.Detail})
	}
	entries = append(entries, a.stepEntries()...)
	var guessed []alert.Guess
	for _, field := range slices.Sorted(maps.Keys(a.Guessed)) {
		guessed = append(guessed, alert.Guess{Field: field, Source: a.Guessed[field]})
	}
	for _, note := range slices.Concat(d.notes, d.request.Notes(), readingNotes(guessed, a.Unreadable), a.Warnings) {
		entries = append(entries, output.Entry{Text: note})
	}
	var e event.Request
	if len(d.posted) > 0 {
		e = d.posted[0].event
	}
	c.out.Brief(heading, entries, e, hint)
}

// readingNotes say what of a payload was guessed, and what was unreadable.
func readingNotes(guessed []alert.Guess, unreadable []string) (notes []string) {
	texts := make([]string, len(guessed))
	for i, g := range guessed {
		texts[i] = g.Field + " from " + strings.ReplaceAll(g.Source, "_", " ")
	}
	if len(texts) > 0 {
		notes = append(notes, "guessed: "+strings.Join(texts, ", "))
	}
	if len(unreadable) > 0 {
		notes = append(notes, "unreadable: "+strings.Join(unreadable, ", "))
	}
	return notes
}

func (a answer) describe() string {
	text := string(a.Status)
	if a.Playbook != "" {
		text += " by the playbook " + a.Playbook
	}
	if a.Reason != "" {
		text += ", " + a.Reason
	}
	return text
}

func (a answer) stepEntries() []output.Entry {
	entries := make([]output.Entry, len(a.Steps))
	for i, s := range a.Steps {
		entries[i] = output.StepEntry(s.Name, enrich.Status(s.Status), time.Duration(s.DurationMS*float64(time.Millisecond)), s.Error)
	}
	return entries
}

// serveFunction serves the function on a free port of the sandbox.
func (c cli) serveFunction(ctx context.Context, s *sandbox.Sandbox) (url string, err error) {
	function, err := newFunction(ctx, s.Environment(c.env, slog.New(slog.DiscardHandler)))
	if err != nil {
		return "", err
	}
	url, err = s.Serve("127.0.0.1:0", function)
	return url + "/", err
}

// newFunction returns the function that is deployed as webhook.
func newFunction(ctx context.Context, env runtime.Environment) (*functionurl.Server, error) {
	h, err := handler.FromEnvironment(ctx, env)
	if err != nil {
		return nil, err
	}
	return &functionurl.Server{Function: lambda.NewHandler(h.Handle), Timeout: functionTimeout}, nil
}

// showPosted shows the events that Datadog received.
func (c cli) showPosted(all []posted) {
	for _, p := range all {
		c.out.Heading("The event in Datadog (POST %s)", p.Path)
		c.out.Event(p.event)
	}
}

// postedTo returns the events that the fake received.
func postedTo(s *sandbox.Sandbox) ([]posted, error) {
	all := []posted{}
	for _, p := range s.Datadog.Posted() {
		one, err := decodePosted(p)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

func decodePosted(p fakedatadog.PostedEvent) (posted, error) {
	if p.Route == fakedatadog.EventsCreateV2 {
		var e event.AlertEvent
		err := json.Unmarshal(p.Body, &e)
		return posted{"/api/v2/events", p.Body, e}, err
	}
	var e event.Event
	err := json.Unmarshal(p.Body, &e)
	return posted{"/api/v1/events", p.Body, e}, err
}
