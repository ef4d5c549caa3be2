package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"boomerang/functions/internal/runtime"
	"boomerang/functions/local/page"
	"boomerang/functions/local/sandbox"
	"boomerang/shared/awstest"
)

const defaultAddress = "127.0.0.1:8787"

// exampleBody is an alert that the user can send at once.
const exampleBody = `{"id":"1","title":"[Triggered] Checkout is slow","body":"p95 is **0.97 s**","alert_id":"4711","alert_transition":"Triggered","tags":"service:checkout,env:prod"}`

func (c cli) serveCommand() *cobra.Command {
	var remote bool
	cmd := &cobra.Command{
		Use: "serve [<address>]", Short: "Serve the Function URL and its page at an address or port, by default " + defaultAddress + ".",
	}
	addSwitch(cmd, &remote, "remote", "REMOTE", "let other machines reach the address; the page then requires a token, and alerts a new one")
	return c.command(cmd, func(c cli, ctx context.Context, args []string) error {
		c, err := c.withPlaybooks(c.playbooks)
		if err != nil {
			return err
		}
		return c.serve(ctx, append(args, defaultAddress)[0], remote)
	}, playbooksFlag, liveFlag)
}

// serve serves the Function URL until it is interrupted. The log is JSON, as in Lambda.
func (c cli) serve(ctx context.Context, address string, remote bool) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		host, port = "127.0.0.1", address
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return wrongUse("%q is not an address: write 127.0.0.1:8788, or 8788 alone; a port is a number up to 65535", address)
	}
	address = net.JoinHostPort(host, port)
	if !page.IsLoopback(address) && !remote {
		return wrongUse("other machines can reach %s: use 127.0.0.1, or --remote, which protects the page by a token", address)
	}
	s, err := sandbox.Start(c.env, c.live, time.Now)
	if err != nil {
		return err
	}
	defer s.Close()
	if remote {
		s.Token = rand.Text()
	}
	env := s.Environment(c.env, slog.New(slog.NewJSONHandler(c.stderr, nil)))
	deduplication := "each alert is posted once, and limits and follow-ups work (by moto_server)"
	closeLedger, err := addLedger(ctx, &env)
	if err != nil {
		deduplication = "off, as limits and follow-ups: a repeated alert is posted again. `make test` installs moto_server, which this needs"
	}
	defer closeLedger()
	function, err := page.New(ctx, page.Config{Sandbox: s, Environment: env, Remote: remote})
	if err != nil {
		return err
	}
	url, err := s.Serve(address, function)
	if err != nil {
		return fmt.Errorf("%w; use another one, such as boomerang serve 8788 (make serve ADDRESS=8788)", err)
	}
	if host, err := os.Hostname(); err == nil {
		url = strings.Replace(url, "[::]", host, 1) // Other machines cannot open the address of all.
	}
	c.out.Show("served", map[string]any{
		"URL": url + "/", "Login": function.Login(), "Live": s.Live, "Datadog": s.URL, "Deduplication": deduplication, "Token": s.Token, "Body": exampleBody,
	})
	<-ctx.Done()
	return nil
}

// addLedger gives the function a ledger in the emulator of AWS that the tests use.
func addLedger(ctx context.Context, env *runtime.Environment) (stop func(), err error) {
	emulator, err := awstest.Start()
	if err != nil {
		return func() {}, err
	}
	table, err := emulator.CreateTable(ctx)
	if err != nil {
		return emulator.Close, err
	}
	env.AWS, env.Variables["LEDGER_TABLE"] = emulator.Config(), table
	return emulator.Close, nil
}
