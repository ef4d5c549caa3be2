package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"boomerang/functions/local/output"
	"boomerang/functions/local/payload"
	"boomerang/functions/local/request"
	"boomerang/functions/local/sandbox"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
)

// checkPayload checks the payload template of a webhook, in a file or in Datadog.
func (c cli) checkPayload(ctx context.Context, name string) error {
	template, err := c.template(ctx, name)
	if err != nil {
		return err
	}
	r := payload.Check(template)
	if c.output == asJSON {
		c.out.JSON(r)
		c.out = output.New(io.Discard)
	}
	for _, problem := range r.Problems {
		c.out.Line("✗ %s", problem)
	}
	for _, missing := range r.Missing {
		c.out.Line("· %s", missing)
	}
	if len(r.Problems) > 0 {
		return fmt.Errorf("%s has %s", name, enrich.Count(len(r.Problems), "problem"))
	}
	could := ""
	if n := len(r.Missing); n > 0 {
		could = ", and could add " + enrich.Count(n, "variable")
	}
	c.out.Line("%s is valid%s", name, could)
	return nil
}

// template reads a file, the input for "-", or the webhook with this name in Datadog.
func (c cli) template(ctx context.Context, name string) (template string, err error) {
	if !c.live {
		raw, err := input(ctx, func() ([]byte, error) { return request.Content(name, c.stdin) })
		return string(raw), err
	}
	err = c.withDatadog(func(_ *sandbox.Sandbox, client *datadog.Client) error {
		webhook, err := client.Webhook(ctx, strings.TrimPrefix(name, "@webhook-"))
		template = webhook.Payload
		return publicErrors(err)
	})
	return template, err
}
