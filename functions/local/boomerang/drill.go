package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"boomerang/functions/internal/drill"
	"boomerang/functions/local/output"
	"boomerang/functions/local/sandbox"
	"boomerang/shared/datadog"
	"boomerang/shared/event"
	"boomerang/shared/httpx"
)

func (c cli) drillCommand() *cobra.Command {
	wait := drill.DefaultTimeouts
	cmd := &cobra.Command{
		Use: "drill [<Function URL>]", Short: "Send a synthetic alert and wait for its event, without a URL on this machine.",
		Long: "Send a synthetic alert to a Function URL, and wait for its event.\nWithout a URL all happens on this machine.\n" +
			"A URL needs WEBHOOK_TOKEN, DD_API_KEY and DD_APP_KEY in the environment; --stack reads all of them.",
	}
	cmd.Flags().DurationVar(&wait.Event, "timeout", wait.Event, "how long to wait for the event")
	return c.command(cmd, func(c cli, ctx context.Context, args []string) error {
		switch {
		case wait.Event <= 0:
			return wrongUse("--timeout must be positive")
		case c.stack != "" && len(args) > 0:
			return wrongUse("give either a URL or a --stack, which has one")
		case len(c.playbooks) > 0 && (len(args) > 0 || c.stack != ""):
			return wrongUse("a deployed stack has its own playbooks: omit --playbooks")
		}
		c, err := c.withPlaybooks(c.playbooks)
		if err == nil && c.stack != "" {
			args = []string{""}
			c, args[0], err = c.withStack(ctx, c.stack)
		}
		if err != nil {
			return err
		}
		return c.drill(ctx, args, wait)
	}, stackFlag("send it to"), playbooksFlag, verboseFlag, liveFlag,
		outputFlag("what to show: the progress and the event, the event as JSON, or its text alone", asText, asJSON, asEvent))
}

// drill sends the alert to a Function URL, or to a function that it starts.
func (c cli) drill(ctx context.Context, urls []string, wait drill.Timeouts) (err error) {
	target := drill.Target{Token: sandbox.Token, TokenSource: "the local token", Organization: "both"}
	if len(urls) == 1 {
		if target, err = parseTarget(urls[0], c.env); err != nil {
			return err
		}
	}
	c.live = c.live || target.URL != ""
	return c.withDatadog(func(s *sandbox.Sandbox, client *datadog.Client) error {
		if target.URL == "" {
			if target.URL, err = c.serveFunction(ctx, s); err != nil {
				return err
			}
		}
		target.StreamName, target.Stream = s.Name(), client
		return c.showDrill(ctx, target, wait)
	})
}

// showDrill returns a sentence that says how far the alert came, if it did not come back.
func (c cli) showDrill(ctx context.Context, target drill.Target, wait drill.Timeouts) error {
	notes, d, start := c.notes(), drill.New(target, wait), time.Now()
	notes.Heading("Alert %d → %s", d.ID, target.URL)
	answer, err := d.Send(ctx)
	if answer.Status == 0 {
		return err
	}
	notes.Screen(delivery{status: answer.Status, body: answer.Body, took: answer.Took}.screen(nil), c.verbose)
	if err != nil {
		return err
	}
	notes.Line("\nLooking for %s in the events of %s, for at most %s", d.Tag(), target.StreamName, wait.Event)
	found, err := d.Await(ctx)
	took := time.Since(start)
	for _, e := range found {
		notes.Heading("The event in Datadog: %s", cmp.Or(e.URL, e.ID))
		shown := event.Event{
			Title: e.Title, Text: e.Text, DateHappened: e.Happened.Unix(), RelatedEventID: e.RelatedEventID,
			AlertType: e.AlertType, Priority: e.Priority, Host: e.Host, Tags: e.Tags,
		}
		c.show(output.Screen{Event: shown}, struct {
			ID         string      `json:"id"`
			URL        string      `json:"url,omitempty"`
			Event      event.Event `json:"event"`
			AnsweredMS int64       `json:"answered_ms"`
			TookMS     int64       `json:"took_ms"`
		}{e.ID, e.URL, shown, answer.Took.Milliseconds(), took.Milliseconds()})
	}
	if len(found) > 0 {
		notes.Line("\nIt took %s: the webhook answered after %s, and the event was in the stream %s later.",
			output.Rounded(took), output.Rounded(answer.Took), output.Rounded(took-answer.Took))
	}
	return err
}

var required = []struct{ name, value string }{
	{"WEBHOOK_TOKEN", "the webhook's token, which the command in the stack's output TokenCommand prints"},
	{"DD_API_KEY", "an API key of the organization that the stack posts to"},
	{"DD_APP_KEY", "an application key of that organization with the permission events_read"},
}

// parseTarget returns the stack at a Function URL, with the token of the environment.
func parseTarget(address string, env map[string]string) (drill.Target, error) {
	if problem := httpx.URLProblem(address); problem != "" {
		return drill.Target{}, wrongUse("the address of the webhook %s: give https://<id>.lambda-url.<region>.on.aws/ alone "+
			"(http:// shows the token to the network, and is for loopback addresses only; WEBHOOK_TOKEN sets the token)", problem)
	}
	var missing []string
	for _, r := range required {
		if strings.TrimSpace(env[r.name]) == "" {
			missing = append(missing, r.name+" to "+r.value)
		}
	}
	if len(missing) > 0 {
		return drill.Target{}, fmt.Errorf("set %s", strings.Join(missing, ", and "))
	}
	return drill.Target{
		URL: address, Token: strings.TrimSpace(env["WEBHOOK_TOKEN"]), Organization: "DD_API_KEY, DD_APP_KEY and DD_SITE",
		TokenSource: "the token in WEBHOOK_TOKEN; the command in the stack's output TokenCommand prints the right one",
	}, nil
}
