// Command local is all of Boomerang on this machine: the function's own handler
// behind a Function URL on 127.0.0.1, and a Datadog stand-in for it to talk to.
// It is never deployed.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/caarlos0/env/v11"

	"boomerang/functions/local/report"
)

const usage = `Usage:
  local run <event file>   deliver one Function URL event and show what becomes of it
  local try <event file> [playbooks file]
                           take an alert through playbooks and show what each decided, what every step was given and
                           found, and what would be posted; --record <folder> keeps Datadog's answers, --replay <folder>
                           gives them again
  local test-playbooks <file or folder>...
                           run the tests beside playbooks (*.test.yaml); --update writes their golden files
  local check-playbooks <file or folder>...
                           find every mistake in playbooks
  local schema <folder>    write the JSON Schemas of playbooks and of their tests, and the reference of the steps
  local serve [address]    serve the Function URL, on 127.0.0.1:8787 unless told otherwise
  local drill [URL]        send a synthetic alert to a Function URL, or through all of it here, and wait for its event,
                           2 minutes unless --timeout says otherwise
  local setup              make the webhook, the dashboard and the monitors in the stand-in, and try them; with LIVE=1, URL and
                           the keys, in a real organisation; with DELETE=1, remove them
  local redrive            show the dead letters of DEAD_LETTER_QUEUE_URL and why they are there; with GO=1, put them back
                           into REDELIVERY_QUEUE_URL

With LIVE=1, DD_API_KEY and DD_APP_KEY, events go to the real Datadog in DD_SITE; a try only reads there.
A drill of a Function URL needs WEBHOOK_TOKEN, and those keys to see the event.
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
	switch name, args := args[0], args[1:]; {
	case name == "run" && len(args) == 1:
		return run(ctx, out, args[0])
	case name == "try":
		return try(ctx, out, args)
	case name == "test-playbooks":
		return testPlaybooks(ctx, out, args)
	case name == "check-playbooks":
		return checkPlaybooks(out, args)
	case name == "schema" && len(args) == 1:
		return writeSchemas(out, args[0])
	case name == "serve" && len(args) == 0:
		return serve(ctx, out, os.Stderr, "127.0.0.1:8787")
	case name == "serve" && len(args) == 1:
		return serve(ctx, out, os.Stderr, args[0])
	case name == "drill":
		return runDrill(ctx, out, args)
	case name == "setup" && len(args) == 0:
		return setup(ctx, out, os.Getenv, askForToken(os.Stdin, os.Stderr))
	case name == "redrive" && len(args) == 0:
		return redrive(ctx, out, env.ToMap(os.Environ()), os.Getenv("GO") == "1")
	}
	return errUsage
}
