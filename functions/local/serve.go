package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/functions/local/report"
	"boomerang/functions/local/stage"
)

// example is an alert that whoever serves can send at once. The stand-in knows the
// monitor that it names, and what happened around it.
const example = `{"id":"1","title":"[Triggered] Checkout is slow","body":"p95 is **0.97 s**","alert_id":"4711","alert_transition":"Triggered","tags":"service:checkout,env:prod"}`

// serve keeps the Function URL open until it is interrupted. Its log is JSON, as
// Lambda's is.
func serve(ctx context.Context, out *report.Printer, log io.Writer, address string) error {
	s, function, err := open(ctx, slog.New(slog.NewJSONHandler(log, nil)))
	if err != nil {
		return err
	}
	defer s.Close()
	s.Tell(events.LambdaFunctionURLRequest{Body: example}, time.Now())
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("cannot serve on %s: %w\nserve on another address with make serve ADDRESS=127.0.0.1:8788", address, err)
	}
	invite(out, s, "http://"+listener.Addr().String()+"/")

	server := &http.Server{Handler: function, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// invite says what is served, and how to try it.
func invite(out *report.Printer, s *stage.Stage, url string) {
	out.Line("Function URL   %s", url)
	out.Line("Datadog        %s", datadogOf(s))
	out.Line("\nTry it (once more, it is a duplicate; with another id, another alert):\n")
	out.Line("  curl -H 'X-Webhook-Token: %s' -H 'Content-Type: application/json' \\\n    -d '%s' %s\n", stage.Token, example, url)
	if !s.Live {
		out.Line("What Datadog received:\n\n  curl %s/_fake/posted\n", s.URL)
	}
}

func datadogOf(s *stage.Stage) string {
	if s.Live {
		return "the real one"
	}
	return s.URL + " (a stand-in)"
}
