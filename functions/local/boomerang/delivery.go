package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"boomerang/functions/internal/drill"
	"boomerang/functions/local/functionurl"
	"boomerang/functions/local/output"
	"boomerang/functions/local/sandbox"
	"boomerang/functions/webhook/handler"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/pipeline"
)

// delivery is what became of a request to the function.
type delivery struct {
	status int
	body   string
	took   time.Duration
	posted []posted
}

func (d delivery) answer() (a answer) {
	_ = json.Unmarshal([]byte(d.body), &a) // An answer that is not JSON has no status.
	return a
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

// answerJSON is the text itself for what AWS answers in the place of the function.
func answerJSON(body string) any {
	if json.Valid([]byte(body)) {
		return json.RawMessage(body)
	}
	return body
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
