package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"boomerang/functions/internal/drill"
	"boomerang/functions/local/functionurl"
	"boomerang/functions/local/request"
	"boomerang/functions/local/sandbox"
	"boomerang/functions/webhook/handler"
	"boomerang/shared/event"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/pipeline"
)

// delivery is a request to the function, and what became of it.
type delivery struct {
	request  request.Request
	response events.LambdaFunctionURLResponse
	took     time.Duration
	posted   []posted
}

// newFunction returns the function that is deployed as webhook, beside the sandbox's Datadog.
func newFunction(ctx context.Context, s *sandbox.Sandbox, variables map[string]string) (*functionurl.Server, error) {
	h, err := handler.FromEnvironment(ctx, s.Environment(variables, slog.New(slog.DiscardHandler)))
	if err != nil {
		return nil, err
	}
	return &functionurl.Server{Function: lambda.NewHandler(h.Handle), Timeout: pipeline.RunTime}, nil
}

// serveFunction serves the function on a free port of the sandbox.
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
	Detail               string
	Guessed              map[string]string
	Unreadable, Warnings []string
}

func answerOf(r events.LambdaFunctionURLResponse) (a answer) {
	_ = json.Unmarshal([]byte(r.Body), &a) // An answer that is not JSON has no status.
	return a
}

// String says what became of the alert.
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

// posted is an event that Datadog received.
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
