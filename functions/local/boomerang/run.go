package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/spf13/cobra"

	"boomerang/functions/internal/alerting"
	"boomerang/functions/internal/drill"
	"boomerang/functions/local/functionurl"
	"boomerang/functions/local/output"
	"boomerang/functions/local/playbooktest"
	"boomerang/functions/local/sandbox"
	"boomerang/functions/webhook/handler"
	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/memory"
	"boomerang/shared/pipeline"
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

// showDelivery shows the answer and the event. It fails if no event was posted.
func (c cli) showDelivery(d delivery, about []output.Entry) error {
	c.show(d.screen(about), struct {
		StatusCode int      `json:"status_code"`
		Answer     any      `json:"answer"`
		Events     []posted `json:"events"`
	}{d.status, answerJSON(d.body), d.posted})
	if d.status == http.StatusUnauthorized { // The answer does not say why.
		return errors.New("no event was posted: the request's token is missing or wrong; here it is " + sandbox.Token)
	}
	if d.status != http.StatusOK {
		return errors.New("no event was posted")
	}
	if c.live {
		c.notes().Line("The event is in Datadog's event stream: %s", d.answer().Event.URL)
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

// screen shows the answer and the event, with entries about the request.
func (d delivery) screen(about []output.Entry) output.Screen {
	a := d.answer()
	s := output.Screen{Heading: fmt.Sprintf("%d %s in %s", d.status, http.StatusText(d.status), output.Rounded(d.took)), Answer: answerJSON(d.body)}
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
	s.Entries = slices.Concat(s.Entries, output.Notes(a.Warnings), about)
	if len(d.posted) > 0 {
		s.Event, s.Request = d.posted[0].Event, d.posted[0].Body
	}
	return s
}

// delivery is what became of a request to the function.
type delivery struct {
	status int
	body   string
	took   time.Duration
	posted []posted
}

// newFunction returns the function that is deployed as webhook, beside the sandbox's Datadog.
func newFunction(ctx context.Context, s *sandbox.Sandbox, variables map[string]string) (*functionurl.Server, error) {
	h, err := handler.FromEnvironment(ctx, s.Environment(variables, slog.New(slog.DiscardHandler)))
	if err != nil {
		return nil, err
	}
	return &functionurl.Server{Function: lambda.NewHandler(h.Handle), Timeout: pipeline.RunTime}, nil
}

func (c cli) serveFunction(ctx context.Context, s *sandbox.Sandbox) (url string, err error) {
	function, err := newFunction(ctx, s, c.env)
	if err != nil {
		return "", err
	}
	url, err = s.Serve("127.0.0.1:0", function)
	return url + "/", err
}

// answer is the function's answer, or the problem that it reports.
type answer struct {
	drill.Reply
	Detail   string
	Warnings []string
}

func (d delivery) answer() (a answer) {
	_ = json.Unmarshal([]byte(d.body), &a) // An answer that is not JSON has no status.
	return a
}

func (a answer) String() string {
	text := string(a.Status)
	if a.Playbook != "" {
		text += " by the playbook " + a.Playbook
	}
	if a.Reason != "" {
		text += ", " + a.Reason
	}
	return text
}

type posted struct {
	Path  string          `json:"path"`
	Body  json.RawMessage `json:"body"`
	Event event.Request   `json:"-"`
}

// postedTo returns the events that the fake received.
func postedTo(s *sandbox.Sandbox) ([]posted, error) {
	all := []posted{}
	for _, p := range s.Datadog.Posted() {
		one := posted{Path: "/api/v1/events", Body: p.Body}
		var err error
		if p.Route == fakedatadog.EventsCreateV2 {
			one.Path = "/api/v2/events"
			one.Event, err = decodeAs[event.AlertEvent](p.Body)
		} else {
			one.Event, err = decodeAs[event.Event](p.Body)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

func decodeAs[E event.Request](body []byte) (e E, err error) {
	err = json.Unmarshal(body, &e)
	return e, err
}

func (c cli) requestCommand() *cobra.Command {
	return c.command(&cobra.Command{
		Use: "request <alert>", Short: "Show an alert as Lambda gives it to the function.",
		Long:    "Show an alert as Lambda gives it to the function, with the token of a deployed stack.\n\n" + alertHelp,
		Example: "  boomerang request events/triggered.json --stack boomerang |\n    sam remote invoke WebhookFunction --event-file -",
	}, cli.showRequest, stackFlag("send the token of"))
}

// showRequest writes JSON to the standard output, which has the token.
func (c cli) showRequest(ctx context.Context, args []string) error {
	r, err := c.readAlert(ctx, args[0], time.Now())
	if err != nil {
		return err
	}
	if c.stack != "" {
		found, err := readStack(ctx, c.stack)
		if err != nil {
			return err
		}
		if r.Headers["x-webhook-token"], err = found.Token(ctx); err != nil {
			return publicErrors(err)
		}
		delete(r.Headers, "authorization")
	}
	for _, note := range r.Notes {
		c.notes().Line("%s", note)
	}
	raw, err := json.Marshal(r.LambdaFunctionURLRequest)
	if err != nil {
		return err
	}
	c.out.Line("%s", raw)
	return nil
}
