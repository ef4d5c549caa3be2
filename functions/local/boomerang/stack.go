package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/spf13/cobra"

	"boomerang/functions/local/deployed"
	"boomerang/functions/local/preflight"
	"boomerang/functions/local/request"
	"boomerang/functions/local/sandbox"
	"boomerang/shared/fault"
)

// addStack adds the flag of commands that work with a deployed stack.
func addStack(cmd *cobra.Command, name *string, usage string) {
	cmd.Flags().StringVar(name, "stack", "", usage+" this deployed `stack`, with the AWS credentials of this machine")
}

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
		return c, "", errors.New(fault.Public(err))
	}
	keys, err := stack.Keys(ctx)
	if err != nil {
		return c, "", errors.New(fault.Public(err))
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
	var stack string
	cmd := &cobra.Command{
		Use: "request <alert>", Short: "Show an alert as Lambda gives it to the function.",
		Long:    "Show an alert as Lambda gives it to the function, with the token of a deployed stack.\n\n" + alertHelp,
		Example: "  boomerang request events/triggered.json --stack boomerang |\n    sam remote invoke WebhookFunction --event-file -",
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.showRequest(cmd.Context(), args[0], stack)
		},
	}
	addStack(cmd, &stack, "send the token of")
	return cmd
}

// showRequest writes JSON to the standard output, which has the token.
func (c cli) showRequest(ctx context.Context, name, stack string) error {
	r, err := request.Read(name, c.stdin, time.Now())
	if err != nil {
		return err
	}
	if stack != "" {
		found, err := readStack(ctx, stack)
		if err != nil {
			return err
		}
		if r.Headers["x-webhook-token"], err = found.Token(ctx); err != nil {
			return errors.New(fault.Public(err))
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
func (c cli) preflight(ctx context.Context, stack string) error {
	session, err := deployed.Open(ctx)
	if err != nil {
		return err
	}
	c.out.Line("  ok    AWS: the account %s in %s, as %s", session.Account.ID, session.Account.Region, session.Caller)
	if c.env["DD_API_KEY"] == "" && c.env["DD_APP_KEY"] == "" {
		why := errors.New("DD_API_KEY and DD_APP_KEY are not set")
		if stack != "" {
			c, _, why = c.withStack(ctx, stack)
		}
		if why != nil {
			c.out.Line("  -     Datadog: not checked, because %s", why)
			return nil
		}
	}
	s, err := sandbox.Start(c.env, true, time.Now)
	if err != nil {
		return err
	}
	defer s.Close()
	client, err := s.Client()
	if err != nil {
		return err
	}
	var failed []error
	for _, one := range preflight.Datadog(ctx, client, cmp.Or(c.env["WEBHOOK_NAME"], "boomerang")) {
		if one.Err == nil {
			c.out.Line("  ok    %s: %s", s.Name(), one.What)
			continue
		}
		failed = append(failed, fmt.Errorf("%s", fault.Public(one.Err)))
	}
	return errors.Join(failed...)
}
