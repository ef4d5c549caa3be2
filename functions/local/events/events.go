// Package events reads Datadog's event stream as far as a person asks for it.
package events

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"boomerang/shared/datadog"
	"boomerang/shared/fault"
)

// Lister lists events, the newest first.
type Lister interface {
	Events(context.Context, datadog.EventQuery) ([]datadog.Event, error)
}

// All reads the pages of a query until it has limit events, each once.
//
// Datadog numbers the pages of unaggregated lists. Others continue at the time of the oldest event,
// as Datadog documents it (https://docs.datadoghq.com/api/latest/events/#get-a-list-of-events).
func All(ctx context.Context, stream Lister, q datadog.EventQuery, limit int) (all []datadog.Event, more bool, err error) {
	known := map[string]bool{}
	for {
		page, err := stream.Events(ctx, q)
		if err != nil {
			return all, true, err
		}
		before := len(all)
		for _, e := range page {
			if key := cmp.Or(e.ID, string(e.Raw)); !known[key] {
				known[key] = true
				all = append(all, e)
			}
		}
		switch {
		case len(all) >= limit:
			return all[:limit], len(all) > limit || len(page) >= datadog.MaxEvents, nil
		case len(page) == 0: // A page that is merely short may be followed by another.
			return all, false, nil
		case q.Unaggregated || q.ExcludeAggregate:
			q.Page++
		case len(all) > before:
			q.End = page[len(page)-1].Happened
		case len(page) < datadog.MaxEvents:
			return all, false, nil
		default:
			return all, true, fault.New(fault.Permanent, fmt.Sprintf("more than %d events happened at %s: read them with --unaggregated", datadog.MaxEvents, q.End.UTC().Format(time.RFC3339)), nil)
		}
	}
}
