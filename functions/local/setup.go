package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"golang.org/x/term"

	"boomerang/functions/local/sandbox"
	"boomerang/functions/setup/provision"
	"boomerang/shared/datadog"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/fault"
	"boomerang/shared/site"
)

// setup creates in Datadog what a deployed stack creates there, or removes it.
func setup(ctx context.Context, c cli, flags *flag.FlagSet, args []string) error {
	live := liveFlag(flags)
	remove := flags.Bool("delete", false, "remove what setup created")
	functionURL := flags.String("url", "", "the Function `URL`, with --live")
	if _, err := parse(flags, args, 0, 0); err != nil {
		return err
	}
	spec := provision.Spec{
		Stack: cmp.Or(c.env["STACK_NAME"], "boomerang"), WebhookName: cmp.Or(c.env["WEBHOOK_NAME"], "boomerang"), Notify: c.env["NOTIFY"],
		Queue: c.env["QUEUE_NAME"], DeadLetterQueue: c.env["DEAD_LETTER_QUEUE_NAME"],
		Functions: strings.FieldsFunc(c.env["FUNCTION_NAMES"], func(r rune) bool { return r == ',' || r == ' ' }),
	}
	if !*live {
		return c.setupFake(ctx, spec, *remove)
	}
	spec.FunctionURL = strings.TrimSpace(*functionURL)
	return c.setupLive(ctx, spec, *remove)
}

// setupFake sets up the fake and sends an alert through it.
func (c cli) setupFake(ctx context.Context, spec provision.Spec, remove bool) error {
	s, function, err := start(ctx, c.env, false)
	if err != nil {
		return err
	}
	defer s.Close()
	url, stop, err := sandbox.Serve("127.0.0.1:0", function)
	if err != nil {
		return err
	}
	defer stop()
	client, err := datadog.New(datadog.Config{Site: site.Default, BaseURL: s.URL}, s.Keys)
	if err != nil {
		return err
	}
	spec.FunctionURL = url + "/"
	if err := spec.Check(); err != nil {
		return errors.New(fault.Public(err))
	}
	c.out.Heading("In Datadog (a fake), for the Function URL %s", spec.FunctionURL)
	if err := c.install(ctx, client, spec, sandbox.Token); err != nil {
		return err
	}
	c.showInstalled(s.Datadog)
	if err := c.deliver(ctx, s, spec.WebhookName); err != nil {
		return err
	}
	if !remove {
		return nil
	}
	c.out.Heading("Removed")
	return c.remove(ctx, client, spec)
}

// setupLive sets up the organization of the environment's keys.
func (c cli) setupLive(ctx context.Context, spec provision.Spec, remove bool) error {
	if err := checkLive(spec, c.env); err != nil {
		return err
	}
	client, name, err := liveDatadog(c.env)
	if err != nil {
		return err
	}
	c.out.Heading("In Datadog (%s), for the Function URL %s", name, spec.FunctionURL)
	if remove {
		return c.remove(ctx, client, spec)
	}
	token, err := c.token()
	if err != nil {
		return err
	}
	return c.install(ctx, client, spec, token)
}

// checkLive reports everything that is missing.
func checkLive(spec provision.Spec, env map[string]string) error {
	var problems []string
	if spec.FunctionURL == "" {
		problems = append(problems, "set URL (--url) to the stack's output FunctionUrl")
	} else if err := spec.Check(); err != nil {
		problems = append(problems, fault.Public(err))
	}
	for _, key := range []string{"DD_API_KEY", "DD_APP_KEY"} {
		if strings.TrimSpace(env[key]) == "" {
			problems = append(problems, "set "+key)
		}
	}
	if len(problems) > 0 {
		return errors.New(strings.Join(problems, "; "))
	}
	return nil
}

// token returns WEBHOOK_TOKEN, or a line of the input. It is not an argument because all
// users of a machine can read arguments.
func (c cli) token() (string, error) {
	if token := strings.TrimSpace(c.env["WEBHOOK_TOKEN"]); token != "" {
		return token, nil
	}
	_, _ = fmt.Fprint(c.stderr, "The webhook's token (the command in the stack's output TokenCommand prints it): ")
	line, err := readSecret(c.stdin)
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

func (c cli) install(ctx context.Context, client *datadog.Client, spec provision.Spec, token string) error {
	installed, err := provision.New(client).Install(ctx, spec, token)
	if err != nil {
		return errors.New(fault.Public(err))
	}
	c.showChanges(installed.Changes)
	c.out.Line("\nMention @webhook-%s in a monitor's message. The dashboard: %s", spec.WebhookName, installed.DashboardURL)
	return nil
}

// remove fails if something is left.
func (c cli) remove(ctx context.Context, client *datadog.Client, spec provision.Spec) error {
	changes, left := provision.New(client).Remove(ctx, spec)
	c.showChanges(changes)
	var problems []error
	for _, err := range left {
		problems = append(problems, errors.New(fault.Public(err)))
	}
	return errors.Join(problems...)
}

func (c cli) showChanges(changes []provision.Change) {
	for _, change := range changes {
		c.out.Line("  %-13s %s", change.Action, change.Name)
	}
}

// showInstalled shows what is in the fake.
func (c cli) showInstalled(s *fakedatadog.Server) {
	for _, webhook := range s.Webhooks() {
		c.out.Heading("The webhook %s", webhook.Name)
		c.out.Line("  url             %s", webhook.URL)
		if webhook.CustomHeaders != nil {
			c.out.Line("  custom_headers  %s", *webhook.CustomHeaders)
		}
		c.out.Line("  payload         %d characters, events/webhook-payload.json", len(webhook.Payload))
	}
	c.out.Heading("The monitors")
	for _, m := range s.Monitors() {
		c.out.Line("  %d  %s\n             %s", m.ID, m.Name, m.Query)
	}
}

// deliver makes the fake call the webhook, as Datadog does when a monitor fires.
func (c cli) deliver(ctx context.Context, s *sandbox.Sandbox, webhook string) error {
	c.out.Heading("An alert through @webhook-%s", webhook)
	now := time.Now()
	s.Datadog.AddMonitor(fakedatadog.Monitor{ID: 4711, Name: "Checkout is slow", Query: "avg(last_5m):avg:checkout.latency{env:prod} > 0.8"})
	delivery, err := s.Datadog.Deliver(ctx, webhook, map[string]string{
		"ID": strconv.FormatInt(now.UnixNano(), 10), "ALERT_ID": "4711", "ORG_ID": "352001", "DATE": strconv.FormatInt(now.UnixMilli(), 10),
		"EVENT_TITLE": "[Triggered] Checkout is slow", "EVENT_MSG": "Shoppers wait for checkout. @webhook-" + webhook,
		"ALERT_TRANSITION": "Triggered", "ALERT_TYPE": "error", "ALERT_CYCLE_KEY": strconv.FormatInt(now.Unix(), 10), "TAGS": "service:checkout,env:prod",
	})
	if err != nil {
		return err
	}
	response := events.LambdaFunctionURLResponse{StatusCode: delivery.Status, Body: delivery.Body}
	c.out.Response(response, time.Since(now))
	return c.showPosted(s, response)
}
