package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"boomerang/functions/internal/runtime"
	"boomerang/functions/local/functionurl"
	"boomerang/functions/local/report"
	"boomerang/functions/local/stage"
	"boomerang/functions/webhook/handler"
	"boomerang/shared/event"
	"boomerang/shared/fakedatadog"
)

// functionTimeout is the Timeout in template.yaml.
const functionTimeout = 14 * time.Second

// run delivers the event in a file to the function and shows the answer and,
// from the other side, the event that Datadog received.
func run(ctx context.Context, out *report.Printer, path string) error {
	request, err := functionurl.ReadFile(path)
	if err != nil {
		return err
	}
	if request, err = functionurl.Fresh(request, time.Now()); err != nil {
		return err
	}
	s, function, err := open(ctx, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer s.Close()
	s.Tell(request, time.Now())

	out.Heading(fmt.Sprintf("%s %s ← %s", request.RequestContext.HTTP.Method, request.RawPath, path))
	answer, took, err := deliver(ctx, function, request)
	if err != nil {
		return fmt.Errorf("the function failed; a Function URL would answer 502: %w", err)
	}
	out.Answer(answer, took)
	return show(out, s, answer)
}

// open starts the stage and, on it, the function.
func open(ctx context.Context, logger *slog.Logger) (*stage.Stage, *functionurl.Server, error) {
	s, err := stage.Start(os.Getenv, time.Now)
	if err != nil {
		return nil, nil, err
	}
	h, err := newHandler(ctx, s, logger)
	if err != nil {
		s.Close()
		return nil, nil, err
	}
	return s, &functionurl.Server{Function: lambda.NewHandler(h.Handle), Timeout: functionTimeout}, nil
}

// newHandler builds the deployed function's handler on the stage.
func newHandler(ctx context.Context, s *stage.Stage, logger *slog.Logger) (*handler.Handler, error) {
	variables := s.Environment(os.Environ())
	return handler.FromEnvironment(ctx, runtime.Environment{Variables: variables, Logger: logger, AWS: aws.Config{
		Region: variables["AWS_REGION"], BaseEndpoint: aws.String(s.URL),
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	}})
}

func deliver(ctx context.Context, function *functionurl.Server, request events.LambdaFunctionURLRequest) (events.LambdaFunctionURLResponse, time.Duration, error) {
	payload, err := json.Marshal(request)
	if err != nil {
		return events.LambdaFunctionURLResponse{}, 0, err
	}
	start := time.Now()
	answer, err := function.Invoke(ctx, request.RequestContext.RequestID, payload)
	return answer, time.Since(start), err
}

var errNotPosted = errors.New("no event was posted")

// show prints what arrived at Datadog.
func show(out *report.Printer, s *stage.Stage, answer events.LambdaFunctionURLResponse) error {
	if answer.StatusCode != http.StatusOK {
		return errNotPosted
	}
	if s.Live {
		out.Line("\nThe event is in Datadog's event stream; the answer above has its address.")
		return nil
	}
	for _, posted := range s.Server.Posted() {
		path, e, err := read(posted)
		if err != nil {
			return fmt.Errorf("the stand-in accepted an event that cannot be read: %w", err)
		}
		out.Heading("The event in Datadog (POST " + path + ")")
		out.Event(e)
	}
	return nil
}

// read returns what was posted, and by which of the two ways.
func read(posted fakedatadog.PostedEvent) (path string, e event.Request, err error) {
	if posted.Route == fakedatadog.EventsCreateV2 {
		var v2 event.AlertEvent
		err = json.Unmarshal(posted.Body, &v2)
		return "/api/v2/events", v2, err
	}
	var v1 event.Event
	err = json.Unmarshal(posted.Body, &v1)
	return "/api/v1/events", v1, err
}
