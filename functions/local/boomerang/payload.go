package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"boomerang/functions/local/output"
	"boomerang/functions/local/payload"
	"boomerang/functions/local/sandbox"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
)

// checkPayload checks the payload template of a webhook, in a file or in Datadog.
func (c cli) checkPayload(ctx context.Context, o checkOptions) error {
	name, read := o.payload, c.template
	if o.live {
		read = c.templateInDatadog
	}
	template, err := read(ctx, name)
	if err != nil {
		return err
	}
	r := payload.Check(template)
	if o.output.name == asJSON {
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
	c.out.Line("%s is valid, and could add %s", name, enrich.Count(len(r.Missing), "variable"))
	return nil
}

// template reads a file, or the input for "-".
func (c cli) template(_ context.Context, name string) (string, error) {
	if name == "-" {
		text, err := io.ReadAll(c.stdin)
		return string(text), err
	}
	text, err := os.ReadFile(name)
	return string(text), err
}

// templateInDatadog reads the payload of the webhook with this name.
func (c cli) templateInDatadog(ctx context.Context, name string) (string, error) {
	s, err := sandbox.Start(c.env, true, time.Now)
	if err != nil {
		return "", err
	}
	defer s.Close()
	client, err := s.Client()
	if err != nil {
		return "", err
	}
	webhook, err := client.Webhook(ctx, strings.TrimPrefix(name, "@webhook-"))
	if err != nil {
		return "", errors.New(fault.Public(err))
	}
	return webhook.Payload, nil
}
