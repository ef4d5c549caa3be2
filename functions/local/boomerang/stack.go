package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"time"

	"github.com/spf13/cobra"

	"boomerang/functions/local/deployed"
	"boomerang/functions/local/preflight"
	"boomerang/functions/local/request"
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

// withStack returns c with the token, the keys and the site of a stack, and the stack's
// Function URL.
func (c cli) withStack(ctx context.Context, name string) (cli, string, error) {
	stack, err := readStack(ctx, name)
	if err != nil {
		return c, "", err
	}
	url, err := stack.Output("FunctionUrl")
	if err != nil {
		return c, "", err
	}
	token, err := stack.Token(ctx)
	if err != nil {
		return c, "", publicErrors(err)
	}
	keys, err := stack.Keys(ctx)
	if err != nil {
		return c, "", publicErrors(err)
	}
	env := map[string]string{}
	maps.Copy(env, c.env)
	maps.Copy(env, map[string]string{
		"WEBHOOK_TOKEN": token, "DD_API_KEY": keys.API.Reveal(), "DD_APP_KEY": keys.App.Reveal(), "DD_SITE": stack.Parameters["DatadogSite"],
	})
	c.env = env
	return c, url, nil
}

func (c cli) requestCommand() *cobra.Command {
	return c.command(&cobra.Command{
		Use: "request <alert>", Short: "Show an alert as Lambda gives it to the function.",
		Long:    "Show an alert as Lambda gives it to the function, with the token of a deployed stack.\n\n" + alertHelp,
		Example: "  boomerang request events/triggered.json --stack boomerang |\n    sam remote invoke WebhookFunction --event-file -",
		Args:    arguments(1, 1),
	}, cli.showRequest, stackFlag("send the token of"))
}

// showRequest writes JSON to the standard output, which has the token.
func (c cli) showRequest(cmd *cobra.Command, args []string) error {
	r, err := request.Read(args[0], c.stdin, time.Now())
	if err != nil {
		return err
	}
	if c.stack != "" {
		found, err := readStack(cmd.Context(), c.stack)
		if err != nil {
			return err
		}
		if r.Headers["x-webhook-token"], err = found.Token(cmd.Context()); err != nil {
			return publicErrors(err)
		}
		delete(r.Headers, "authorization")
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
	return c.withDatadog(func(s *sandbox.Sandbox, client *datadog.Client) error {
		var failed []error
		for _, one := range preflight.Datadog(ctx, client, cmp.Or(c.env["WEBHOOK_NAME"], "boomerang")) {
			if one.Err == nil {
				c.out.Line("  ok    %s: %s", s.Name(), one.What)
				continue
			}
			failed = append(failed, one.Err)
		}
		return publicErrors(failed...)
	})
}
