package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"boomerang/functions/local/events"
	"boomerang/functions/local/sandbox"
	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
)

func (c cli) eventsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "events", Short: "Show events of Datadog's event stream.",
		Long: "Show events of Datadog's event stream.\nWithout --live the stream is that of the fake, in which one alert fires.",
		Args: cobra.NoArgs,
	}
	cmd.AddCommand(c.eventCommand(), c.listCommand())
	return cmd
}

func (c cli) eventCommand() *cobra.Command {
	return c.command(&cobra.Command{Use: "get <id>", Short: "Show one event with all its fields.", Args: arguments(1, 1)}, func(c cli, cmd *cobra.Command, args []string) error {
		return c.withStream(func(stream *datadog.Client) error {
			e, err := stream.Event(cmd.Context(), args[0])
			switch {
			case err != nil:
				return err
			case c.output.name == asJSON:
				c.out.JSON(e.Raw)
			case c.output.name == asEvent:
				c.out.Line("%s", event.WithoutWrapper(e.Text))
			default:
				c.out.StreamEvent(e)
			}
			return nil
		})
	}, liveFlag, outputFlag("how to show it: as text, the event as Datadog sent it, or its text alone", asText, asJSON, asEvent))
}

func (c cli) listCommand() *cobra.Command {
	o := events.Options{Start: "1h", End: "now", Page: -1, Limit: datadog.MaxEvents}
	cmd := &cobra.Command{
		Use: "list", Short: "List events, the newest first.",
		Long: "List events, the newest first. A time is RFC 3339 or a date (in UTC), seconds since 1970, or how long ago it was, such as 2h or 7d.",
		Args: arguments(0, 0),
	}
	flags := cmd.Flags()
	flags.StringVar(&o.Start, "start", o.Start, "events from this `time` on")
	flags.StringVar(&o.End, "end", o.End, "events up to this `time`")
	flags.StringVar(&o.Priority, "priority", "", "normal or low")
	flags.StringSliceVar(&o.Sources, "sources", nil, "events of any of these sources, such as github,torq")
	flags.StringSliceVar(&o.Tags, "tags", nil, "events with all of these tags, such as env:prod,service:checkout")
	flags.BoolVar(&o.Unaggregated, "unaggregated", false, "also events whose parent is outside the time")
	flags.BoolVar(&o.ExcludeAggregate, "exclude-aggregate", false, "no parents of other events; implies --unaggregated")
	flags.IntVar(&o.Page, "page", o.Page, "only this page of 1,000 events, from 0; -1 for all; needs --unaggregated or --exclude-aggregate")
	flags.IntVar(&o.Limit, "limit", o.Limit, "at most this many events")
	return c.command(cmd, func(c cli, cmd *cobra.Command, _ []string) error {
		query, err := o.Query(time.Now())
		if err != nil {
			return wrongUse(cmd, "%w", err)
		}
		return c.withStream(func(stream *datadog.Client) error {
			all, more, err := o.Read(cmd.Context(), stream, query)
			if err == nil {
				c.showEvents(all, more)
			}
			return err
		})
	}, liveFlag, outputFlag("how to show them: as text, or as Datadog sent them", asText, asJSON))
}

// withDatadog calls use with a client of the real Datadog or of the fake.
func (c cli) withDatadog(use func(*sandbox.Sandbox, *datadog.Client) error) error {
	s, err := sandbox.Start(c.env, c.live, time.Now)
	if err != nil {
		return err
	}
	defer s.Close()
	client, err := s.Client()
	if err != nil {
		return err
	}
	return use(s, client)
}

// withStream calls use with a client of the event stream.
func (c cli) withStream(use func(*datadog.Client) error) error {
	return c.withDatadog(func(s *sandbox.Sandbox, client *datadog.Client) error {
		example, err := alert.Decode([]byte(exampleBody))
		if err != nil {
			return err
		}
		s.Seed(example, time.Now())
		return publicErrors(use(client)) // The error itself is for a log, without what was asked for.
	})
}

// showEvents shows a list, and says on the error output that it is not whole.
func (c cli) showEvents(all []datadog.Event, more bool) {
	if more {
		fmt.Fprintln(c.stderr, "There may be more events: raise --limit, or set --end to the time of the last one.")
	}
	if c.output.name == asJSON {
		raw := make([]json.RawMessage, len(all))
		for i, e := range all {
			raw[i] = e.Raw
		}
		c.out.JSON(raw)
		return
	}
	c.out.Stream(all)
	c.out.Line("%s", enrich.Count(len(all), "event"))
}
