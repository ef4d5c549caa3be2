package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"boomerang/functions/local/report"
	"boomerang/functions/local/stage"
)

// serve keeps the Function URL open until it is interrupted.
func serve(ctx context.Context, out *report.Printer, logger *slog.Logger, address string) error {
	s, function, err := open(ctx, logger)
	if err != nil {
		return err
	}
	defer s.Close()
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("cannot serve on %s (is another one running? give another address): %w", address, err)
	}
	url := "http://" + listener.Addr().String()
	out.Line("Function URL   %s/", url)
	out.Line("Datadog        %s", datadogOf(s))
	out.Line("\nTry it:\n\n  curl -H 'X-Webhook-Token: %s' -H 'Content-Type: application/json' \\\n    -d '{\"id\":\"1\",\"title\":\"[Triggered] Checkout is slow\",\"alert_id\":\"4711\",\"alert_transition\":\"Triggered\",\"tags\":\"service:checkout,env:prod\"}' %s/\n", stage.Token, url)
	if !s.Live {
		out.Line("What Datadog received:\n\n  curl %s/standin/posted\n", s.URL)
	}

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

func datadogOf(s *stage.Stage) string {
	if s.Live {
		return "the real one"
	}
	return s.URL + " (a stand-in)"
}
