package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/spf13/cobra"

	"boomerang/functions/internal/runtime"
	"boomerang/functions/local/functionurl"
	"boomerang/functions/local/sandbox"
	"boomerang/functions/webhook/handler"
	"boomerang/shared/event"
	"boomerang/shared/fakedatadog"
)

// functionTimeout is the Timeout in template.yaml.
const functionTimeout = 14 * time.Second

func (c cli) runCommand() *cobra.Command {
	var live bool
	cmd := &cobra.Command{
		Use: "run <alert>", Short: "Send an alert through the function and show the event.", Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.sendAlert(cmd.Context(), args[0], live) },
	}
	addLive(cmd, &live)
	return cmd
}

// sendAlert sends the alert in a file to the function and shows the response and the event
// that Datadog received.
func (c cli) sendAlert(ctx context.Context, file string, live bool) error {
	now := time.Now()
	request, err := functionurl.ReadFresh(file, now)
	if err != nil {
		return err
	}
	s, err := sandbox.Start(c.env, live, time.Now)
	if err != nil {
		return err
	}
	defer s.Close()
	function, err := newFunction(ctx, s.Environment(c.env, slog.New(slog.DiscardHandler)))
	if err != nil {
		return err
	}
	if a, err := handler.Decode(request); err == nil {
		s.Seed(a, now)
	}
	c.out.Heading("%s %s ← %s", request.RequestContext.HTTP.Method, request.RawPath, file)
	sent := time.Now()
	response, err := function.Invoke(ctx, request)
	if err != nil {
		return fmt.Errorf("the function failed; a Function URL would answer 502: %w", err)
	}
	c.out.Response(response, time.Since(sent))
	return c.showPosted(s, response)
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
func (c cli) showPosted(s *sandbox.Sandbox, response events.LambdaFunctionURLResponse) error {
	if response.StatusCode != http.StatusOK {
		return errors.New("no event was posted")
	}
	if s.Live {
		c.out.Line("\nThe event is in Datadog's event stream. The response above has its URL.")
		return nil
	}
	for _, posted := range s.Datadog.Posted() {
		path, e, err := decodePosted(posted)
		if err != nil {
			return err
		}
		c.out.Heading("The event in Datadog (POST %s)", path)
		c.out.Event(e)
	}
	return nil
}

// decodePosted returns an event and the path it was posted to.
func decodePosted(posted fakedatadog.PostedEvent) (string, event.Request, error) {
	if posted.Route == fakedatadog.EventsCreateV2 {
		var e event.AlertEvent
		err := json.Unmarshal(posted.Body, &e)
		return "/api/v2/events", e, err
	}
	var e event.Event
	err := json.Unmarshal(posted.Body, &e)
	return "/api/v1/events", e, err
}
