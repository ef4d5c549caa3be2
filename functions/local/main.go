// Command local is all of Boomerang on this machine: the function's own handler
// behind a Function URL on 127.0.0.1, and a Datadog stand-in for it to talk to.
// It is never deployed.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"boomerang/functions/local/report"
)

const usage = `Usage:
  local run <event file>   deliver one Function URL event and show what becomes of it
  local serve [address]    serve the Function URL, on 127.0.0.1:8787 unless told otherwise

With LIVE=1, DD_API_KEY and DD_APP_KEY, events go to the real Datadog in DD_SITE.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := command(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var errUsage = errors.New(usage)

func command(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errUsage
	}
	out := report.New(os.Stdout)
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	switch name, args := args[0], args[1:]; {
	case name == "run" && len(args) == 1:
		return run(ctx, out, args[0])
	case name == "serve" && len(args) == 0:
		return serve(ctx, out, logger, "127.0.0.1:8787")
	case name == "serve" && len(args) == 1:
		return serve(ctx, out, logger, args[0])
	}
	return errUsage
}
