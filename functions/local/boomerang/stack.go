package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"boomerang/functions/local/deployed"
	"boomerang/functions/local/sandbox"
	"boomerang/shared/datadog"
)

func readStack(ctx context.Context, name string) (deployed.Stack, error) {
	session, err := deployed.Open(ctx)
	if err != nil {
		return deployed.Stack{}, err
	}
	return session.Stack(ctx, name)
}

// withStack returns c with the token, the keys and the site of a stack, and its Function URL.
func (c cli) withStack(ctx context.Context, name string) (cli, string, error) {
	stack, err := readStack(ctx, name)
	if err != nil {
		return c, "", err
	}
	url, noURL := stack.Output("FunctionUrl")
	token, noToken := stack.Token(ctx)
	keys, noKeys := stack.Keys(ctx)
	return c.with(map[string]string{
		"WEBHOOK_TOKEN": token, "DD_API_KEY": keys.API.Reveal(), "DD_APP_KEY": keys.App.Reveal(), "DD_SITE": stack.Parameters["DatadogSite"],
	}), url, publicErrors(noURL, noToken, noKeys)
}

func (c cli) requestCommand() *cobra.Command {
	return c.command(&cobra.Command{
		Use: "request <alert>", Short: "Show an alert as Lambda gives it to the function.",
		Long:    "Show an alert as Lambda gives it to the function, with the token of a deployed stack.\n\n" + alertHelp,
		Example: "  boomerang request events/triggered.json --stack boomerang |\n    sam remote invoke WebhookFunction --event-file -",
	}, cli.showRequest, stackFlag("send the token of"))
}

// showRequest writes JSON to the standard output, which has the token.
func (c cli) showRequest(ctx context.Context, args []string) error {
	r, err := c.readAlert(ctx, args[0], time.Now())
	if err != nil {
		return err
	}
	if c.stack != "" {
		found, err := readStack(ctx, c.stack)
		if err != nil {
			return err
		}
		if r.Headers["x-webhook-token"], err = found.Token(ctx); err != nil {
			return publicErrors(err)
		}
		delete(r.Headers, "authorization")
	}
	for _, note := range r.Notes {
		c.notes().Line("%s", note)
	}
	raw, err := json.Marshal(r.LambdaFunctionURLRequest)
	if err != nil {
		return err
	}
	c.out.Line("%s", raw)
	return nil
}

// preflight checks what a deployment needs before it is built: credentials and region of
// AWS, and the Datadog keys of the environment or, without them, of the deployed stack.
func (c cli) preflight(ctx context.Context) error {
	session, err := deployed.Open(ctx)
	if err != nil {
		return err
	}
	c.out.Line("  ok    AWS: the account %s in %s, as %s", session.Account.ID, session.Account.Region, session.Caller)
	if c.env["DD_API_KEY"] == "" && c.env["DD_APP_KEY"] == "" {
		why := errors.New("DD_API_KEY and DD_APP_KEY are not set")
		if c.stack != "" {
			c, _, why = c.withStack(ctx, c.stack)
		}
		if why != nil {
			c.out.Line("  -     Datadog: not checked, because %s", why)
			return nil
		}
	}
	c.live = true
	return c.withDatadog(func(s *sandbox.Sandbox, client *datadog.Client) error { return c.checkDatadog(ctx, s, client) })
}

// checkDatadog checks the API key, and each permission to read. Permissions to write cannot be
// seen without writing: setup finds those that are missing, and rolls back.
func (c cli) checkDatadog(ctx context.Context, s *sandbox.Sandbox, client *datadog.Client) error {
	if err := client.Validate(ctx); err != nil {
		return publicErrors(err) // Datadog refuses everything else, too.
	}
	now, webhook := time.Now(), cmp.Or(c.env["WEBHOOK_NAME"], "boomerang")
	_, noEvents := client.Events(ctx, datadog.EventQuery{Start: now.Add(-time.Minute), End: now})
	_, noMonitors := client.MonitorsTagged(ctx, "webhook:"+webhook)
	_, noDashboards := client.DashboardsTitled(ctx, "Boomerang ("+webhook+")")
	_, noWebhook := client.Webhook(ctx, webhook)
	if datadog.IsNotFound(noWebhook) {
		noWebhook = nil
	}
	var failed []error
	for _, need := range []struct {
		what string
		err  error
	}{{what: "the API key"}, {"events_read", noEvents}, {"monitors_read", noMonitors}, {"dashboards_read", noDashboards}, {"integrations_read", noWebhook}} {
		if need.err == nil {
			c.out.Line("  ok    %s: %s", s.Name(), need.what)
		}
		failed = append(failed, need.err)
	}
	return publicErrors(failed...)
}
