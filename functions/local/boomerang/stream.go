package main

import (
	"context"
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
	}
	cmd.AddCommand(c.eventCommand(), c.listCommand())
	return cmd
}

func (c cli) eventCommand() *cobra.Command {
	return c.command(&cobra.Command{Use: "get <id>", Short: "Show one event with all its fields."}, func(c cli, ctx context.Context, args []string) error {
		return c.withStream(func(stream *datadog.Client) error {
			e, err := stream.Event(ctx, args[0])
			switch {
			case err != nil:
				return err
			case c.output == asJSON:
				c.out.JSON(e.Raw)
			case c.output == asEvent:
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
	}
	flags := cmd.Flags()
	flags.StringVar(&o.Start, "start", o.Start, "events from this `time` on")
	flags.StringVar(&o.End, "end", o.End, "events up to this `time`")
	choiceFlag(cmd, &o.Priority, "priority", "events of this priority", "normal", "low")
	flags.StringSliceVar(&o.Sources, "sources", nil, "events of any of these sources, such as github,torq")
	flags.StringSliceVar(&o.Tags, "tags", nil, "events with all of these tags, such as env:prod,service:checkout")
	flags.BoolVar(&o.Unaggregated, "unaggregated", false, "also events whose parent is outside the time")
	flags.BoolVar(&o.ExcludeAggregate, "exclude-aggregate", false, "no parents of other events; implies --unaggregated")
	numberFlag(cmd, &o.Page, "page", 0, 1_000_000, "only this `page` of 1,000 events, from 0; needs --unaggregated or --exclude-aggregate")
	numberFlag(cmd, &o.Limit, "limit", 1, 1_000_000, "at most this `number` of events")
	return c.command(cmd, func(c cli, ctx context.Context, _ []string) error {
		query, err := o.Query(time.Now())
		if err != nil {
			return usageError(err.Error())
		}
		return c.withStream(func(stream *datadog.Client) error {
			all, more, err := o.Read(ctx, stream, query)
			if err == nil {
				c.showEvents(all, more)
			}
			return err
		})
	}, liveFlag, outputFlag("how to show them: as text, or as Datadog sent them", asText, asJSON))
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
	if c.output == asJSON {
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
