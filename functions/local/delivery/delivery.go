// Package delivery sends an alert through the function that is deployed as webhook, beside a fake
// of Datadog, and returns the answer and the event.
package delivery

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"boomerang/functions/internal/drill"
	"boomerang/functions/internal/runtime"
	"boomerang/functions/local/functionurl"
	"boomerang/functions/local/request"
	"boomerang/functions/local/sandbox"
	"boomerang/functions/webhook/handler"
	"boomerang/shared/alert"
	"boomerang/shared/event"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/pipeline"
)

// Delivery is a request to the function, and what became of it.
type Delivery struct {
	Request  request.Request
	Alert    alert.Alert // empty if the request is not readable
	Response events.LambdaFunctionURLResponse
	Took     time.Duration
	Posted   []Posted
}

// Send sends a request to the function.
func Send(ctx context.Context, s *sandbox.Sandbox, env map[string]string, r request.Request) (Delivery, error) {
	d := Delivery{Request: r}
	function, err := New(ctx, s.Environment(env, slog.New(slog.DiscardHandler)))
	if err != nil {
		return d, err
	}
	sent := time.Now()
	if d.Alert, err = handler.Decode(r.LambdaFunctionURLRequest); err == nil {
		s.Seed(d.Alert, sent)
	}
	if d.Response, err = function.Invoke(ctx, r.LambdaFunctionURLRequest); err != nil {
		return d, fmt.Errorf("the function failed; a Function URL would answer 502: %w", err)
	}
	d.Took = time.Since(sent)
	d.Posted, err = PostedTo(s)
	return d, err
}

// New returns the function that is deployed as webhook.
func New(ctx context.Context, env runtime.Environment) (*functionurl.Server, error) {
	h, err := handler.FromEnvironment(ctx, env)
	if err != nil {
		return nil, err
	}
	return &functionurl.Server{Function: lambda.NewHandler(h.Handle), Timeout: pipeline.RunTime}, nil
}

// Serve serves the function on a free port of the sandbox.
func Serve(ctx context.Context, s *sandbox.Sandbox, env map[string]string) (url string, err error) {
	function, err := New(ctx, s.Environment(env, slog.New(slog.DiscardHandler)))
	if err != nil {
		return "", err
	}
	url, err = s.Serve("127.0.0.1:0", function)
	return url + "/", err
}

// Answer is the function's answer, or the problem that it reports.
type Answer struct {
	drill.Reply
	Detail               string
	Guessed              map[string]string
	Unreadable, Warnings []string
}

// AnswerOf returns what a response says.
func AnswerOf(r events.LambdaFunctionURLResponse) (a Answer) {
	_ = json.Unmarshal([]byte(r.Body), &a) // An answer that is not JSON has no status.
	return a
}

// String says what became of the alert.
func (a Answer) String() string {
	text := string(a.Status)
	if a.Playbook != "" {
		text += " by the playbook " + a.Playbook
	}
	if a.Reason != "" {
		text += ", " + a.Reason
	}
	return text
}

// Posted is an event that Datadog received.
type Posted struct {
	Path  string          `json:"path"`
	Body  json.RawMessage `json:"body"`
	Event event.Request   `json:"-"`
}

// PostedTo returns the events that the fake received.
func PostedTo(s *sandbox.Sandbox) ([]Posted, error) {
	all := []Posted{}
	for _, p := range s.Datadog.Posted() {
		one, err := decode(p)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

func decode(p fakedatadog.PostedEvent) (Posted, error) {
	if p.Route == fakedatadog.EventsCreateV2 {
		var e event.AlertEvent
		err := json.Unmarshal(p.Body, &e)
		return Posted{"/api/v2/events", p.Body, e}, err
	}
	var e event.Event
	err := json.Unmarshal(p.Body, &e)
	return Posted{"/api/v1/events", p.Body, e}, err
}
