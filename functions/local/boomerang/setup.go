package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"boomerang/functions/local/sandbox"
	"boomerang/functions/setup/provision"
	"boomerang/shared/fakedatadog"
)

func (c cli) setupCommand() *cobra.Command {
	var remove, isCheck bool
	var functionURL string
	cmd := &cobra.Command{
		Use: "setup", Short: "Create the webhook, the dashboard and the monitors in Datadog, or in the fake.",
		Long: "Create the webhook, the dashboard and the monitors in Datadog.\nWithout --live: in the fake, and send an alert through them.\n" +
			"The environment can set STACK_NAME, WEBHOOK_NAME, NOTIFY, ROUTE, QUEUE_NAME,\nDEAD_LETTER_QUEUE_NAME and FUNCTION_NAMES.",
	}
	cmd.Flags().StringVar(&functionURL, "url", "", "the Function `URL`, with --live")
	cmd.Flags().BoolVar(&isCheck, "check", false, "only check what a deployment needs: credentials and region of AWS, keys and permissions of Datadog")
	addSwitch(cmd, &remove, "delete", "DELETE", "remove what setup created")
	return c.command(cmd, func(c cli, ctx context.Context, _ []string) error {
		switch {
		case c.live && len(c.playbooks) > 0:
			return wrongUse("a deployed stack has its own playbooks: omit --playbooks")
		case !c.live && functionURL != "":
			return wrongUse("the fake of Datadog calls the function here: omit --url, or add LIVE=1 (--live)")
		case c.stack != "" && !isCheck:
			return wrongUse("--stack is for --check only")
		case isCheck && (remove || functionURL != "" || len(c.playbooks) > 0):
			return wrongUse("--check changes nothing: omit --delete, --url and --playbooks")
		case isCheck:
			return c.preflight(ctx)
		}
		c, err := c.withPlaybooks(c.playbooks)
		if err != nil {
			return err
		}
		return c.setup(ctx, functionURL, remove)
	}, stackFlag("check with the keys of"), playbooksFlag, liveFlag)
}

// setup creates in Datadog what a deployed stack creates there, or removes it.
func (c cli) setup(ctx context.Context, functionURL string, remove bool) error {
	spec := provision.Spec{
		Stack: cmp.Or(c.env["STACK_NAME"], "boomerang"), WebhookName: cmp.Or(c.env["WEBHOOK_NAME"], "boomerang"), Notify: c.env["NOTIFY"], Route: c.env["ROUTE"],
		Queue: c.env["QUEUE_NAME"], DeadLetterQueue: c.env["DEAD_LETTER_QUEUE_NAME"],
		Functions: strings.FieldsFunc(c.env["FUNCTION_NAMES"], func(r rune) bool { return r == ',' || r == ' ' }),
	}
	s, err := sandbox.Start(c.env, c.live, time.Now)
	if err == nil {
		defer s.Close()
	}
	if spec.FunctionURL = strings.TrimSpace(functionURL); c.live && spec.FunctionURL == "" {
		err = errors.Join(errors.New("set URL (--url) to the stack's output FunctionUrl"), err)
	}
	if err != nil {
		return err
	}
	if c.live {
		return c.setupIn(ctx, s, spec, remove)
	}
	if spec.FunctionURL, err = c.serveFunction(ctx, s); err != nil {
		return err
	}
	if err := c.setupIn(ctx, s, spec, false); err != nil {
		return err
	}
	c.out.Show("installed", s.Datadog)
	if err := c.deliver(ctx, s, spec.WebhookName); err != nil || !remove {
		return err
	}
	return c.setupIn(ctx, s, spec, true)
}

// setupIn creates or removes everything in the sandbox's Datadog.
func (c cli) setupIn(ctx context.Context, s *sandbox.Sandbox, spec provision.Spec, remove bool) error {
	if err := spec.Check(); err != nil {
		return publicErrors(err)
	}
	client, err := s.Client()
	if err != nil {
		return err
	}
	c.out.Heading("In %s, for the Function URL %s", s.Name(), spec.FunctionURL)
	if remove {
		changes, left := provision.New(client).Remove(ctx, spec)
		c.showChanges(changes)
		return publicErrors(left...)
	}
	token := sandbox.Token
	if s.Live {
		if token, err = c.token(ctx); err != nil {
			return err
		}
	}
	installed, err := provision.New(client).Install(ctx, spec, token)
	if err != nil {
		return publicErrors(err)
	}
	c.showChanges(installed.Changes)
	c.out.Line("\nMention @webhook-%s in a monitor's message. The dashboard: %s", spec.WebhookName, installed.DashboardURL)
	return nil
}

// token returns WEBHOOK_TOKEN, or a line of the input. It is not an argument because all
// users of a machine can read arguments.
func (c cli) token(ctx context.Context) (string, error) {
	if token := strings.TrimSpace(c.env["WEBHOOK_TOKEN"]); token != "" {
		return token, nil
	}
	_, _ = fmt.Fprint(c.stderr, "The webhook's token (the command in the stack's output TokenCommand prints it): ")
	if state, err := term.GetState(int(c.stdin.Fd())); err == nil {
		defer func() { _ = term.Restore(int(c.stdin.Fd()), state) }() // An interrupted prompt leaves it silent.
	}
	line, err := input(ctx, func() (string, error) { return readSecret(c.stdin) })
	_, _ = fmt.Fprintln(c.stderr)
	if token := strings.TrimSpace(line); token != "" {
		return token, nil
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return "", errors.Join(errors.New("there is no token: set WEBHOOK_TOKEN, or enter it when asked"), err)
}

// readSecret reads a line, which a terminal does not show.
func readSecret(in *os.File) (string, error) {
	if fd := int(in.Fd()); term.IsTerminal(fd) {
		line, err := term.ReadPassword(fd)
		return string(line), err
	}
	return bufio.NewReader(in).ReadString('\n')
}

func (c cli) showChanges(changes []provision.Change) {
	for _, change := range changes {
		c.out.Line("  %-13s %s", change.Action, change.Name)
	}
}

// deliver makes the fake call the webhook, as Datadog does when a monitor fires.
func (c cli) deliver(ctx context.Context, s *sandbox.Sandbox, webhook string) error {
	c.out.Heading("An alert through @webhook-%s", webhook)
	now := time.Now()
	s.Datadog.AddMonitor(fakedatadog.Monitor{ID: 4711, Name: "Checkout is slow", Query: "avg(last_5m):avg:checkout.latency{env:prod} > 0.8"})
	sent, err := s.Datadog.Deliver(ctx, webhook, map[string]string{
		"ID": strconv.FormatInt(now.UnixNano(), 10), "ALERT_ID": "4711", "ORG_ID": "352001", "DATE": strconv.FormatInt(now.UnixMilli(), 10),
		"EVENT_TITLE": "[Triggered] Checkout is slow", "EVENT_MSG": "Shoppers wait for checkout. @webhook-" + webhook,
		"ALERT_TRANSITION": "Triggered", "ALERT_TYPE": "error", "ALERT_CYCLE_KEY": strconv.FormatInt(now.Unix(), 10), "TAGS": "service:checkout,env:prod",
	})
	if err != nil {
		return err
	}
	d := delivery{status: sent.Status, body: sent.Body, took: time.Since(now)}
	if d.posted, err = postedTo(s); err != nil {
		return err
	}
	return c.showDelivery(d, nil)
}
