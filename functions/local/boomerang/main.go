// Command boomerang tries Boomerang on one machine: it runs the webhook function with a fake
// of Datadog, tries and tests playbooks, and works with a deployed stack. It is not deployed.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/caarlos0/env/v11"
	"golang.org/x/term"

	"boomerang/functions/local/output"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // A second signal ends the process.
	c := cli{out: output.New(os.Stdout), stderr: os.Stderr, stdin: os.Stdin, env: env.ToMap(os.Environ())}
	err := c.run(ctx, os.Args[1:]...)
	isInterrupted := ctx.Err() != nil
	stop()
	if err = cmp.Or(err, c.out.Err()); err == nil {
		return
	}
	if term.IsTerminal(int(os.Stderr.Fd())) {
		fmt.Fprint(os.Stderr, "\r\x1b[K") // The progress stands on the line.
	}
	if isInterrupted { // What it waited for did not fail.
		fmt.Fprintln(os.Stderr, "interrupted")
		os.Exit(130)
	}
	fmt.Fprintln(os.Stderr, err)
	if _, isUsage := errors.AsType[usageError](err); isUsage {
		os.Exit(2)
	}
	os.Exit(1)
}
