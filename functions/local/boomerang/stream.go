package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
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
	now := time.Now()
	q, page, limit := datadog.EventQuery{Start: now.Add(-time.Hour), End: now, Raw: true}, -1, datadog.MaxEvents
	cmd := &cobra.Command{
		Use: "list", Short: "List events, the newest first.",
		Long: "List events, the newest first.\nA time is RFC 3339 or a date (in UTC), seconds since 1970,\nor how long ago it was, such as 2h or 7d.",
	}
	timeFlag := func(value *time.Time, name, usage string) {
		cmd.Flags().Func(name, usage, func(text string) (err error) {
			*value, err = events.Time(text, now)
			return err
		})
	}
	listFlag := func(value *[]string, name, usage string) {
		cmd.Flags().Func(name, usage, func(text string) error {
			for one := range strings.SplitSeq(text, ",") {
				*value = append(*value, strings.TrimSpace(one))
			}
			if slices.Contains(*value, "") {
				return errors.New("write one, or several with a comma between")
			}
			return nil
		})
	}
	timeFlag(&q.Start, "start", "events from this `time` on (default 1h)")
	timeFlag(&q.End, "end", "events up to this `time` (default now)")
	choiceFlag(cmd, &q.Priority, "priority", "events of this priority", "normal", "low")
	listFlag(&q.Sources, "sources", "events of any of these `sources`, such as github,torq")
	listFlag(&q.Tags, "tags", "events with all of these `tags`, such as env:prod,service:checkout")
	cmd.Flags().BoolVar(&q.Unaggregated, "unaggregated", false, "also events whose parent is outside the time")
	cmd.Flags().BoolVar(&q.ExcludeAggregate, "exclude-aggregate", false, "no parents of other events; implies --unaggregated")
	numberFlag(cmd, &page, "page", 0, 1_000_000, "only this `page` of 1,000 events, from 0; needs --unaggregated or --exclude-aggregate")
	numberFlag(cmd, &limit, "limit", 1, 1_000_000, "at most this `number` of events")
	return c.command(cmd, func(c cli, ctx context.Context, _ []string) error {
		switch {
		case q.Start.After(q.End):
			return wrongUse("the start, %s, is after the end, %s", q.Start.Format(time.RFC3339), q.End.Format(time.RFC3339))
		case page >= 0 && !q.Unaggregated && !q.ExcludeAggregate:
			return wrongUse("a page needs --unaggregated or --exclude-aggregate: Datadog numbers the pages of such lists only")
		}
		return c.withStream(func(stream *datadog.Client) error {
			if page < 0 {
				all, more, err := events.All(ctx, stream, q, limit)
				return c.showEvents(all, more, err)
			}
			q.Page = page
			all, err := stream.Events(ctx, q)
			return c.showEvents(all[:min(len(all), limit)], len(all) > 0, err)
		})
	}, liveFlag, outputFlag("how to show them: as text, or as Datadog sent them", asText, asJSON))
}

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

// showEvents shows a list, and says on the error output that it may not be whole.
func (c cli) showEvents(all []datadog.Event, more bool, err error) error {
	if err != nil {
		return err
	}
	if more {
		fmt.Fprintln(c.stderr, "There may be more events: raise --limit, or set --end to the time of the last one.")
	}
	if c.output == asJSON {
		raw := make([]json.RawMessage, len(all))
		for i, e := range all {
			raw[i] = e.Raw
		}
		c.out.JSON(raw)
		return nil
	}
	c.out.Stream(all)
	c.out.Line("%s", enrich.Count(len(all), "event"))
	return nil
}
