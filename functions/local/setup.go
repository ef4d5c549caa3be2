package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/functions/local/report"
	"boomerang/functions/local/stage"
	"boomerang/functions/setup/provision"
	"boomerang/shared/datadog"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/fault"
	"boomerang/shared/site"
)

// setup makes in Datadog what a stack makes there when it is deployed, or removes it
// with DELETE=1: in the stand-in, where an alert shows that it works, or with LIVE=1
// in the real one.
func setup(ctx context.Context, out *report.Printer, getenv func(string) string, tokens tokenSource) error {
	if getenv("LIVE") == "1" {
		return setupLive(ctx, out, getenv, tokens)
	}
	return setupHere(ctx, out, getenv)
}

// setupHere does it all on this machine.
func setupHere(ctx context.Context, out *report.Printer, getenv func(string) string) error {
	s, function, err := open(ctx, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer s.Close()
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("no port for the Function URL: %w", err)
	}
	server := &http.Server{Handler: function, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	defer func() { _ = server.Close() }()

	client, err := datadog.New(datadog.Config{Site: site.Default, BaseURL: s.URL}, s)
	if err != nil {
		return err
	}
	spec := specOf(getenv)
	spec.FunctionURL = "http://" + listener.Addr().String() + "/"
	if err := spec.Check(); err != nil {
		return errors.New(fault.Public(err))
	}
	provisioner := provision.New(client)
	out.Heading("In Datadog (a stand-in), for the Function URL " + spec.FunctionURL)
	if err := install(ctx, out, provisioner, spec, stage.Token); err != nil {
		return err
	}
	showMade(out, s)
	if err := tryOut(ctx, out, s, spec); err != nil {
		return err
	}
	if getenv("DELETE") != "1" {
		return nil
	}
	out.Heading("And removed again")
	return remove(ctx, out, provisioner, spec)
}

// specOf reads what the user may choose; the template's own names are its values'
// place in a stack.
func specOf(getenv func(string) string) provision.Spec {
	spec := provision.Spec{
		Stack: getenv("STACK_NAME"), WebhookName: getenv("WEBHOOK_NAME"), Notify: getenv("NOTIFY"),
		Queue: getenv("QUEUE_NAME"), DeadLetterQueue: getenv("DEAD_LETTER_QUEUE_NAME"), Functions: fields(getenv("FUNCTION_NAMES")),
	}
	if spec.Stack == "" {
		spec.Stack = "boomerang"
	}
	if spec.WebhookName == "" {
		spec.WebhookName = "boomerang"
	}
	return spec
}

// install sets up and says what was done.
func install(ctx context.Context, out *report.Printer, p provision.Provisioner, spec provision.Spec, token string) error {
	installed, err := p.Install(ctx, spec, token)
	if err != nil {
		return errors.New(fault.Public(err))
	}
	showChanges(out, installed.Changes)
	out.Line("\nMention @webhook-%s in a monitor's message. The dashboard: %s", spec.WebhookName, installed.DashboardURL)
	return nil
}

// remove removes what install made. What is left is an error here: whoever runs it
// waits for nothing else.
func remove(ctx context.Context, out *report.Printer, p provision.Provisioner, spec provision.Spec) error {
	changes, left := p.Remove(ctx, spec)
	showChanges(out, changes)
	var reasons []error
	for _, err := range left {
		reasons = append(reasons, errors.New(fault.Public(err)))
	}
	return errors.Join(reasons...)
}

func showChanges(out *report.Printer, changes []provision.Change) {
	for _, c := range changes {
		out.Line("  %-13s %s", c.Action, c.Name)
	}
}

// showMade shows what is in the stand-in now, as its API would show it.
func showMade(out *report.Printer, s *stage.Stage) {
	for _, webhook := range s.Server.Webhooks() {
		out.Heading("The webhook " + webhook.Name)
		out.Line("  url             %s", webhook.URL)
		if webhook.CustomHeaders != nil {
			out.Line("  custom_headers  %s", *webhook.CustomHeaders)
		}
		out.Line("  payload         %d characters, events/webhook-payload.json", len(webhook.Payload))
	}
	out.Heading("The monitors")
	for _, m := range s.Server.Monitors() {
		out.Line("  %d  %s\n             %s", m.ID, m.Name, m.Query)
	}
}

// tryOut has the stand-in call the webhook, as Datadog does when a monitor fires.
func tryOut(ctx context.Context, out *report.Printer, s *stage.Stage, spec provision.Spec) error {
	out.Heading("An alert through @webhook-" + spec.WebhookName)
	now := time.Now()
	s.Server.AddMonitor(fakedatadog.Monitor{ID: 4711, Name: "Checkout is slow", Query: "avg(last_5m):avg:checkout.latency{env:prod} > 0.8"})
	delivery, err := s.Server.Deliver(ctx, spec.WebhookName, map[string]string{
		"ID": strconv.FormatInt(now.UnixNano(), 10), "ALERT_ID": "4711", "ORG_ID": "352001", "DATE": strconv.FormatInt(now.UnixMilli(), 10),
		"EVENT_TITLE": "[Triggered] Checkout is slow", "EVENT_MSG": "Shoppers wait for checkout. @webhook-" + spec.WebhookName,
		"ALERT_TRANSITION": "Triggered", "ALERT_TYPE": "error", "ALERT_CYCLE_KEY": strconv.FormatInt(now.Unix(), 10), "TAGS": "service:checkout,env:prod",
	})
	if err != nil {
		return err
	}
	answer := events.LambdaFunctionURLResponse{StatusCode: delivery.Status, Body: delivery.Body}
	out.Answer(answer, time.Since(now))
	return show(out, s, answer)
}
